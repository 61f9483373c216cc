"""The polygons that a run is limited to: their file, or a copy by QGIS of what is no plain file (memory, WFS, database,
filtered or edited layers).

What counts is what QGIS shows: a filter, an edit that is not saved yet, a reference system set by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsFeedback,
    QgsFields,
    QgsProject,
    QgsProviderRegistry,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)

from ..core.errors import Cancelled, ExtentOutside, OutputNotWritable

COPY = "mask.gpkg"
PLAIN = {"path", "layerName"}
"""Parts of a layer's address that the engine understands."""


def file_source(layer: QgsVectorLayer) -> str:
    """Return what the engine can open by itself, "path" or "path|layername=x"; or an empty string."""
    shown_otherwise = layer.subsetString() or layer.isModified() or layer.crs() != layer.dataProvider().crs()
    if layer.providerType() != "ogr" or shown_otherwise:
        return ""
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    path = str(parts.get("path") or "")
    if not Path(path).is_file() or any(value for word, value in parts.items() if word not in PLAIN):
        return ""
    name = str(parts.get("layerName") or "")
    if not name and layer.dataProvider().subLayerCount() > 1:
        return ""
    return f"{path}|layername={name}" if name else path


@dataclass
class MaskCopy:
    """A copy to be written; prepared in the interface's thread, where the layer lives, and written in any."""

    source: QgsVectorLayerFeatureSource
    layer_name: str
    wkb_type: QgsWkbTypes.Type
    crs: QgsCoordinateReferenceSystem
    transform_context: QgsCoordinateTransformContext
    part: Optional[QgsRectangle]
    """The part that a run needs; None where that can't be told."""

    def write(self, path: Path, feedback: QgsFeedback) -> None:
        """Write the polygons; raises `Cancelled`, `ExtentOutside` or `OutputNotWritable`."""
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = "GPKG"
        options.layerName = Path(path).stem
        writer = QgsVectorFileWriter.create(
            str(path), QgsFields(), self.wkb_type, self.crs, self.transform_context, options
        )
        if writer.hasError() != QgsVectorFileWriter.NoError:
            raise OutputNotWritable(f"The mask {self.layer_name!r} can't be copied to {path.parent}. Free space there.")
        request = QgsFeatureRequest().setNoAttributes()
        if self.part is not None:
            request.setFilterRect(self.part)
        count = 0
        for feature in self.source.getFeatures(request):
            if feedback.isCanceled():
                raise Cancelled("Cancelled; nothing was written.")
            if not feature.hasGeometry():
                continue
            feature.setAttributes([])
            if not writer.addFeature(feature, QgsFeatureSink.FastInsert):
                why = writer.errorMessage()
                raise OutputNotWritable(f"The mask {self.layer_name!r} can't be copied ({why}). Free space there.")
            count += 1
        if not count:
            raise ExtentOutside(
                f"No polygon of the mask {self.layer_name!r} lies within the extent. "
                "Choose another extent, another mask, or none."
            )
        if not writer.flushBuffer():
            why = writer.errorMessage()
            raise OutputNotWritable(f"The mask {self.layer_name!r} can't be copied ({why}). Free space there.")


def prepare(layer: QgsVectorLayer, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> MaskCopy:
    """Return the copy of what `extent`, in `crs`, needs of a layer; call it in the layer's thread."""
    return MaskCopy(
        source=QgsVectorLayerFeatureSource(layer),
        layer_name=layer.name(),
        wkb_type=layer.wkbType(),
        crs=layer.crs(),
        transform_context=QgsProject.instance().transformContext(),
        part=_part(layer, extent, crs),
    )


def _part(layer: QgsVectorLayer, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> Optional[QgsRectangle]:
    """Return the extent in the layer's own reference system, or None where it has no place there."""
    if not crs.isValid() or not layer.crs().isValid() or extent.isEmpty():
        return None
    try:
        return QgsCoordinateTransform(crs, layer.crs(), QgsProject.instance()).transformBoundingBox(extent)
    except QgsCsException:
        return None
