"""The second step of the dock: which layers, which of their bands feeds which band of the model, and what is to be said
about it."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsMapLayer, QgsMapLayerProxyModel
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QGroupBox, QWidget

from ..core.mlm.fit import Fit
from . import layers
from .band_table import BandTable, offered_bands, wanted_bands
from .finding_list import FindingList
from .forms import form
from .more_layers import others
from .quiet import Quiet
from .remedies import remedies, units_label, units_offered
from .session import Session
from .wrap_label import WrapLabel


class LayerStep(QGroupBox, form("layer_step")):
    """Shows the session's layers and mapping, and changes them; `more_wanted` asks for the panel of further layers."""

    more_wanted = pyqtSignal()

    def __init__(self, session: Session, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setupUi(self)
        self._session = session
        self._quiet = Quiet(self)
        self.stateLabel = WrapLabel()
        self.moreLabel = WrapLabel()
        self.layout().insertWidget(1, self.moreLabel)
        self.layout().insertWidget(2, self.stateLabel)
        self.findings = FindingList(self)
        self.layout().addWidget(self.findings)
        self.layout().addStretch(1)
        self.pinButton.setIcon(QgsApplication.getThemeIcon("/locked.svg"))
        self.layerCombo.setFilters(QgsMapLayerProxyModel.RasterLayer)
        self.layerCombo.layerChanged.connect(session.set_layer)
        self._bands = BandTable(self.bandTable)
        self._bands.mapped.connect(session.map_band)
        self.moreButton.clicked.connect(self.more_wanted)
        self.findings.more_wanted.connect(self.more_wanted)
        self.unitsCombo.activated.connect(self._units_chosen)
        self._quiet.keep(self.unitsCombo)
        self.findings.chosen.connect(session.set_choice)
        news = (session.raster_changed, session.fits_changed, session.chosen_changed, session.project_changed)
        for changed in news:
            changed.connect(self._show)
        session.set_layer(self.layerCombo.currentLayer())
        self._show()

    def follow(self, layer: Optional[QgsMapLayer]) -> None:
        """Look at the layer that became active, unless the user pinned another."""
        if not self.pinButton.isChecked() and layers.is_raster(layer):
            self.layerCombo.setLayer(layer)

    def _show(self) -> None:
        self.stateLabel.setText(self._state())
        self.stateLabel.setVisible(bool(self.stateLabel.text()))
        self.layerCombo.setEnabled(self._session.layer is not None)
        self._show_more()
        fit = self._session.fit
        self._show_bands(fit)
        self._show_units()
        if fit is None or self._session.raster is None or self._session.chosen is None:
            self.findings.show_findings((), ())
        else:
            helps = remedies(self._session.chosen, self._session.raster, self._session.choice)
            self.findings.show_findings(fit.findings, helps, self._can_add())

    def _state(self) -> str:
        """Return what is missing before a mapping can be shown, and what to do."""
        session = self._session
        if session.layer is None:
            return "There is no raster layer yet. Add one to the project: Layer > Add Layer > Add Raster Layer."
        if session.raster is None:
            return (
                "The layer's bands are read once the engine is set up."
                if session.engine_missing
                else "Reading the layer …"
            )
        if session.chosen is None:
            return "Choose a model above to see which bands it needs."
        return ""

    def _show_bands(self, fit: Optional[Fit]) -> None:
        session = self._session
        model = session.chosen.model if session.chosen is not None else None
        shown = fit is not None and model is not None and session.raster is not None and bool(fit.bands)
        self.bandTable.setVisible(shown)
        if shown:
            names = self._names_of_files() if len(session.stack) > 1 else {}
            self._bands.show(fit.bands, wanted_bands(fit, model), offered_bands(session.raster.bands, names))

    def _names_of_files(self) -> dict[str, str]:
        """Return the name of the layer that each file of the stack belongs to."""
        known = [(layer.name(), self._session.descriptions.of(layer)) for layer in reversed(self._session.stack)]
        return {band.file: name for name, info in known if info is not None for band in info.bands}

    def _show_more(self) -> None:
        """Name the layers behind the first one."""
        names = [layer.name() for layer in self._session.stack[1:]]
        self.moreLabel.setText(f"+ {', '.join(names)}")
        self.moreLabel.setVisible(bool(names))
        self.moreButton.setEnabled(self._session.layer is not None)

    def _can_add(self) -> bool:
        """Whether a band is missing that another layer of the project might have."""
        fit = self._session.fit
        missing = fit is not None and any(match.raster is None for match in fit.bands)
        return missing and len(others(self._session.layer)) >= len(self._session.stack)

    def _show_units(self) -> None:
        ready = self._session.fit is not None and bool(self._session.fit.bands)
        self.unitsCombo.setVisible(ready)
        self.unitsLabel.setVisible(ready)
        fit = self._session.fit
        if fit is None or not ready:
            return
        wish = self._session.choice.units
        self.unitsCombo.clear()
        offered = units_offered(self._session.chosen, self._session.raster)
        for units in (*offered, *(() if wish in offered else (wish,))):
            self.unitsCombo.addItem(units_label(units), units)
        read = list(dict.fromkeys(units_label(feed.units.wish) for feed in fit.feeds))
        self.unitsCombo.setItemText(0, f"Automatic: {', '.join(read)}" if wish == "auto" else "Automatic")
        self.unitsCombo.setCurrentIndex(self.unitsCombo.findData(wish))
        reasons = dict.fromkeys(feed.units.why for feed in fit.feeds if feed.units.why)
        self.unitsCombo.setToolTip("\n".join(["How values are read", *reasons]))

    def _units_chosen(self, index: int) -> None:
        self._session.change(units=str(self.unitsCombo.itemData(index)))
