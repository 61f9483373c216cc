"""The second step of the dock: which layer, which of its bands feeds which band of the model, and what is to be said
about it."""

from __future__ import annotations

from functools import partial
from typing import Any, Optional

from qgis.core import QgsApplication, QgsMapLayer, QgsMapLayerProxyModel
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtWidgets import QComboBox, QGroupBox, QHeaderView, QTableWidgetItem, QWidget

from ..core.mlm.bands import Match
from ..core.mlm.card import band_in_words
from . import layers
from .finding_list import FindingList
from .forms import form
from .icons import state_icon
from .quiet import Quiet
from .remedies import remedies, units_label, units_offered
from .session import Session
from .wrap_label import WrapLabel

MAX_ROWS_SHOWN = 8
"""Bands beyond these are reached by scrolling in the table."""


class LayerStep(QGroupBox, form("layer_step")):
    """Shows the session's layer and mapping, and changes them."""

    def __init__(self, session: Session, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setupUi(self)
        self._session = session
        self._combos: list[QComboBox] = []
        self._quiet = Quiet(self)
        self.stateLabel = WrapLabel()
        self.layout().insertWidget(1, self.stateLabel)
        self.findings = FindingList(self)
        self.layout().addWidget(self.findings)
        self.layout().addStretch(1)
        self.pinButton.setIcon(QgsApplication.getThemeIcon("/locked.svg"))
        self.layerCombo.setFilters(QgsMapLayerProxyModel.RasterLayer)
        self.layerCombo.layerChanged.connect(session.set_layer)
        header = self.bandTable.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.bandTable.verticalHeader().hide()
        self.unitsCombo.activated.connect(self._units_chosen)
        self._quiet.keep(self.unitsCombo)
        self.findings.chosen.connect(session.set_choice)
        for changed in (session.raster_changed, session.fits_changed, session.chosen_changed):
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
        fit = self._session.fit
        matches = fit.bands if fit else ()
        self._show_bands(matches)
        self._show_units()
        if fit is None or self._session.raster is None or self._session.chosen is None:
            self.findings.show_findings((), ())
        else:
            helps = remedies(self._session.chosen, self._session.raster, self._session.choice)
            self.findings.show_findings(fit.findings, helps)

    def _state(self) -> str:
        """Return what is missing before a mapping can be shown, and what to do."""
        session = self._session
        if session.layer is None:
            return "There is no raster layer yet. Add one to the project: Layer > Add Layer > Add Raster Layer."
        if session.raster_problem:
            return session.raster_problem
        if session.raster is None:
            return (
                "The layer's bands are read once the engine is set up."
                if session.engine_missing
                else "Reading the layer …"
            )
        if session.chosen is None:
            return "Choose a model above to see which bands it needs."
        return ""

    def _show_bands(self, matches: tuple[Match, ...]) -> None:
        self.bandTable.setVisible(bool(matches))
        raster = self._session.raster
        if not matches or raster is None or self._session.chosen is None or self._session.chosen.model is None:
            return
        wanted = self._session.chosen.model.inputs[0].sources
        names = [band.label for band in raster.bands]
        self._set_rows(len(matches))
        for row, (match, band) in enumerate(zip(matches, wanted)):
            about = band_in_words(band)
            wanted_item = _item(match.model, about)
            shape = "no" if match.raster is None else "fits"
            wanted_item.setIcon(state_icon(shape, 14, self.devicePixelRatioF()))
            self.bandTable.setItem(row, 0, wanted_item)
            combo = self._combos[row]
            combo.blockSignals(True)
            combo.clear()
            combo.addItem("Not matched" if match.raster is None else "Automatic", "")
            for place, name in enumerate(names, 1):
                combo.addItem(name, str(place))
            place = raster.bands.index(match.raster) + 1 if match.raster in raster.bands else 0
            combo.setCurrentIndex(place)
            combo.setAccessibleName(f"Layer band for {match.model}")
            combo.setToolTip(f"Choose the layer's band for {match.model}" + (f" ({about})" if about else ""))
            combo.setProperty("model_band", match.model)
            combo.blockSignals(False)
            self.bandTable.setItem(row, 2, _item(match.how or "missing", match.why or f"Matched {_by(match.how)}"))
        self._fit_height(len(matches))

    def _set_rows(self, count: int) -> None:
        """Give the table rows with their combo boxes; existing ones are kept, since making them is slow."""
        for row in range(self.bandTable.rowCount(), count):
            self.bandTable.insertRow(row)
            combo = QComboBox()
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
            self._quiet.keep(combo)
            combo.activated.connect(partial(self._mapped, combo))
            self.bandTable.setCellWidget(row, 1, combo)
            self._combos.append(combo)
        self.bandTable.setRowCount(count)
        del self._combos[count:]

    def _fit_height(self, count: int) -> None:
        height = self._combos[0].sizeHint().height() if self._combos else 24
        self.bandTable.verticalHeader().setDefaultSectionSize(height)
        self.bandTable.setIconSize(QSize(14, 14))
        rows = min(count, MAX_ROWS_SHOWN)
        frame = 2 * self.bandTable.frameWidth()
        head = self.bandTable.horizontalHeader().sizeHint().height()
        self.bandTable.setMinimumHeight(min(rows, 3) * height + head + frame)
        self.bandTable.setMaximumHeight(count * height + head + frame)

    def _mapped(self, combo: QComboBox, index: int) -> None:
        self._session.map_band(str(combo.property("model_band")), str(combo.itemData(index) or ""))

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
        automatic = f"Automatic: {units_label(fit.units.wish)}" if wish == "auto" else "Automatic"
        self.unitsCombo.setItemText(0, automatic)
        self.unitsCombo.setCurrentIndex(self.unitsCombo.findData(wish))
        self.unitsCombo.setToolTip(f"How values are read: {fit.units.why}" if fit.units.why else "How values are read")

    def _units_chosen(self, index: int) -> None:
        self._session.change(units=str(self.unitsCombo.itemData(index)))


def _item(text: str, tip: str) -> Any:
    item = QTableWidgetItem(text)
    item.setToolTip(tip)
    return item


def _by(how: str) -> str:
    return how if how == "by hand" else f"by {how}"
