"""What QGIS knows of a raster layer that the engine must know: where its file is, or that there is none; its bands
and grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Optional

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)

from ..core.errors import ExtentOutside
from ..core.mlm.raster import RasterBand, RasterInfo

WGS84 = "EPSG:4326"
RENDERED_BANDS = ("red", "green", "blue", "alpha")
"""What a map service gives: a picture."""

_PICTURES = (Qgis.DataType.ARGB32, Qgis.DataType.ARGB32_Premultiplied)
_TYPES = {
    Qgis.DataType.Byte: "uint8",
    Qgis.DataType.UInt16: "uint16",
    Qgis.DataType.Int16: "int16",
    Qgis.DataType.UInt32: "uint32",
    Qgis.DataType.Int32: "int32",
    Qgis.DataType.Float32: "float32",
    Qgis.DataType.Float64: "float64",
}


@dataclass(frozen=True)
class Grid:
    """The pixels that an extent covers: `extent` is in the layer's CRS, on the layer's own pixels where it has any."""

    extent: QgsRectangle
    width: int
    height: int

    @property
    def megapixels(self) -> float:
        return self.width * self.height / 1e6


def is_raster(layer: Optional[QgsMapLayer]) -> bool:
    return isinstance(layer, QgsRasterLayer) and layer.isValid()


def file_source(layer: QgsRasterLayer) -> str:
    """Return what the engine can open by itself: a path, a GDAL address, a subdataset; or an empty string.

    The engine opens it with its own GDAL, so what lives in QGIS alone (memory files, authentication, open options) is
    no file in this sense, and is exported.
    """
    if layer.providerType() != "gdal":
        return ""
    uri = layer.dataProvider().dataSourceUri()
    if "authcfg=" in uri or "|" in uri or uri.startswith("/vsimem/") or not uri:
        return ""
    return uri


def key_of(layer: QgsRasterLayer) -> str:
    """Return what stands for the file of a layer that has none; it ends in the layer's name, as sentences show it."""
    return f"{layer.id()}/{layer.name().replace('/', '-')}"


def is_picture(layer: QgsRasterLayer) -> bool:
    """Whether the layer's pixels are rendered colours (WMS, XYZ) and no measured values."""
    return layer.dataProvider().dataType(1) in _PICTURES


def describe(layer: QgsRasterLayer) -> RasterInfo:
    """Return what QGIS itself knows of a layer that is no plain file; its values are unknown until it is exported."""
    provider = layer.dataProvider()
    size = pixel_size(layer)
    metres = size * metres_per_unit(layer) if size else None
    if is_picture(layer):
        bands = tuple(
            RasterBand(key_of(layer), n, name, name if name != "alpha" else "", data_type="uint8")
            for n, name in enumerate(RENDERED_BANDS, 1)
        )
    else:
        bands = tuple(
            RasterBand(
                file=key_of(layer),
                index=n,
                name=band_name(layer, n),
                data_type=_TYPES.get(provider.dataType(n), ""),
                nodata=provider.sourceNoDataValue(n) if provider.sourceHasNoDataValue(n) else None,
                scale=provider.bandScale(n),
                offset=provider.bandOffset(n),
                resolution_m=metres,
            )
            for n in range(1, provider.bandCount() + 1)
        )
    extent = layer.extent()
    return RasterInfo(
        bands=bands,
        width=max(layer.width(), 0),
        height=max(layer.height(), 0),
        transform=(size or 1.0, 0.0, extent.xMinimum(), 0.0, -(size or 1.0), extent.yMaximum()),
        crs=layer.crs().authid(),
        resolution_m=metres,
        bbox=_degrees(layer),
        source=layer.name(),
    )


def band_name(layer: QgsRasterLayer, number: int) -> str:
    """Return a band's own name, without the "Band 1: " that QGIS puts before it."""
    name = str(layer.bandName(number))
    prefix, _, rest = name.partition(": ")
    if rest and prefix.rstrip("0123456789 ") != prefix:
        return rest
    return "" if name.rstrip("0123456789 ") != name and not rest else name


def pixel_size(layer: QgsRasterLayer) -> Optional[float]:
    """Return the width of a pixel in the layer's units; None for a service that draws at any scale."""
    if layer.width() <= 0 or is_picture(layer):
        return None
    return layer.rasterUnitsPerPixelX() or None


def metres_per_unit(layer: QgsRasterLayer) -> float:
    """Return how long a unit of the layer's CRS is, at its centre where that is degrees."""
    if layer.crs().isGeographic():
        return 111_320.0 * max(math.cos(math.radians(layer.extent().center().y())), 0.01)
    return 1.0


def grid(
    layer: QgsRasterLayer, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, fallback_size: float = 1.0
) -> Grid:
    """Return the layer's pixels within `extent`; raises `ExtentOutside` where there are none.

    A service without pixels of its own is taken at `fallback_size`, in the layer's units.
    """
    box = to_layer(layer, extent, crs)
    whole = layer.extent()
    if not box.intersects(whole):
        raise ExtentOutside(f"The extent and the layer {layer.name()!r} have no pixel in common. Zoom to the layer.")
    box = box.intersect(whole)
    size = pixel_size(layer)
    if size is None:
        width, height = round(box.width() / fallback_size), round(box.height() / fallback_size)
        return Grid(box, max(width, 1), max(height, 1))
    size_y = layer.rasterUnitsPerPixelY()
    left = math.floor((box.xMinimum() - whole.xMinimum()) / size + 1e-6)
    right = math.ceil((box.xMaximum() - whole.xMinimum()) / size - 1e-6)
    top = math.floor((whole.yMaximum() - box.yMaximum()) / size_y + 1e-6)
    bottom = math.ceil((whole.yMaximum() - box.yMinimum()) / size_y - 1e-6)
    aligned = QgsRectangle(
        whole.xMinimum() + left * size,
        whole.yMaximum() - bottom * size_y,
        whole.xMinimum() + right * size,
        whole.yMaximum() - top * size_y,
    )
    return Grid(aligned, max(right - left, 1), max(bottom - top, 1))


def to_layer(layer: QgsRasterLayer, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    """Return an extent in the layer's CRS."""
    if not crs.isValid() or not layer.crs().isValid() or crs == layer.crs():
        return extent
    try:
        return QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()).transformBoundingBox(extent)
    except QgsCsException as error:
        raise ExtentOutside(
            f"The extent can't be expressed in the layer's reference system, {layer.crs().authid()}. Zoom to the layer."
        ) from error


def _degrees(layer: QgsRasterLayer) -> Optional[tuple[float, float, float, float]]:
    if not layer.crs().isValid():
        return None
    try:
        transform = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem(WGS84), QgsProject.instance())
        box = transform.transformBoundingBox(layer.extent())
    except QgsCsException:
        return None
    return (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
