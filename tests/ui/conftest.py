"""A QGIS for the tests of the interface: its main window, canvas and message bar without the desktop around them."""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from osgeo import gdal, osr
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsSettings
from qgis.gui import QgsLayerTreeMapCanvasBridge, QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QObject, QSettings, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QDockWidget, QMainWindow, QMenu, QToolBar, QVBoxLayout, QWidget

from mlm_runner.core.worker.client import Worker
from mlm_runner.ui import settings
from mlm_runner.ui.dock import Dock
from mlm_runner.ui.engine import Engine

from .items import item

TOP = Path(__file__).resolve().parents[2]
RUNTIME = TOP / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
FAKE = Path(__file__).with_name("fake_worker.py")
SCREENSHOTS = TOP / "build" / "screenshots"


class Iface(QObject):
    """What the plugin uses of QGIS's interface, with a record of what is registered."""

    currentLayerChanged = pyqtSignal(object)  # noqa: N815  (the name is QGIS's)

    def __init__(self) -> None:
        super().__init__()
        self.window = QMainWindow()
        middle = QWidget()
        column = QVBoxLayout(middle)
        self.bar, self.canvas = QgsMessageBar(), QgsMapCanvas()
        column.addWidget(self.bar)
        column.addWidget(self.canvas)
        self.window.setCentralWidget(middle)
        self.menu, self.toolbar = QMenu(), QToolBar()
        self.factories: list[object] = []
        self.active = None
        self.bridge = QgsLayerTreeMapCanvasBridge(QgsProject.instance().layerTreeRoot(), self.canvas)

    def mainWindow(self):  # noqa: N802  (the names are QGIS's)
        return self.window

    def mapCanvas(self):  # noqa: N802
        return self.canvas

    def messageBar(self):  # noqa: N802
        return self.bar

    def activeLayer(self):  # noqa: N802
        return self.active

    def setActiveLayer(self, layer):  # noqa: N802
        self.active = layer
        self.currentLayerChanged.emit(layer)

    def registerOptionsWidgetFactory(self, factory):  # noqa: N802
        self.factories.append(factory)

    def unregisterOptionsWidgetFactory(self, factory):  # noqa: N802
        self.factories.remove(factory)

    def addDockWidget(self, area, dock):  # noqa: N802
        self.window.addDockWidget(area, dock)

    def removeDockWidget(self, dock):  # noqa: N802
        self.window.removeDockWidget(dock)

    def rasterMenu(self):  # noqa: N802
        return self.menu

    def addRasterToolBarIcon(self, action):  # noqa: N802
        self.toolbar.addAction(action)

    def removeRasterToolBarIcon(self, action):  # noqa: N802
        self.toolbar.removeAction(action)

    def messages(self) -> list[str]:
        return [item.text() for item in self.bar.items()]


@pytest.fixture(scope="session")
def qgis(tmp_path_factory) -> Iterator[QgsApplication]:
    """The one QGIS of all tests, with a profile that is nobody's."""
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    made = QgsApplication([], True, str(tmp_path_factory.mktemp("profile")))
    made.setOrganizationName("MLM Runner")
    made.setApplicationName("tests")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, made.qgisSettingsDirPath())
    made.initQgis()
    yield made
    gc.collect()  # layers that are let go after QGIS has gone take Python with them
    made.exitQgis()


@pytest.fixture
def iface(qgis) -> Iterator[Iface]:
    made = Iface()
    made.window.resize(1200, 950)
    made.window.show()
    yield made
    made.canvas.stopRendering()
    made.bridge.deleteLater()
    settle()
    QgsProject.instance().clear()
    for dock in made.window.findChildren(QDockWidget):
        dock.deleteLater()
    made.window.close()
    made.window.deleteLater()
    settle()


@pytest.fixture(autouse=True)
def no_error_in_a_slot(monkeypatch) -> Iterator[None]:
    """What Qt calls has no caller to raise to; QGIS shows such an error to the user, and here the test fails."""
    errors: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: errors.append("".join(traceback.format_exception(*error))))
    yield
    assert not errors, "\n".join(errors)


@pytest.fixture(autouse=True)
def own_settings(qgis, monkeypatch, tmp_path) -> Iterator[None]:
    """Each test begins with the development runtime, without catalogs of its own, and leaves an empty project."""
    monkeypatch.setenv("MLM_RUNNER_HOME", str(tmp_path / "home"))
    QgsSettings().remove("mlm_runner")
    QgsSettings().setValue("mlm_runner/runtime_python", str(RUNTIME))
    yield
    QgsSettings().remove("mlm_runner")
    QgsProject.instance().clear()


@pytest.fixture
def wait(qgis) -> Callable[..., None]:
    """Let QGIS work until a condition holds."""

    def until(condition: Callable[[], object], seconds: float = 60.0, what: str = "the condition") -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                faulthandler.dump_traceback()  # what all threads wait for, in the test's captured stderr
                raise AssertionError(f"After {seconds} s {what} does not hold.")
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            time.sleep(0.002)

    return until


@pytest.fixture
def fake_engine(qgis, tmp_path) -> Iterator[Callable[..., Engine]]:
    """An engine whose worker answers from a script: `answers` is method -> JSON, `delays` method -> seconds, `files`
    method -> parameter -> file that is copied to where the parameter says. `engine.asked(method)` has the parameters of
    the questions."""
    made: list[Engine] = []

    def make(
        answers: dict, delays: dict | None = None, errors: dict | None = None, files: dict | None = None
    ) -> Engine:
        script = tmp_path / f"answers_{len(made)}.json"
        words = {"answers": answers, "delays": delays or {}, "errors": errors or {}, "files": files or {}}
        script.write_text(json.dumps(words))

        def asked(method: str) -> list[dict]:
            lines = map(json.loads, script.with_suffix(".asked").read_text().splitlines())
            return [line["params"] for line in lines if line["method"] == method]

        def start(engine: Engine) -> Worker:
            log = tmp_path / "worker.log"
            command = [sys.executable, str(FAKE), str(script)]
            return Worker(command, dict(os.environ), log, engine.answer, engine.called_off)

        made.append(Engine(starter=start))
        made[-1].asked = asked
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def engine(qgis) -> Iterator[Engine]:
    """The real engine, with the development runtime."""
    made = Engine()
    yield made
    made.close()


@pytest.fixture
def model(tmp_path) -> Callable[..., Path]:
    """Write a true model, an item with its ONNX file beside it; `weights` has a list for each class, a number for each
    band that the file takes."""

    def make(id: str, title: str, weights: list[list[float]], **properties: Any) -> Path:
        script = Path(__file__).with_name("make_network.py")
        subprocess.run([str(RUNTIME), str(script), str(tmp_path / f"{id}.onnx"), json.dumps(weights)], check=True)
        path = tmp_path / f"{id}.json"
        path.write_text(json.dumps(item(id, title, **properties)))
        return path

    return make


@pytest.fixture
def brighter(model) -> Path:
    """A true model of two bands: Forest where red is the brighter one, Water where nir is."""
    return model("brighter", "Which Is Brighter", [[1, 0], [0, 1]])


@pytest.fixture
def halves(raster) -> QgsRasterLayer:
    """A layer that is redder in its left half, and brighter in the near infrared in its right one."""
    layer = raster({"red": 100, "nir": 50}, "halves", width=40, height=30, add=False)
    dataset = gdal.Open(layer.source(), gdal.GA_Update)
    dataset.GetRasterBand(1).WriteRaster(20, 0, 20, 30, b"\x0a\x00" * 600)
    dataset = None
    layer = QgsRasterLayer(layer.source(), "halves")
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def raster(tmp_path, qgis) -> Callable[..., QgsRasterLayer]:
    """Make a raster layer from a file with named bands of one value each."""

    def make(bands: dict[str, int], name: str = "image", width: int = 40, height: int = 30, add: bool = True):
        path = raster_file(tmp_path / f"{name}.tif", bands, width, height)
        layer = QgsRasterLayer(str(path), name)
        if add:
            QgsProject.instance().addMapLayer(layer)
        return layer

    return make


@pytest.fixture
def true_dock(iface, engine, wait) -> Iterator[Callable[..., Dock]]:
    """Open the dock on the real engine, with these catalogs added, and wait for its list."""
    made: list[Dock] = []

    def open_dock(*catalogs: Path) -> Dock:
        settings.set_catalogs([str(path) for path in catalogs])
        dock = Dock(iface, engine)
        made.append(dock)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.show()
        wait(lambda: dock.model_step.catalogsLabel.text() or engine.missing, what="the list of models")
        return dock

    yield open_dock
    for dock in made:
        dock.close_down()
    settle()


@pytest.fixture
def show(iface) -> Callable[[QgsRasterLayer], None]:
    """Zoom the canvas to a layer."""

    def zoom(layer: QgsRasterLayer) -> None:
        crs = layer.crs() if layer.crs().isValid() else QgsCoordinateReferenceSystem("EPSG:4326")
        QgsProject.instance().setCrs(crs)
        iface.canvas.setDestinationCrs(crs)
        iface.canvas.setExtent(layer.extent())
        settle()

    return zoom


def raster_file(path: Path, bands: dict[str, int], width: int = 40, height: int = 30) -> Path:
    """Write a file with named bands of one value each."""
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), width, height, len(bands), gdal.GDT_UInt16)
    dataset.SetGeoTransform((600000, 30, 0, 4000000, 0, -30))
    system = osr.SpatialReference()
    system.ImportFromEPSG(32617)
    dataset.SetProjection(system.ExportToWkt())
    for number, (band, value) in enumerate(bands.items(), 1):
        dataset.GetRasterBand(number).SetDescription(band)
        dataset.GetRasterBand(number).Fill(value)
    dataset = None
    return path


def pixels(path: str) -> list[list[int]]:
    """Return the values of a file's first band, by rows."""
    dataset = gdal.Open(path)  # kept, since a band does not keep its dataset
    band = dataset.GetRasterBand(1)
    width, height = band.XSize, band.YSize
    values = band.ReadRaster(buf_type=gdal.GDT_Byte)
    return [list(values[row * width : (row + 1) * width]) for row in range(height)]


def settle(rounds: int = 5) -> None:
    """Deliver what is queued, deletions included."""
    for _ in range(rounds):
        QCoreApplication.sendPostedEvents(None, 52)  # QEvent::DeferredDelete
        QCoreApplication.processEvents()
