"""Writes the needed part of a layer that is no plain file (WMS, XYZ, memory, database) as a GeoTIFF that the engine
can read.

QGIS draws or reads the pixels with its own providers, network and authentication; band names, scale and offset go
with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Optional, Protocol

from osgeo import gdal
from qgis.core import (
    QgsProject,
    QgsRasterBlockFeedback,
    QgsRasterFileWriter,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsTask,
)
from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import Cancelled, MlmRunnerError, OutputNotWritable, RasterUnreadable
from ..core.mlm.raster import RasterBand
from ..core.mlm.slug import slug
from . import layers
from .layers import Grid

MAX_MEGAPIXELS = 400.0
"""A service is not asked for more pixels than this in one go."""
NAME_LENGTH = 40
MARGIN_PX = 2
"""What an interpolation sees around a place, in pixels."""


@dataclass
class Export:
    """A copy to be written; prepared in the interface's thread, where the layer lives, and written in any."""

    pipe: QgsRasterPipe
    layer_name: str
    crs: object
    transform_context: object
    grid: Grid
    bands: tuple[RasterBand, ...]

    def write(self, path: Path, feedback: QgsRasterBlockFeedback) -> None:
        """Write the file; raises `Cancelled`, `RasterUnreadable` or `OutputNotWritable`."""
        writer = QgsRasterFileWriter(str(path))
        writer.setOutputFormat("GTiff")
        writer.setCreateOptions(["TILED=YES", "BIGTIFF=IF_SAFER"])
        code = writer.writeRaster(
            self.pipe, self.grid.width, self.grid.height, self.grid.extent, self.crs, self.transform_context, feedback
        )
        if feedback.isCanceled():
            raise Cancelled("Cancelled; nothing was written.")
        if code == QgsRasterFileWriter.WriteError or not path.exists():
            raise OutputNotWritable(
                f"The layer {self.layer_name!r} can't be copied to {path.parent}. Free space there."
            )
        if code != QgsRasterFileWriter.NoError:
            raise RasterUnreadable(
                f"The layer {self.layer_name!r} can't be read (code {code}). See whether QGIS draws it."
            )
        problems = feedback.errors()
        if problems:
            raise RasterUnreadable(f"The layer {self.layer_name!r} can't be read: {problems[0]}")
        _describe(path, self.bands)

    def at(self, size: float) -> Export:
        """Return the same copy of a service with pixels of another size, in the layer's units."""
        box = self.grid.extent
        grid = Grid(box, max(round(box.width() / size), 1), max(round(box.height() / size), 1))
        _refuse_too_many(grid, self.layer_name)
        return replace(self, grid=grid)


def prepare(layer: QgsRasterLayer, grid: Grid) -> Export:
    """Return the copy of `layer` on `grid`, to be written later; call it in the layer's thread."""
    _refuse_too_many(grid, layer.name())
    pipe = QgsRasterPipe()
    if not pipe.set(layer.dataProvider().clone()):
        raise RasterUnreadable(f"The layer {layer.name()!r} gives no pixels. Save it as a file and use that.")
    return Export(
        pipe=pipe,
        layer_name=layer.name(),
        crs=layer.crs(),
        transform_context=QgsProject.instance().transformContext(),
        grid=grid,
        bands=layers.describe(layer).bands,
    )


def copy_name(layer: QgsRasterLayer, place: int) -> str:
    """Return how the copy of a stack's layer is called; the engine's sentences show it."""
    return f"{place + 1}-{slug(layer.name())[:NAME_LENGTH]}.tif"


def beside(layer: QgsRasterLayer, first: QgsRasterLayer, grid: Grid) -> Export:
    """Return the copy of a layer that stands behind `first`, for the pixels of that one, with a margin: it is brought
    to the first one's pixels later. Raises `ExtentOutside` where the two have no place in common.

    A service without pixels of its own is taken at the size of the first one's.
    """
    size = layers.pixel_size(layer)
    if size is None:
        metres = grid.extent.width() / grid.width * layers.metres_per_unit(first)
        size = metres / layers.metres_per_unit(layer)
    box = layers.to_layer(layer, grid.extent, first.crs())
    layers.grid(layer, box, layer.crs(), size)  # refused without the margin, which may touch where the box does not
    return prepare(layer, layers.grid(layer, box.buffered(MARGIN_PX * size), layer.crs(), size))


class Copy(Protocol):
    """What QGIS writes for the engine: a raster, or a mask."""

    layer_name: str

    def write(self, path: Path, feedback: QgsRasterBlockFeedback) -> None: ...


class CopyTask(QgsTask):
    """Writes a copy in the background; `done` carries None or the error."""

    done = pyqtSignal(object)

    def __init__(self, copy: Copy, path: Path, progressed: Optional[Callable[[float], None]] = None) -> None:
        super().__init__(f"Copy {copy.layer_name}", QgsTask.Flag.CanCancel)
        self._copy = copy
        self._path = path
        self._error: Optional[MlmRunnerError] = None
        self._feedback = QgsRasterBlockFeedback()
        if progressed is not None:
            self.progressChanged.connect(progressed)

    def run(self) -> bool:
        self._feedback.progressChanged.connect(self.setProgress)
        try:
            self._copy.write(self._path, self._feedback)
        except MlmRunnerError as error:
            self._error = error
        return self._error is None

    def cancel(self) -> None:
        self._feedback.cancel()
        super().cancel()

    def finished(self, result: bool) -> None:
        error = self._error
        if not result and error is None:
            error = Cancelled("Cancelled; nothing was written.")
        self.done.emit(error)


def _refuse_too_many(grid: Grid, layer_name: str) -> None:
    if grid.megapixels > MAX_MEGAPIXELS:
        raise RasterUnreadable(
            f"{grid.megapixels:.0f} megapixels of {layer_name!r} would have to be copied first; at most "
            f"{MAX_MEGAPIXELS:.0f} are. Choose a smaller extent, or save the layer as a file."
        )


def _describe(path: Path, bands: tuple[RasterBand, ...]) -> None:
    """Put into the file what QGIS's writer leaves out."""
    dataset = gdal.Open(str(path), gdal.GA_Update)
    if dataset is None:
        raise RasterUnreadable(f"The copy {path} can't be opened again. Free space there.")
    for number, band in enumerate(bands[: dataset.RasterCount], 1):
        target = dataset.GetRasterBand(number)
        if band.name:
            target.SetDescription(band.name)
        if (band.scale, band.offset) != (1.0, 0.0):
            target.SetScale(band.scale)
            target.SetOffset(band.offset)
    dataset.FlushCache()
