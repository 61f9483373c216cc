"""The main job as a user does it: a Landsat image, zoom, search, pick, run, and look at the layer. Leaves
screenshots."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from qgis.core import QgsContrastEnhancement, QgsMultiBandColorRenderer, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

import mlm_runner

from .conftest import RUNTIME, SCREENSHOTS, TOP, pixels, settle
from .test_dock import pick, rows

pytestmark = [pytest.mark.slow, pytest.mark.network]

ITEM = json.loads((TOP / "resources" / "catalog" / "landcover-landsat7.json").read_text())
CLASSES = [
    (c["value"], c.get("title") or c["name"], f"#{c['color_hint'].lower()}")
    for c in ITEM["properties"]["mlm:output"][0]["classification:classes"]
]
NORTH_WEST = QgsRectangle(632000, 222000, 638000, 227000)
"""A part of the scene, in its own coordinates (EPSG:32119), in the middle of pixels at all four sides."""


@pytest.fixture(scope="session")
def landsat(tmp_path_factory) -> str:
    """The image of `make demo`, which fetches it once."""
    path = tmp_path_factory.mktemp("landsat") / "landsat_2000.tif"
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
        "import demo_data; demo_data.image(Path(sys.argv[2]))"
    )
    subprocess.run([str(RUNTIME), "-c", code, str(TOP / "tools"), str(path)], check=True, env=dict(os.environ))
    return str(path)


@pytest.fixture
def plugin(iface):
    """The plugin as QGIS loads it, with its dock open."""
    made = mlm_runner.classFactory(iface)
    made.initGui()
    made.action.trigger()
    yield made
    made.unload()
    settle()


@pytest.fixture
def image(landsat, show) -> QgsRasterLayer:
    """The image in natural colours."""
    layer = QgsRasterLayer(landsat, "landsat_2000")
    renderer = QgsMultiBandColorRenderer(layer.dataProvider(), 3, 2, 1)
    for set_stretch in (
        renderer.setRedContrastEnhancement,
        renderer.setGreenContrastEnhancement,
        renderer.setBlueContrastEnhancement,
    ):
        stretch = QgsContrastEnhancement(layer.dataProvider().dataType(1))
        stretch.setContrastEnhancementAlgorithm(QgsContrastEnhancement.StretchToMinimumMaximum)
        stretch.setMinimumValue(30)
        stretch.setMaximumValue(130)
        set_stretch(stretch)
    layer.setRenderer(renderer)
    QgsProject.instance().addMapLayer(layer)
    show(layer)
    return layer


def picture(widget, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    settle(20)
    assert widget.grab().save(str(SCREENSHOTS / f"{name}.png"))


def search_and_pick(dock, words: str, title: str, wait) -> None:
    """Type, press Enter, wait for the answer, pick."""
    wait(lambda: dock.session.found, what="the first list of models")
    QTest.keyClicks(dock.model_step.search, words)
    QTest.keyClick(dock.model_step.search, Qt.Key.Key_Return)
    wait(lambda: dock.search._ask is None and any(row[0] == title for row in rows(dock)), what="the search's answer")
    pick(dock, title)


def run_and_wait(dock, wait) -> QgsRasterLayer:
    """Press Run and return the layer that it makes."""
    before = set(QgsProject.instance().mapLayers())
    wait(lambda: dock.run_step.runButton.isEnabled(), what="Run is offered")
    QTest.mouseClick(dock.run_step.runButton, Qt.MouseButton.LeftButton)
    wait(lambda: dock.run_step.job is None, 120, "the end of the run")
    (new,) = set(QgsProject.instance().mapLayers()) - before
    return QgsProject.instance().mapLayer(new)


def test_from_the_first_click_to_the_styled_layer(plugin, image, iface, wait):
    dock = plugin.dock
    iface.setActiveLayer(image)
    iface.canvas.setExtent(NORTH_WEST)
    search_and_pick(dock, "land cover", "Land Cover from Landsat 7", wait)
    wait(lambda: dock.session.fit, what="a fit")
    assert dock.session.fit.fits, dock.session.fit.findings
    layer = run_and_wait(dock, wait)

    assert layer.name() == "Land Cover from Landsat 7 - landsat_2000"
    shown = [(c.value, c.label, c.color.name()) for c in layer.renderer().classes()]
    assert shown == CLASSES
    # The visible extent, out to the edges of the image's own pixels.
    size, whole, seen = 28.5, image.extent(), iface.canvas.extent()
    for part, from_edge in (
        (layer.extent().xMinimum(), seen.xMinimum() - whole.xMinimum()),
        (layer.extent().xMaximum(), seen.xMaximum() - whole.xMinimum()),
    ):
        assert abs((part - whole.xMinimum()) / size - round((part - whole.xMinimum()) / size)) < 1e-6
        assert abs(part - whole.xMinimum() - from_edge) <= size
    assert layer.extent().contains(seen.intersect(whole))
    assert layer.rasterUnitsPerPixelX() == pytest.approx(size)
    assert {value for row in pixels(layer.source()) for value in row} <= {c[0] for c in CLASSES} | {0, 255}

    root = QgsProject.instance().layerTreeRoot()
    assert [node.layerId() for node in root.findLayers()] == [layer.id(), image.id()]
    assert any("mlm-runner run" in line for line in layer.metadata().history())
    assert "%" in dock.run_step.statusLabel.text()
    assert iface.messages()[-1].startswith("Land Cover from Landsat 7 - landsat_2000 is done in")
    wait(lambda: iface.canvas.layers() == [layer, image], what="both layers on the canvas")
    iface.canvas.refresh()
    iface.canvas.waitWhileRendering()
    picture(iface.window, "main_window")


def test_the_dock_and_the_shell_give_the_same_pixels(plugin, image, iface, wait, tmp_path):
    dock = plugin.dock
    iface.setActiveLayer(image)
    search_and_pick(dock, "land cover", "Land Cover from Landsat 7", wait)
    dock.run_step.extentCombo.setCurrentIndex(1)
    layer = run_and_wait(dock, wait)
    out = tmp_path / "shell.tif"
    command = [
        str(RUNTIME.with_name("mlm-runner")),
        "run",
        "Built-in#landcover-landsat7",
        image.source(),
        "-o",
        str(out),
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert pixels(layer.source()) == pixels(str(out))
    assert (layer.width(), layer.height()) == (image.width(), image.height())


def test_cancelling_a_true_run_leaves_nothing_and_the_next_is_right(plugin, image, iface, wait, tmp_path):
    dock = plugin.dock
    iface.setActiveLayer(image)
    search_and_pick(dock, "land cover", "Land Cover from Landsat 7", wait)
    dock.run_step.extentCombo.setCurrentIndex(1)
    out = tmp_path / "out" / "classes.tif"
    out.parent.mkdir()
    dock.run_step.outputFile.setFilePath(str(out))
    cancelled = 0
    for moment in (0.0, 0.02, 0.6):
        wait(lambda: dock.run_step.runButton.isEnabled())
        dock.run_step.runButton.click()
        wait(lambda m=moment: dock.run_step.job is None or dock.run_step.progress.value() >= 1000 * m, 60)
        if dock.run_step.job is not None:
            dock.run_step.cancelButton.click()
        wait(lambda: dock.run_step.job is None, 10, "the end of a cancelled run")
        if "Cancelled" in dock.run_step.statusLabel.text():
            assert list(out.parent.iterdir()) == []
            cancelled += 1
    assert cancelled >= 1
    assert run_and_wait(dock, wait).isValid()
    assert out.exists()


@pytest.mark.parametrize(("width", "height", "name"), [(300, 900, "dock_high"), (900, 300, "dock_wide")])
def test_pictures_of_the_dock(plugin, image, iface, wait, width, height, name):
    dock = plugin.dock
    iface.setActiveLayer(image)
    dock.setFloating(True)
    dock.resize(width, height)
    wait(lambda: dock.session.found and dock.session.fit, what="a list")
    wait(lambda: (dock.width(), dock.height()) == (width, height))
    run_and_wait(dock, wait)
    picture(dock, name)
    assert not dock._scroll.verticalScrollBar().isVisible()
