"""A mask is what QGIS shows of a polygon layer: read from its file where that is the same, copied where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeedback,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorFileWriter,
    QgsVectorLayer,
    edit,
)

from mlm_runner.core.errors import Cancelled, ExtentOutside, OutputNotWritable
from mlm_runner.ui import mask

UTM17 = QgsCoordinateReferenceSystem("EPSG:32617")
WEST, EAST = QgsRectangle(600000, 3999000, 600500, 4000000), QgsRectangle(700000, 3999000, 700500, 4000000)


@pytest.fixture
def memory(qgis) -> QgsVectorLayer:
    """Two rectangles a hundred kilometres from each other, and a feature without geometry."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617&field=id:integer", "fields", "memory")
    for number, box in enumerate((WEST, EAST, None)):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([number])
        if box is not None:
            feature.setGeometry(QgsGeometry.fromRect(box))
        layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    return layer


def written(layer: QgsVectorLayer, path: Path, name: str = "", more: bool = False) -> str:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName = name or path.stem
    options.driverName = {".gpkg": "GPKG", ".geojson": "GeoJSON"}[path.suffix]
    if more:
        options.actionOnExistingFile = QgsVectorFileWriter.CreateOrOverwriteLayer
    context = QgsProject.instance().transformContext()
    assert QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)[0] == 0
    return str(path)


def copy(layer: QgsVectorLayer, path: Path, extent: QgsRectangle = WEST, crs=UTM17) -> QgsVectorLayer:
    mask.prepare(layer, extent, crs).write(path, QgsFeedback())
    return QgsVectorLayer(str(path), "copy")


def boxes(layer: QgsVectorLayer) -> list[QgsRectangle]:
    return [feature.geometry().boundingBox() for feature in layer.getFeatures()]


def test_a_file_of_one_layer_is_read_where_it_is(memory, tmp_path):
    path = written(memory, tmp_path / "fields.gpkg")
    assert mask.file_source(QgsVectorLayer(path, "f")) == path


def test_a_layer_of_several_is_named(memory, tmp_path):
    path = written(memory, tmp_path / "both.gpkg", "one")
    written(memory, tmp_path / "both.gpkg", "two", more=True)
    assert mask.file_source(QgsVectorLayer(f"{path}|layername=two", "f")) == f"{path}|layername=two"
    assert mask.file_source(QgsVectorLayer(path, "whichever comes first")) == ""


def test_what_is_no_file_is_copied(memory):
    assert mask.file_source(memory) == ""


def test_a_filter_holds_for_the_mask(memory, tmp_path):
    layer = QgsVectorLayer(written(memory, tmp_path / "fields.gpkg"), "f")
    layer.setSubsetString('"id" = 1')
    assert mask.file_source(layer) == ""
    assert boxes(copy(layer, tmp_path / "mask.gpkg", EAST)) == [EAST]
    with pytest.raises(ExtentOutside, match="No polygon of the mask 'f'"):
        copy(layer, tmp_path / "other.gpkg", WEST)


def test_an_edit_that_is_not_saved_holds_for_the_mask(memory, tmp_path):
    layer = QgsVectorLayer(written(memory, tmp_path / "fields.gpkg"), "f")
    moved = QgsRectangle(600100, 3999100, 600200, 3999200)
    with edit(layer):
        layer.changeGeometry(1, QgsGeometry.fromRect(moved))
        assert mask.file_source(layer) == ""
        assert boxes(copy(layer, tmp_path / "mask.gpkg")) == [moved]


def test_a_reference_system_set_by_hand_holds_for_the_mask(memory, tmp_path):
    layer = QgsVectorLayer(written(memory, tmp_path / "fields.gpkg"), "f")
    other = QgsCoordinateReferenceSystem("EPSG:32618")
    layer.setCrs(other)
    assert mask.file_source(layer) == ""
    assert copy(layer, tmp_path / "mask.gpkg", WEST, other).crs() == other


def test_only_what_the_extent_needs_is_copied_whatever_its_reference_system(memory, tmp_path):
    made = copy(
        memory,
        tmp_path / "mask.gpkg",
        QgsRectangle(-79.9, 36.1, -79.88, 36.2),
        QgsCoordinateReferenceSystem("EPSG:4326"),
    )
    assert boxes(made) == [WEST]
    assert made.crs() == UTM17 and made.fields().names() == ["fid"]


def test_without_a_reference_system_everything_is_copied(memory, tmp_path):
    assert len(boxes(copy(memory, tmp_path / "mask.gpkg", WEST, QgsCoordinateReferenceSystem()))) == 2


def test_a_cancelled_copy_says_so(memory, tmp_path):
    feedback = QgsFeedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        mask.prepare(memory, WEST, UTM17).write(tmp_path / "mask.gpkg", feedback)


def test_a_folder_that_is_not_there_is_said(memory, tmp_path):
    with pytest.raises(OutputNotWritable, match="can't be copied"):
        mask.prepare(memory, WEST, UTM17).write(tmp_path / "no" / "mask.gpkg", QgsFeedback())
