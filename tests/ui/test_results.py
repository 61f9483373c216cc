"""What comes of a run: layers that are named, styled and grouped, and a line that says what was found."""

from __future__ import annotations

from pathlib import Path

import pytest
from osgeo import gdal
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsRendererCategory,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from mlm_runner.core.errors import RasterUnreadable
from mlm_runner.ui import history, layer_tree, result

from .conftest import raster_file
from .items import item, of_task
from .test_dock import dock  # noqa: F401  (a fixture)
from .test_run_options import opened, parcels  # noqa: F401  (fixtures)

LAND = item()
CLASSES = [
    {"value": 1, "name": "Forest", "color": "#228833", "pixels": 300, "area": 270000.0},
    {"value": 2, "name": "Water", "color": "#4477aa", "pixels": 100, "area": 90000.0},
]
OBJECTS = [
    {"value": 0, "name": "truck", "color": "#228833", "count": 3, "area": 60.0},
    {"value": 1, "name": "car", "color": "#4477aa", "count": 12, "area": 120.0},
]


@pytest.fixture
def polygons(qgis, tmp_path) -> Path:
    """A GeoPackage of one car and one truck with a categorized style beside it."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617&field=value:integer&field=class:string", "o", "memory")
    for value, name in enumerate(("truck", "car")):
        feature = QgsFeature(layer.fields())
        west = 600000 + 100 * value
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west, 3999900, west + 50, 3999950)))
        feature.setAttributes([value, name])
        layer.dataProvider().addFeature(feature)
    symbols = [QgsFillSymbol.createSimple({"color": color}) for color in ("#228833", "#4477aa")]
    categories = [
        QgsRendererCategory(n, s, name) for n, (s, name) in enumerate(zip(symbols, ("truck", "car"), strict=True))
    ]
    layer.setRenderer(QgsCategorizedSymbolRenderer("value", categories))
    path = tmp_path / "templates" / "polygons.gpkg"
    path.parent.mkdir(exist_ok=True)
    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), QgsProject.instance().transformContext(), options)
    layer.saveNamedStyle(str(path.with_suffix(".qml")))
    return path


@pytest.fixture
def rasters(qgis, tmp_path) -> Path:
    path = tmp_path / "templates" / "raster.tif"
    path.parent.mkdir(exist_ok=True)
    return raster_file(path, {"one": 1})


def run(shown, wait) -> list:
    """Press Run; return the nodes at the top of the layers panel."""
    shown.run_step.runButton.click()
    wait(lambda: shown.run_step.job is None, what="the end of the run")
    return QgsProject.instance().layerTreeRoot().children()


def test_a_result_alone_stands_above_its_layer_without_a_group(opened, rasters, wait):  # noqa: F811
    shown = opened(
        LAND, answers={"run": {"kind": "raster", "classes": CLASSES}}, files={"run": {"output": str(rasters)}}
    )
    assert [node.name() for node in run(shown, wait)] == ["Land Cover - image", "image"]


def test_further_outputs_come_in_a_group_with_the_result(opened, rasters, polygons, parcels, wait):  # noqa: F811
    files = {"output": rasters, "confidence": rasters, "probabilities": rasters, "vector": polygons}
    answers = {"run": {"kind": "raster", "classes": CLASSES, "heads": {"edges": str(rasters)}}}
    shown = opened(LAND, answers=answers, files={"run": {word: str(path) for word, path in files.items()}})
    for word in ("confidence", "probabilities", "vector"):
        getattr(shown.options.form, f"{word}Check").setChecked(True)
    shown.options.form.maskCombo.setLayer(parcels)
    group = next(node for node in run(shown, wait) if node.name() == "Land Cover - image")
    assert [node.name() for node in group.children()] == [
        "Polygons: Land Cover",
        "Land Cover - image",
        "Confidence: Land Cover",
        "Probabilities: Land Cover",
        "edges: Land Cover",
    ]
    assert group.isExpanded() and [node.isExpanded() for node in group.children()] == [False, True, False, False, False]
    areas, classes, confidence = (node.layer() for node in group.children()[:3])
    assert [c.label() for c in areas.renderer().categories()] == ["truck", "car"]
    shader = confidence.renderer()
    assert (shader.classificationMin(), shader.classificationMax()) == (0.0, 1.0)
    assert confidence.metadata().abstract() == "How sure the model Land Cover is of each pixel's class in image."
    said = confidence.metadata().history()
    assert "Copied for the run: parcels. Save it as a file and name that to repeat the run." in said
    assert any(f"--confidence={confidence.source()}" in line for line in said)


def test_objects_are_a_styled_vector_layer_and_are_counted(opened, polygons, wait):  # noqa: F811
    shown = opened(
        of_task("object-detection", "cars", "Cars"),
        answers={"run": {"kind": "vector", "classes": OBJECTS}},
        files={"run": {"output": str(polygons)}},
    )
    first = run(shown, wait)[0].layer()
    assert isinstance(first, QgsVectorLayer) and first.name() == "Cars - image" and first.featureCount() == 2
    assert first.source().split("|")[0].endswith("objects.gpkg")
    assert [(c.label(), c.symbol().color().name()) for c in first.renderer().categories()] == [
        ("truck", "#228833"),
        ("car", "#4477aa"),
    ]
    assert first.metadata().abstract() == "Objects that the model Cars found in image."
    assert any("mlm-runner run" in line for line in first.metadata().history())
    assert shown.run_step.statusLabel.text() == "Last run: car 12, truck 3"


def test_a_result_that_is_gone_is_said(qgis, tmp_path):
    done = {"output": str(tmp_path / "gone.tif"), "classes": CLASSES}
    with pytest.raises(RasterUnreadable, match="gone.tif can't be opened"):
        result.load(result.Run(done, {"model": "m", "rasters": [], "output": ""}, "M", "image"))


def test_layers_whose_source_is_gone_come_on_top(qgis, rasters):
    QgsProject.instance().addMapLayer(QgsRasterLayer(str(rasters), "other"))
    layer_tree.add([QgsRasterLayer(str(rasters), "new")], "no such layer", "group")
    assert [node.name() for node in QgsProject.instance().layerTreeRoot().children()] == ["new", "other"]


@pytest.mark.parametrize(
    ("done", "said"),
    [
        ({"classes": CLASSES}, "Forest 75.0 %, Water 25.0 %"),
        ({"kind": "raster", "classes": []}, "no pixel has a class"),
        ({"kind": "vector", "classes": OBJECTS}, "car 12, truck 3"),
        ({"kind": "vector", "classes": [{"name": "car", "count": 0}]}, "no object was found"),
        (
            {"kind": "vector", "classes": [{"name": name, "count": 9 - n} for n, name in enumerate("abcdef")]},
            "a 9, b 8, c 7, d 6, 2 more 9",
        ),
    ],
)
def test_a_line_says_what_was_found(done, said):
    assert history.summary(done) == said


def test_the_command_line_repeats_every_wish():
    params = {
        "model": "a b.json",
        "rasters": ["in.tif"],
        "output": "out.tif",
        "bands": {"nir": "4"},
        "units": "-1000/10000",
        "resolution": "model",
        "mask": "p.gpkg|layername=x",
        "min_area": 100.0,
        "overlap": 0.0,
        "iou": None,
        "skip_functions": True,
    }
    assert history.command_line(params) == (
        "mlm-runner run 'a b.json' in.tif -o out.tif --band nir=4 --units=-1000/10000 --resolution=model "
        "'--mask=p.gpkg|layername=x' --overlap=0.0 --min-area=100.0 --skip-functions"
    )


def test_gdal_reads_what_the_fixtures_write(polygons):
    assert gdal.OpenEx(str(polygons)).GetLayer(0).GetFeatureCount() == 2
