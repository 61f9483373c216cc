"""The panel of more outputs and options, which opens over the dock's three steps and goes back to them.

It shows the wishes and changes them; what makes no sense for the chosen model can't be chosen.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Mapping, Optional

from qgis.core import QgsMapLayerProxyModel
from qgis.gui import QgsPanelWidget
from qgis.PyQt.QtWidgets import QAbstractSpinBox, QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ..core.mlm.threshold import recommended
from . import layers
from .forms import form
from .found import metres_of
from .output_file import POLYGONS, RASTER, Formats, ask_for, file_of
from .quiet import Quiet
from .run_options import FILES, OBJECTS, Wishes, makes_sense
from .session import Session
from .turning import TurningArea
from .words import tr

FORMATS: Mapping[str, Formats] = {"confidence": RASTER, "probabilities": RASTER, "vector": POLYGONS}
OWN, MODELS, CHOSEN = range(3)
PERCENT = 100


class _Form(QWidget, form("run_options_panel")):
    """The widgets of the panel."""

    def __init__(self) -> None:
        super().__init__()
        self.setupUi(self)


class RunOptionsPanel(QgsPanelWidget):
    """Edits `Wishes`."""

    def __init__(self, session: Session, wishes: Wishes, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setPanelTitle(tr("More Outputs and Options"))
        self._session, self._wishes = session, wishes
        self._showing = False
        self.form = _Form()
        self._quiet = Quiet(self)
        self._prepare()
        area = TurningArea((self.form.outputsBox, self.form.processingBox, self.form.tilesBox))
        self.restoreButton = QPushButton(tr("Restore &Defaults"))
        self.restoreButton.clicked.connect(wishes.restore)
        row = QHBoxLayout()
        row.setContentsMargins(4, 0, 4, 4)
        row.addStretch(1)
        row.addWidget(self.restoreButton)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(area)
        column.addLayout(row)
        self._listen()
        for changed in (wishes.changed, session.raster_changed):
            changed.connect(self._show)
        self._show()

    def _prepare(self) -> None:
        """Set what the form's file can't say."""
        one = self.form
        for word, formats in FORMATS.items():
            ask_for(self._file(word), formats, tr("Save As"))
        one.maskCombo.setAllowEmptyLayer(True, tr("None"))
        one.maskCombo.setFilters(QgsMapLayerProxyModel.PolygonLayer)
        one.maskCombo.setLayer(None)
        for spin in (one.thresholdSpin, one.iouSpin, one.tileSpin, one.overlapSpin):
            spin.setClearValue(spin.minimum(), tr("Automatic"))
        one.mergeCombo.addItem(tr("Automatic"), None)
        one.mergeCombo.addItem(tr("Fade Into One Another"), "blend")
        one.mergeCombo.addItem(tr("Cut in the Middle"), "crop")
        for widget in one.findChildren(QWidget):
            if isinstance(widget, (QComboBox, QAbstractSpinBox)):
                self._quiet.keep(widget)

    def _listen(self) -> None:
        one, change = self.form, self._change
        for word in FILES:
            tell = partial(self._file_wished, word)
            self._check(word).toggled.connect(lambda _, tell=tell: tell())
            self._file(word).fileChanged.connect(lambda _, tell=tell: tell())
        one.minAreaSpin.valueChanged.connect(lambda value: change(min_area=value))
        one.simplifySpin.valueChanged.connect(lambda value: change(simplify=value))
        one.maskCombo.layerChanged.connect(lambda layer: change(mask=layer.id() if layer is not None else ""))
        one.resolutionCombo.activated.connect(self._resolution_wished)
        one.resolutionSpin.valueChanged.connect(lambda value: change(resolution=value))
        one.thresholdSpin.valueChanged.connect(lambda value: change(threshold=value or None))
        one.iouSpin.valueChanged.connect(lambda value: change(iou=value or None))
        one.tileSpin.valueChanged.connect(lambda value: change(tile=value or None))
        one.overlapSpin.valueChanged.connect(lambda value: change(overlap=value / PERCENT if value >= 0 else None))
        one.mergeCombo.activated.connect(lambda index: change(merge=one.mergeCombo.itemData(index)))

    def _check(self, word: str) -> Any:
        return getattr(self.form, f"{word}Check")

    def _file(self, word: str) -> Any:
        return getattr(self.form, f"{word}File")

    def _file_wished(self, word: str) -> None:
        path = file_of(self._file(word), FORMATS[word])
        self._change(**{word: path if self._check(word).isChecked() else None})

    def _resolution_wished(self, index: int) -> None:
        metres = self._layers_metres() or metres_of("model", self._wishes.model) or 1.0
        self._change(resolution={OWN: None, MODELS: "model", CHOSEN: round(metres, 2)}[index])

    def _layers_metres(self) -> Optional[float]:
        layer = self._session.layer
        size = layers.pixel_size(layer) if layer is not None else None
        return size * layers.metres_per_unit(layer) if size else None

    def _change(self, **what: Any) -> None:
        """Pass on what the user changed, and not what is only shown."""
        if not self._showing:
            self._wishes.change(**what)

    def _show(self) -> None:
        """Show the wishes, and what of them can be chosen for the model."""
        self._showing = True
        try:
            self._show_all()
        finally:
            self._showing = False

    def _show_all(self) -> None:
        one, extras, tuning, kind = self.form, self._wishes.extras, self._wishes.tuning, self._wishes.kind
        for word in FILES:
            wished, sensible = getattr(extras, word), makes_sense(word, kind)
            self._check(word).setChecked(wished is not None)
            if wished is None or wished != file_of(self._file(word), FORMATS[word]):
                self._file(word).setFilePath(wished or self._file(word).filePath())
            self._check(word).setEnabled(sensible)
            self._file(word).setEnabled(sensible and wished is not None)
        self._show_numbers(
            {
                "minArea": (extras.min_area, makes_sense("min_area", kind) and extras.vector is not None),
                "simplify": (extras.simplify, makes_sense("simplify", kind) and extras.vector is not None),
                "threshold": (tuning.threshold or 0.0, makes_sense("threshold", kind)),
                "iou": (tuning.iou or 0.0, makes_sense("iou", kind)),
                "tile": (tuning.tile or 0, makes_sense("tile", kind)),
                "overlap": (-1 if tuning.overlap is None else round(PERCENT * tuning.overlap), True),
            }
        )
        one.thresholdSpin.setSpecialValueText(self._recommended())
        one.thresholdSpin.setToolTip(self._threshold_means(kind))
        one.mergeCombo.setCurrentIndex(one.mergeCombo.findData(tuning.merge))
        for widget in (one.mergeLabel, one.mergeCombo):
            widget.setEnabled(makes_sense("merge", kind))
        one.maskCombo.setLayer(self._wishes.mask)
        self._show_resolution(self._wishes.resolution)

    def _show_numbers(self, numbers: Mapping[str, tuple[float, bool]]) -> None:
        for name, (value, enabled) in numbers.items():
            spin = getattr(self.form, f"{name}Spin")
            spin.setValue(value)
            spin.setEnabled(enabled)
            getattr(self.form, f"{name}Label").setEnabled(enabled)

    def _show_resolution(self, wish: Any) -> None:
        combo, spin = self.form.resolutionCombo, self.form.resolutionSpin
        models, own = metres_of("model", self._wishes.model), self._layers_metres()
        combo.clear()
        combo.addItem(tr("Layer's Own") + (f" ({own:.4g} m)" if own else ""))
        combo.addItem(tr("Model's") + (f" ({models:.4g} m)" if models else f" ({tr('Not Given')})"))
        combo.addItem(tr("Chosen"))
        combo.model().item(MODELS).setEnabled(models is not None)
        number = isinstance(wish, float)
        combo.setCurrentIndex(CHOSEN if number else MODELS if wish == "model" else OWN)
        spin.setVisible(number)
        if number:
            spin.setValue(wish)

    def _recommended(self) -> str:
        value = recommended(self._wishes.model)[0] if self._wishes.model is not None else None
        return tr("Automatic") if value is None else tr("Model's Own ({:g})").format(value)

    @staticmethod
    def _threshold_means(kind: str) -> str:
        if kind == OBJECTS:
            return tr("Objects of which the model is less sure than this are left out")
        return tr("Pixels whose class is less sure than this are left unclassified")
