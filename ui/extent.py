"""Where to run: the visible extent, the whole layer or a chosen area, as pixels of the layer."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle
from qgis.gui import QgsExtentWidget, QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox

from . import layers
from .found import metres_of
from .layers import Grid
from .run_options import Wishes
from .session import Session

VISIBLE, LAYER, CHOSEN = range(3)
EXTENTS = ("Visible Extent", "Whole Layer", "Chosen Area")
CANVAS_MS = 150


class Extent(QObject):
    """Holds the two widgets that ask for it; `changed` comes a little after the map has stopped moving."""

    changed = pyqtSignal()

    def __init__(
        self, combo: QComboBox, widget: QgsExtentWidget, canvas: QgsMapCanvas, session: Session, wishes: Wishes
    ) -> None:
        super().__init__(combo)
        self._combo, self._widget, self._canvas = combo, widget, canvas
        self._session, self._wishes = session, wishes
        combo.addItems(EXTENTS)
        widget.setMapCanvas(canvas)
        widget.setVisible(False)
        self.later = QTimer(self)
        self.later.setSingleShot(True)
        self.later.setInterval(CANVAS_MS)
        self.later.timeout.connect(self.changed)
        combo.currentIndexChanged.connect(self._chosen)
        widget.extentChanged.connect(lambda _: self.later.start())
        canvas.extentsChanged.connect(self.later.start)

    @property
    def whole(self) -> bool:
        return self._combo.currentIndex() == LAYER

    def grid(self) -> Grid:
        """Return the layer's pixels that would be run; raises `ExtentOutside`.

        A service that draws at any scale is taken at the resolution that is wished for, at the model's own, or as the
        map shows it.
        """
        layer = self._session.layer
        extent, crs = self._box()
        size = layers.pixel_size(layer)
        if size is None:
            here = layers.to_layer(layer, self._canvas.extent(), self._canvas.mapSettings().destinationCrs())
            size = self._wanted_size() or here.width() / max(self._canvas.width(), 1)
        return layers.grid(layer, extent, crs, size)

    def megapixels(self) -> float:
        """Return how many pixels the network will see, where another resolution is wished for as well."""
        grid, metres = self.grid(), self._wishes.metres or self._session.finest
        size = layers.pixel_size(self._session.layer)
        if size is None or metres is None:
            return grid.megapixels
        return grid.megapixels * (size * layers.metres_per_unit(self._session.layer) / metres) ** 2

    def close_down(self) -> None:
        self._canvas.extentsChanged.disconnect(self.later.start)

    def _box(self) -> tuple[QgsRectangle, QgsCoordinateReferenceSystem]:
        choice = self._combo.currentIndex()
        if choice == LAYER:
            return self._session.layer.extent(), self._session.layer.crs()
        if choice == CHOSEN and self._widget.isValid():
            return self._widget.outputExtent(), self._widget.outputCrs()
        return self._canvas.extent(), self._canvas.mapSettings().destinationCrs()

    def _wanted_size(self) -> Optional[float]:
        """Return the size of a pixel in the layer's units, for a service that draws at any."""
        metres = self._wishes.metres or metres_of("model", self._wishes.model)
        return metres / layers.metres_per_unit(self._session.layer) if metres else None

    def _chosen(self, index: int) -> None:
        self._widget.setVisible(index == CHOSEN)
        if index == CHOSEN:
            crs = self._canvas.mapSettings().destinationCrs()
            self._widget.setCurrentExtent(self._canvas.extent(), crs)
            self._widget.setOutputCrs(crs)
            if not self._widget.isValid():
                self._widget.setOutputExtentFromCurrent()
        self.changed.emit()
