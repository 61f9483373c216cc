"""More outputs and options: what is offered for which model, what is kept, what reaches the engine, how it looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorFileWriter, QgsVectorLayer
from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QPushButton

from mlm_runner.ui.output_file import POLYGONS, RASTER
from mlm_runner.ui.run_options import CLASSES, NUMBERS, OBJECTS, Extras, Tuning, wanted

from .conftest import settle
from .items import answer, described, item, of_task
from .test_dock import dock, pick  # noqa: F401  (dock is a fixture)
from .test_main_job import picture

LAND = item()
CARS = of_task("object-detection", "cars", "Cars")
HEIGHT = of_task("regression", "height", "Height", classes=())
EVERYTHING = (
    Extras("a.tif", "b.tif", "c.gpkg", min_area=100.0, simplify=1.0),
    Tuning(threshold=0.4, iou=0.5, tile=256, overlap=0.0, merge="crop"),
)
WORK = {"tile", "overlap"}


@pytest.fixture
def parcels(qgis) -> QgsVectorLayer:
    """Polygons in memory alone, in degrees, over the left half of the tests' raster."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=id:integer", "parcels", "memory")
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(-79.9, 36.1, -79.883, 36.2)))
    layer.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def opened(dock, raster, show, wait):  # noqa: F811
    """The dock on a layer that every one of three models fits."""

    def open_dock(*models, **script):
        layer = raster({"red": 2000, "nir": 3000})
        shown = dock(answer(*models), described({"red": 2000, "nir": 3000}), **script)
        show(layer)
        wait(lambda: shown.session.raster and shown.run_step.runButton.isEnabled())
        return shown

    return open_dock


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            CLASSES,
            WORK | {"confidence", "probabilities", "vector", "min_area", "simplify", "threshold", "merge"},
        ),
        (NUMBERS, WORK | {"merge"}),
        (OBJECTS, WORK | {"threshold", "iou"}),
    ],
)
def test_only_what_makes_sense_for_a_kind_of_result_is_said(kind, said):
    assert set(wanted(*EVERYTHING, kind)) == said


def test_nothing_wished_for_says_nothing():
    assert wanted(Extras(), Tuning(), CLASSES) == {}


def test_polygons_that_are_not_wanted_have_no_minimum_area():
    assert wanted(Extras(min_area=100.0, simplify=2.0), Tuning(), CLASSES) == {}


@pytest.mark.parametrize(
    ("formats", "given", "named"),
    [
        (RASTER, "a", "a.tif"),
        (RASTER, "a.b", "a.b.tif"),
        (RASTER, "a.TIFF", "a.TIFF"),
        (RASTER, "a.gpkg", "a.tif"),
        (RASTER, "", ""),
        (POLYGONS, "a.tif", "a.gpkg"),
        (POLYGONS, "a.geojson", "a.geojson"),
    ],
)
def test_a_file_gets_the_ending_of_what_is_written(formats, given, named):
    assert formats.named(given) == named


def test_only_what_makes_sense_for_the_model_can_be_chosen(opened):
    shown = opened(LAND, CARS, HEIGHT)
    form = shown.options.form
    names = (
        "confidenceCheck",
        "probabilitiesCheck",
        "vectorCheck",
        "thresholdSpin",
        "iouSpin",
        "mergeCombo",
        "tileSpin",
    )
    can = {
        "Land Cover": (True, True, True, True, False, True, True),
        "Cars": (False, False, False, True, True, False, True),
        "Height": (False, False, False, False, False, True, True),
    }
    for title, expected in can.items():
        pick(shown, title)
        assert tuple(getattr(form, name).isEnabled() for name in names) == expected, title
        assert form.maskCombo.isEnabled() and form.resolutionCombo.isEnabled()


def test_a_file_is_asked_for_only_where_it_is_wanted(opened):
    form = opened(LAND).options.form
    assert not form.vectorFile.isEnabled() and not form.minAreaSpin.isEnabled()
    form.vectorCheck.setChecked(True)
    assert form.vectorFile.isEnabled() and form.minAreaSpin.isEnabled() and form.simplifySpin.isEnabled()
    assert not form.confidenceFile.isEnabled()


def test_the_output_of_a_model_that_finds_objects_is_a_geopackage(opened):
    shown = opened(LAND, CARS)
    output: QgsFileWidget = shown.run_step.outputFile
    pick(shown, "Land Cover")
    assert output.filter() == "GeoTIFF (*.tif *.tiff)" and shown.run_step._output().endswith("classes.tif")
    pick(shown, "Cars")
    assert output.filter().startswith("GeoPackage (*.gpkg)") and shown.run_step._output().endswith("objects.gpkg")


def test_tuning_is_kept_for_each_model_and_extras_for_all(opened):
    shown = opened(LAND, CARS)
    form = shown.options.form
    pick(shown, "Cars")
    form.thresholdSpin.setValue(0.7)
    form.minAreaSpin.setValue(500)
    pick(shown, "Land Cover")
    assert form.thresholdSpin.value() == 0.0 and form.minAreaSpin.value() == 500
    pick(shown, "Cars")
    assert form.thresholdSpin.value() == pytest.approx(0.7)
    assert shown.wishes.params() == {"threshold": pytest.approx(0.7)}


def test_the_items_own_threshold_is_said_where_none_is_chosen(opened):
    own = item(**{"mlm:hyperparameters": {"threshold": 0.35}})
    shown = opened(own)
    assert shown.options.form.thresholdSpin.text() == "Model's Own (0.35)"
    assert shown.wishes.params() == {}


def test_defaults_come_back(opened, parcels):
    shown = opened(LAND)
    form = shown.options.form
    form.confidenceCheck.setChecked(True)
    form.maskCombo.setLayer(parcels)
    form.overlapSpin.setValue(0)
    assert shown.run_step.wishesLabel.text() == "Confidence, tile overlap 0 %, mask parcels"
    shown.options.restoreButton.click()
    assert shown.wishes.params() == {} and shown.wishes.mask is None
    assert not form.confidenceCheck.isChecked() and form.overlapSpin.text() == "Automatic"
    assert form.maskCombo.currentLayer() is None
    assert not shown.run_step.wishesLabel.isVisible()


def test_a_mask_that_leaves_the_project_is_let_go(opened, parcels):
    shown = opened(LAND)
    shown.options.form.maskCombo.setLayer(parcels)
    QgsProject.instance().removeMapLayer(parcels.id())
    assert shown.wishes.mask is None and shown.wishes.summary() == ""


def test_a_coarser_resolution_is_less_work(opened):
    shown = opened(item(gsd=60.0))
    form = shown.options.form
    assert [form.resolutionCombo.itemText(n) for n in range(3)] == ["Layer's Own (30 m)", "Model's (60 m)", "Chosen"]
    assert shown.run_step.extent.megapixels() == pytest.approx(0.0012)
    form.resolutionCombo.setCurrentIndex(1)
    form.resolutionCombo.activated.emit(1)
    assert shown.run_step.extent.megapixels() == pytest.approx(0.0012 / 4)
    form.resolutionCombo.setCurrentIndex(2)
    form.resolutionCombo.activated.emit(2)
    assert form.resolutionSpin.value() == 30.0
    form.resolutionSpin.setValue(15.0)
    assert shown.run_step.extent.megapixels() == pytest.approx(0.0012 * 4)
    assert shown.wishes.params() == {"resolution": 15.0}


def test_another_resolution_is_doubted_and_resampling_is_one_click(opened, wait):
    fine = item("fine", "Fine", gsd=10.0)
    shown = opened(fine)
    wait(lambda: shown.session._file_check._answers, what="the engine's check")
    assert shown.session.fit.state == "look"
    assert "made for pixels of 10 m, and gets pixels of 30 m" in shown.layer_step.findings.texts()[0]
    buttons = shown.layer_step.findings.findChildren(QPushButton, "remedyButton")
    (button,) = [b for b in buttons if b.text() == "Resample to 10 m"]
    button.click()
    wait(lambda: any(q.resolution == "model" for q in shown.session._file_check._answers), what="the next check")
    assert shown.session.fit.state == "fits", shown.session.fit.findings
    assert shown.wishes.params() == {"resolution": "model"}
    assert shown.run_step.wishesLabel.text() == "Resolution of the model"
    assert shown.options.form.resolutionCombo.currentText() == "Model's (10 m)"
    assert shown._engine.asked("check")[-1]["resolution"] == "model"


def test_wishes_reach_the_engine_in_its_words(opened, parcels, tmp_path, wait):
    shown = opened(LAND, errors={"run": ["DoesNotFit", "Enough."]})
    form = shown.options.form
    form.confidenceCheck.setChecked(True)
    form.vectorCheck.setChecked(True)
    form.vectorFile.setFilePath(str(tmp_path / "areas.geojson"))
    form.minAreaSpin.setValue(900)
    form.tileSpin.setValue(256)
    form.overlapSpin.setValue(25)
    form.mergeCombo.setCurrentIndex(2)
    form.mergeCombo.activated.emit(2)
    form.maskCombo.setLayer(parcels)
    shown.run_step.runButton.click()
    wait(lambda: shown.run_step.job is None)
    (asked,) = shown._engine.asked("run")
    said = {word: asked[word] for word in ("vector", "min_area", "tile", "overlap", "merge")}
    assert said == {
        "vector": str(tmp_path / "areas.geojson"),
        "min_area": 900.0,
        "tile": 256,
        "overlap": 0.25,
        "merge": "crop",
    }
    assert asked["confidence"].endswith("confidence.tif") and "probabilities" not in asked and "iou" not in asked
    assert Path(asked["mask"]).name == "mask.gpkg" and not Path(asked["mask"]).exists()
    assert list((shown._engine.home / "scratch").iterdir()) == []


def test_a_mask_in_a_file_is_read_where_it_is(opened, parcels, tmp_path, wait):
    path = str(tmp_path / "parcels.gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.layerName = "fields"
    QgsVectorFileWriter.writeAsVectorFormatV3(parcels, path, QgsProject.instance().transformContext(), options)
    layer = QgsVectorLayer(f"{path}|layername=fields", "in a file")
    QgsProject.instance().addMapLayer(layer)
    shown = opened(LAND, errors={"run": ["DoesNotFit", "Enough."]})
    shown.options.form.maskCombo.setLayer(layer)
    shown.run_step.runButton.click()
    wait(lambda: shown.run_step.job is None)
    assert shown._engine.asked("run")[0]["mask"] == f"{path}|layername=fields"


def test_a_mask_beside_the_extent_is_said_and_nothing_runs(opened, parcels, wait, iface):
    parcels.dataProvider().truncate()
    shown = opened(LAND)
    shown.options.form.maskCombo.setLayer(parcels)
    shown.run_step.runButton.click()
    wait(lambda: shown.run_step.job is None)
    assert "No polygon of the mask 'parcels' lies within the extent" in shown.run_step.statusLabel.text()
    assert shown.run_step.runButton.isEnabled()


@pytest.mark.parametrize(("width", "height", "name"), [(300, 900, "options_high"), (900, 300, "options_wide")])
def test_all_options_are_seen_at_once(opened, parcels, wait, width, height, name):
    shown = opened(LAND)
    shown.setFloating(True)
    shown.resize(width, height)
    wait(lambda: (shown.width(), shown.height()) == (width, height))
    form = shown.options.form
    form.vectorCheck.setChecked(True)
    form.maskCombo.setLayer(parcels)
    form.resolutionCombo.setCurrentIndex(2)
    form.resolutionCombo.activated.emit(2)
    settle(20)
    assert not shown._scroll.verticalScrollBar().isVisible()
    shown.run_step.optionsButton.click()
    settle(20)
    picture(shown, name)
    boxes = (form.outputsBox, form.processingBox, form.tilesBox)
    assert all(box.visibleRegion().boundingRect().size() == box.size() for box in boxes)
    assert shown.options.restoreButton.isVisible()
    shown._panels.acceptCurrentPanel()
    assert shown.run_step.runButton.isVisible()
    shown.run_step.optionsButton.click()
    assert form.vectorCheck.isVisible() and form.vectorCheck.isChecked()
