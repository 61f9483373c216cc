"""Models that are fed from several layers: by the true engine, the same in the dock and in Processing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Callable

import pytest
from osgeo import gdal, osr
from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QPushButton

from mlm_runner.core.mlm.raster import RasterBand, RasterInfo
from mlm_runner.ui.stack import by_file, combined, moved, name_of

from .conftest import RUNTIME, SCREENSHOTS, pixels, settle
from .items import item
from .test_dock import choose, pick
from .test_processing import run  # noqa: F401  (a fixture)
from .test_true_options import made

ORDER = ["batch", "bands", "height", "width"]


@pytest.fixture
def joined(tmp_path) -> Callable[..., Path]:
    """Write a true model of several inputs; `weights` has a list for each class, a number for each band of all."""

    def make(id: str, title: str, inputs: dict[str, list[str]], weights: list[list[float]]) -> Path:
        said = item(id, title)
        said["properties"]["mlm:input"] = [
            {
                "name": name,
                "bands": bands,
                "input": {"shape": [-1, len(bands), -1, -1], "dim_order": ORDER, "data_type": "float32"},
            }
            for name, bands in inputs.items()
        ]
        script = Path(__file__).with_name("make_joined.py")
        counts = json.dumps({name: len(bands) for name, bands in inputs.items()})
        command = [str(RUNTIME), str(script), str(tmp_path / f"{id}.onnx"), counts, json.dumps(weights)]
        subprocess.run(command, check=True)
        path = tmp_path / f"{id}.json"
        path.write_text(json.dumps(said))
        return path

    return make


@pytest.fixture
def split(tmp_path, qgis) -> Callable[..., QgsRasterLayer]:
    """Make a layer of named bands that have one value in the left half and another in the right one."""

    def make(bands: dict[str, tuple[int, int]], name: str, size: int = 30, epsg: int = 32617) -> QgsRasterLayer:
        path, width, height = str(tmp_path / f"{name}.tif"), 1200 // size, 900 // size
        dataset = gdal.GetDriverByName("GTiff").Create(path, width, height, len(bands), gdal.GDT_Byte)
        dataset.SetGeoTransform((600000, size, 0, 4000000, 0, -size))
        system = osr.SpatialReference()
        system.ImportFromEPSG(epsg)
        dataset.SetProjection(system.ExportToWkt())
        for number, (band, (left, right)) in enumerate(bands.items(), 1):
            row = bytes([left]) * (width // 2) + bytes([right]) * (width // 2)
            dataset.GetRasterBand(number).SetDescription(band)
            dataset.GetRasterBand(number).WriteRaster(0, 0, width, height, row * height)
        dataset = None
        layer = QgsRasterLayer(path, name)
        QgsProject.instance().addMapLayer(layer)
        return layer

    return make


@pytest.fixture
def terrain(joined) -> Path:
    """Forest where red, Water where the height is the larger number."""
    return joined("terrain", "Terrain", {"rgb": ["red", "nir"], "dem": ["dem"]}, [[1, 0, 0], [0, 0, 1]])


@pytest.fixture
def change(joined) -> Path:
    """Forest where red was larger before, Water where it is larger afterwards."""
    inputs = {"before": ["red", "nir"], "after": ["red", "nir"]}
    return joined("change", "Change", inputs, [[1, 0, 0, 0], [0, 0, 1, 0]])


def open_on(dock, layer, title, show, wait) -> None:
    show(layer)
    dock.layer_step.layerCombo.setLayer(layer)
    pick(dock, title)
    dock.run_step.extentCombo.setCurrentIndex(1)
    wait(lambda: dock.session.raster, what="what the layer is")


def check(dock, *names: str) -> None:
    """Check layers in the panel, as a user does, in the order of the list."""
    rows = dock.more_layers.list
    for name in names:
        (one,) = rows.findItems(name, Qt.MatchFlag.MatchExactly)
        one.setCheckState(Qt.CheckState.Checked)
    settle()


def table(dock) -> list[tuple[str, str, str]]:
    rows = dock.layer_step.bandTable
    combos = dock.layer_step._bands.combos
    return [(rows.item(r, 0).text(), combos[r].currentText(), rows.item(r, 2).text()) for r in range(rows.rowCount())]


def runnable(dock, wait) -> None:
    wait(lambda: dock.run_step.runButton.isEnabled(), what="Run is offered")
    wait(lambda: dock.session._file_check._answers, what="the engine's check")
    assert dock.session.fit.fits, dock.layer_step.findings.texts()


def test_an_image_and_coarser_elevation(true_dock, run, engine, terrain, split, show, wait, tmp_path):  # noqa: F811
    image, dem = split({"red": (100, 100), "nir": (50, 50)}, "image"), split({"dem": (10, 200)}, "dem", size=60)
    dock = true_dock(terrain)
    open_on(dock, image, "Terrain", show, wait)
    wait(lambda: dock.session.fit is not None)
    assert not dock.session.fit.fits and not dock.run_step.runButton.isEnabled()
    check(dock, "dem")
    runnable(dock, wait)
    assert dock.layer_step.moreLabel.text() == "+ dem"
    assert table(dock) == [
        ("red", "image: red", "name"),
        ("nir", "image: nir", "name"),
        ("dem", "dem: dem", "name"),
    ]
    assert "10 to 200" in dock.layer_step._bands.combos[2].toolTip()
    (layer,) = made(dock, wait).values()
    assert layer.name() == "Terrain - image + dem" and layer.extent() == image.extent()
    # Height is interpolated to 57.5 and 152.5 in the two middle columns: red, 100, lies between.
    assert pixels(layer.source()) == [[1] * 20 + [2] * 20] * 30

    out = str(tmp_path / "out.tif")
    _, ok, feedback, _ = run(engine, INPUT=image, MORE_LAYERS=[dem], MODEL=str(terrain), OUTPUT=out)
    assert ok, feedback.errors
    assert pixels(out) == pixels(layer.source())
    assert QgsRasterLayer(out).extent() == layer.extent()


def test_two_images_in_their_order(true_dock, run, engine, change, split, show, wait, tmp_path):  # noqa: F811
    first = split({"red": (100, 100), "nir": (50, 50)}, "t1")
    second = split({"red": (150, 10), "nir": (50, 50)}, "t2")
    dock = true_dock(change)
    open_on(dock, first, "Change", show, wait)
    check(dock, "t2")
    runnable(dock, wait)
    assert table(dock) == [
        ("before.red", "t1: red", "name"),
        ("before.nir", "t1: nir", "name"),
        ("after.red", "t2: red", "name"),
        ("after.nir", "t2: nir", "name"),
    ]
    assert any("in the order of the layers: t1.tif, t2.tif" in text for text in dock.layer_step.findings.texts())
    (layer,) = made(dock, wait).values()
    assert pixels(layer.source()) == [[2] * 20 + [1] * 20] * 30

    out = str(tmp_path / "out.tif")
    named = {"MODEL": str(change), "OUTPUT": out}
    _, ok, feedback, _ = run(engine, INPUT=first, MORE_LAYERS=[second.id()], **named)
    assert ok, feedback.errors
    assert pixels(out) == pixels(layer.source())
    _, ok, feedback, _ = run(engine, INPUT=second, MORE_LAYERS=first.source(), **named)
    assert ok, feedback.errors
    assert pixels(out) == [[1] * 20 + [2] * 20] * 30


def test_a_band_by_hand_for_the_second_image(true_dock, run, engine, change, split, show, wait, tmp_path):  # noqa: F811
    first = split({"red": (100, 100), "nir": (50, 50)}, "t1")
    second = split({"red": (150, 10), "nir": (0, 255)}, "t2")
    dock = true_dock(change)
    open_on(dock, first, "Change", show, wait)
    check(dock, "t2")
    wait(lambda: dock.session.fit is not None and dock.session.fit.fits)
    choose(dock.layer_step._bands.combos[2], "t2: nir")
    choose(dock.layer_step._bands.combos[3], "t2: red")
    assert dock.session.choice.bands == {"after.red": "4", "after.nir": "3"}
    runnable(dock, wait)
    (layer,) = made(dock, wait).values()
    assert pixels(layer.source()) == [[1] * 20 + [2] * 20] * 30
    assert any(f"after.red={second.source()}:2" in line for line in layer.metadata().history())

    out = str(tmp_path / "out.tif")
    by_hand = {"BANDS": "after.red=4, after.nir=3", "OUTPUT": out}
    _, ok, feedback, _ = run(engine, INPUT=first, MORE_LAYERS=[second], MODEL=str(change), **by_hand)
    assert ok, feedback.errors
    assert pixels(out) == pixels(layer.source())


def test_layers_that_are_no_files_are_copied(true_dock, run, engine, terrain, split, show, wait, tmp_path):  # noqa: F811
    image, dem = split({"red": (100, 100), "nir": (50, 50)}, "image"), split({"dem": (10, 200)}, "dem", size=60)
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/heights.tif", gdal.Open(dem.source()))
    inside = QgsRasterLayer("/vsimem/heights.tif", "heights")
    QgsProject.instance().addMapLayer(inside)
    dock = true_dock(terrain)
    open_on(dock, image, "Terrain", show, wait)
    check(dock, "heights")
    choose(dock.layer_step._bands.combos[2], "heights: dem")
    wait(lambda: dock.run_step.runButton.isEnabled(), what="Run is offered")
    (layer,) = made(dock, wait).values()
    assert pixels(layer.source()) == [[1] * 20 + [2] * 20] * 30
    assert any(line.startswith("Copied for the run: heights") for line in layer.metadata().history())

    out = str(tmp_path / "out.tif")
    _, ok, feedback, _ = run(engine, INPUT=image, MORE_LAYERS=[inside], MODEL=str(terrain), OUTPUT=out)
    assert ok, feedback.errors
    assert pixels(out) == pixels(layer.source())
    QgsProject.instance().removeMapLayer(inside.id())
    gdal.Unlink("/vsimem/heights.tif")


def test_the_order_can_be_changed_and_is_kept_with_the_model(true_dock, change, joined, split, show, wait):
    dates = joined("dates", "Dates", {"series": ["red", "red", "red"]}, [[1, 0, 0], [0, 0, 1]])
    first, *_ = [split({"red": (n, n), "nir": (n, n)}, f"t{n}") for n in (1, 2, 3)]
    dock = true_dock(change, dates)
    open_on(dock, first, "Dates", show, wait)
    check(dock, "t2", "t3")
    wait(lambda: dock.session.fit is not None)
    before = [row[1] for row in table(dock)]
    rows = dock.more_layers.list
    rows.setCurrentRow(0)
    assert not dock.more_layers.upButton.isEnabled()
    dock.more_layers.downButton.click()
    settle()
    assert before == ["t1: red", "t2: red", "t3: red"]
    assert [row[1] for row in table(dock)] == ["t1: red", "t3: red", "t2: red"]
    label = dock.layer_step.moreLabel.text()
    assert label == "+ t3, t2"
    pick(dock, "Change")
    assert dock.layer_step.moreLabel.isHidden()
    pick(dock, "Dates")
    assert dock.layer_step.moreLabel.text() == label


def test_a_removed_layer_leaves_the_stack_and_the_bands_of_the_others_stay(true_dock, change, split, show, wait):
    first, *others = [split({"a": (n, n), "b": (n, n)}, f"t{n}") for n in (1, 2, 3)]
    dock = true_dock(change)
    open_on(dock, first, "Change", show, wait)
    dock.session.set_more([layer.id() for layer in others])
    wait(lambda: dock.session.raster and len(dock.session.raster.bands) == 6)
    dock.session.map_band("before.red", "2")
    dock.session.map_band("after.red", "6")
    dock.session.map_band("after.nir", "3")
    QgsProject.instance().removeMapLayer(others[0].id())
    settle()
    assert dock.layer_step.moreLabel.text() == "+ t3"
    assert dock.session.choice.bands == {"before.red": "2", "after.red": "4"}


def test_what_is_missing_offers_the_panel_of_layers(true_dock, terrain, split, show, wait):
    image = split({"red": (100, 100), "nir": (50, 50)}, "image")
    dock = true_dock(terrain)
    open_on(dock, image, "Terrain", show, wait)
    wait(lambda: dock.session.fit is not None)
    settle()
    assert "&Add More Layers…" not in buttons(dock)
    split({"dem": (10, 200)}, "dem")
    wait(lambda: "&Add More Layers…" in buttons(dock), what="the remedy")
    next(b for b in dock.layer_step.findings.findChildren(QPushButton) if "More" in b.text()).click()
    assert dock._panels.currentPanel() is dock.more_layers
    check(dock, "dem")
    wait(lambda: dock.more_layers.stateLabel.text() == "Fits", what="how it fits now")


def buttons(dock) -> list[str]:
    return [button.text() for button in dock.layer_step.findings.findChildren(QPushButton, "remedyButton")]


def test_a_narrow_dock_shows_all_steps_with_layers_behind(true_dock, change, split, show, wait):
    first, second = [
        split({"red": (n, n), "nir": (n, n)}, name) for n, name in ((1, "spring_2020"), (2, "spring_2024"))
    ]
    dock = true_dock(change)
    open_on(dock, first, "Change", show, wait)
    dock.session.set_more([second.id()])
    dock.setFloating(True)
    dock.resize(300, 900)
    wait(lambda: (dock.width(), dock.height()) == (300, 900))
    runnable(dock, wait)
    settle(20)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    assert dock.grab().save(str(SCREENSHOTS / "more_layers_300x900.png"))
    assert not dock._scroll.verticalScrollBar().isVisible()
    assert not dock._scroll.horizontalScrollBar().isVisible()
    dock.layer_step.moreButton.click()
    settle(20)
    assert dock.grab().save(str(SCREENSHOTS / "more_layers_panel_300x900.png"))


def test_a_file_that_qgis_cant_load_is_not_left_out_silently(run, engine, terrain, split, tmp_path):  # noqa: F811
    image, out = split({"red": (100, 100), "nir": (50, 50)}, "image"), str(tmp_path / "out.tif")
    _, ok, feedback, _ = run(engine, INPUT=image, MORE_LAYERS=["/no/dem.tif"], MODEL=str(terrain), OUTPUT=out)
    assert not ok and not Path(out).exists()
    assert "/no/dem.tif" in " ".join(feedback.errors)


def bands(file: str, *names: str, metres: float = 10.0) -> RasterInfo:
    made = tuple(RasterBand(file, n, name, resolution_m=metres) for n, name in enumerate(names, 1))
    return RasterInfo(made, 10, 10, (metres, 0, 0, 0, -metres, 0), "EPSG:32617", metres, source=file)


def test_a_stack_has_the_first_ones_place_and_the_finest_pixels():
    stack = combined([bands("a.tif", "red", metres=30.0), bands("b.tif", "nir"), bands("a.tif", "red")])
    assert [(band.file, band.name) for band in stack.bands] == [("a.tif", "red"), ("b.tif", "nir")]
    assert stack.source == "a.tif" and stack.resolution_m == 10.0


def test_a_band_by_hand_stays_with_its_layer():
    one, two = bands("a.tif", "x", "y"), bands("b.tif", "x", "y")
    assert moved({"red": "2", "nir": "3"}, combined([one, two]), combined([two, one])) == {"red": "4", "nir": "1"}
    assert moved({"red": "2", "nir": "3"}, combined([one, two]), one) == {"red": "2"}


def test_a_copy_stands_for_its_layer():
    stack = combined([bands("a.tif", "x"), bands("id/tiles", "red", "green")])
    said = by_file({"red": "2", "nir": "1"}, stack, {"id/tiles": "/tmp/2-tiles.tif"})
    assert said == {"red": "/tmp/2-tiles.tif:1", "nir": "a.tif:1"}


def test_a_long_stack_has_a_short_name():
    assert name_of(["a", "b"]) == "a + b" and name_of(["a", "b", "c", "d"]) == "a + 3 more"
