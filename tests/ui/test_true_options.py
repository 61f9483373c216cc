"""Mask, resolution, further outputs and objects by the true engine, the same in the dock and in Processing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer

from .conftest import RUNTIME, pixels
from .items import of_task
from .test_dock import pick
from .test_processing import run  # noqa: F401  (a fixture)

TITLE = "Which Is Brighter"
OBJECTS = ([4, 4, 12, 10, 0.9, 0], [20, 16, 28, 24, 0.6, 1])
"""In pixels of 30 m from the corner at 600000, 4000000."""
BOXES = {
    "truck": QgsRectangle(600120, 3999700, 600360, 3999880),
    "car": QgsRectangle(600600, 3999280, 600840, 3999520),
}


@pytest.fixture
def middle(qgis) -> QgsVectorLayer:
    """A mask in memory, of the columns 10 to 29 and the rows 0 to 19 of the layer of two halves."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32617", "middle", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(600300, 3999400, 600900, 4000000)))
    layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def detector(tmp_path) -> Path:
    """A true model that finds a truck and a car."""
    item = of_task("object-detection", "things", "Things", classes=((0, "truck", "228833"), (1, "car", "4477AA")))
    given, given_back = (item["properties"][f"mlm:{word}put"][0] for word in ("in", "out"))
    given["input"]["shape"] = [1, 2, 32, 32]
    given_back["result"] = {"shape": [1, 2, 6], "dim_order": ["batch", "box", "value"], "data_type": "float32"}
    script = Path(__file__).with_name("make_detector.py")
    command = [str(RUNTIME), str(script), str(tmp_path / "things.onnx"), "32", "2", json.dumps(OBJECTS)]
    subprocess.run(command, check=True)
    path = tmp_path / "things.json"
    path.write_text(json.dumps(item))
    return path


@pytest.fixture
def square(raster) -> QgsRasterLayer:
    return raster({"red": 100, "nir": 50}, "square", width=32, height=32)


def ready(dock, layer, title, show, wait) -> None:
    show(layer)
    dock.layer_step.layerCombo.setLayer(layer)
    pick(dock, title)
    dock.run_step.extentCombo.setCurrentIndex(1)
    wait(lambda: dock.run_step.runButton.isEnabled(), what="Run is offered")


def made(dock, wait) -> dict[str, object]:
    """Press Run and return the new layers by name."""
    before = set(QgsProject.instance().mapLayers())
    dock.run_step.runButton.click()
    wait(lambda: dock.run_step.job is None, 60, "the end of the run")
    new = set(QgsProject.instance().mapLayers()) - before
    assert new, dock.run_step.statusLabel.text()
    return {QgsProject.instance().mapLayer(id).name(): QgsProject.instance().mapLayer(id) for id in new}


def areas(layer: QgsVectorLayer) -> dict[str, float]:
    return {feature["class"]: feature.geometry().area() for feature in layer.getFeatures()}


def test_a_mask_and_further_outputs(true_dock, run, engine, brighter, halves, middle, show, wait, tmp_path):  # noqa: F811
    dock = true_dock(brighter)
    ready(dock, halves, TITLE, show, wait)
    form = dock.options.form
    for check in (form.confidenceCheck, form.vectorCheck, form.probabilitiesCheck):
        check.setChecked(True)
    form.maskCombo.setLayer(middle)
    layers = made(dock, wait)
    assert set(layers) == {
        f"{TITLE} - halves", f"Confidence: {TITLE}", f"Probabilities: {TITLE}", f"Polygons: {TITLE}",
    }  # fmt: skip
    classes = layers[f"{TITLE} - halves"]
    inside, outside = [255] * 10 + [1] * 10 + [2] * 10 + [255] * 10, [255] * 40
    nodata = classes.dataProvider().sourceNoDataValue(1)
    expected = [[int(nodata) if v == 255 else v for v in row] for row in [inside] * 20 + [outside] * 10]
    assert pixels(classes.source()) == expected
    # Ten columns of twenty pixels of 30 m each.
    assert areas(layers[f"Polygons: {TITLE}"]) == {"Forest": 180000.0, "Water": 180000.0}
    labels = [c.label() for c in layers[f"Polygons: {TITLE}"].renderer().categories()]
    assert [label for label in labels if label] == ["Forest", "Water"]
    # The network gives 100 and 50 where red is brighter: softmax leaves nothing to the other class.
    confidence = layers[f"Confidence: {TITLE}"].dataProvider()
    assert confidence.sample(QgsGeometry.fromWkt("POINT(600400 3999500)").asPoint(), 1)[0] == pytest.approx(1.0)
    assert not confidence.sample(QgsGeometry.fromWkt("POINT(600015 3999985)").asPoint(), 1)[1]
    assert layers[f"Probabilities: {TITLE}"].bandCount() == 2

    out, polygons = str(tmp_path / "out.tif"), str(tmp_path / "out.gpkg")
    parameters = {"INPUT": halves, "MODEL": str(brighter), "MASK": middle, "OUTPUT": out, "VECTOR": polygons}
    _, ok, feedback, _ = run(engine, **parameters)
    assert ok, feedback.errors
    assert pixels(out) == expected
    assert areas(QgsVectorLayer(polygons)) == {"Forest": 180000.0, "Water": 180000.0}


def test_a_coarser_resolution(true_dock, run, engine, brighter, halves, show, wait, tmp_path):  # noqa: F811
    dock = true_dock(brighter)
    ready(dock, halves, TITLE, show, wait)
    dock.options.form.resolutionCombo.setCurrentIndex(2)
    dock.options.form.resolutionCombo.activated.emit(2)
    dock.options.form.resolutionSpin.setValue(60.0)
    (layer,) = made(dock, wait).values()
    assert layer.rasterUnitsPerPixelX() == 60.0 and layer.extent() == halves.extent()
    assert pixels(layer.source()) == [[1] * 10 + [2] * 10] * 15
    out = str(tmp_path / "out.tif")
    _, ok, feedback, _ = run(engine, INPUT=halves, MODEL=str(brighter), RESOLUTION="60", OUTPUT=out)
    assert ok, feedback.errors
    assert pixels(out) == pixels(layer.source())


def test_objects(true_dock, run, engine, detector, square, show, wait, tmp_path):  # noqa: F811
    dock = true_dock(detector)
    ready(dock, square, "Things", show, wait)
    (layer,) = made(dock, wait).values()
    assert layer.name() == "Things - square" and layer.source().split("|")[0].endswith(".gpkg")
    assert {f["class"]: f.geometry().boundingBox() for f in layer.getFeatures()} == BOXES
    assert [c.label() for c in layer.renderer().categories() if c.label()] == ["truck", "car"]
    assert dock.run_step.statusLabel.text() == "Last run: truck 1, car 1"

    out = str(tmp_path / "out.gpkg")
    parameters = {"INPUT": square, "MODEL": str(detector), "OUTPUT": out, "THRESHOLD": 0.7}
    _, ok, feedback, _ = run(engine, algorithm="detect", **parameters)
    assert ok, feedback.errors
    boxes = {f["class"]: f.geometry().boundingBox() for f in QgsVectorLayer(out).getFeatures()}
    assert boxes == {"truck": BOXES["truck"]}


def test_a_further_output_that_can_not_be_written_is_said_and_nothing_is_left(
    true_dock, brighter, halves, show, wait, iface, tmp_path
):
    dock = true_dock(brighter)
    ready(dock, halves, TITLE, show, wait)
    form = dock.options.form
    form.confidenceCheck.setChecked(True)
    form.confidenceFile.setFilePath(str(tmp_path / "nowhere" / "confidence.tif"))
    dock.run_step.outputFile.setFilePath(str(tmp_path / "classes.tif"))
    dock.run_step.runButton.click()
    wait(lambda: dock.run_step.job is None, 60, "the end of the run")
    (sentence,) = iface.messages()
    assert "nowhere" in sentence and dock.run_step.statusLabel.text() == sentence
    assert not (tmp_path / "classes.tif").exists()
