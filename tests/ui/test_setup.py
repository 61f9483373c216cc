"""Setting up the engine from the dock and the options: offered, shown, cancelled, failed, done."""

from __future__ import annotations

import threading

import pytest
from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QPushButton

from mlm_runner.core.errors import RuntimeInstallFailed
from mlm_runner.core.worker import runtime
from mlm_runner.ui import settings
from mlm_runner.ui.dock import Dock
from mlm_runner.ui.engine import Engine
from mlm_runner.ui.options import OptionsFactory

from .conftest import RUNTIME, settle


@pytest.fixture
def install(monkeypatch):
    """Stand in for the installer: it goes on, fails or ends as the test says."""

    class Install:
        def __init__(self):
            self.go, self.error, self.calls = threading.Event(), None, []

        def __call__(self, home, watch, wheels=None, log=print, qgis_prefix="", **_):
            self.calls.append((home, wheels))
            watch.tell(0.25, "Downloading onnxruntime", 30.0)
            log("Collecting onnxruntime")
            while not self.go.wait(0.02):
                watch.check()
            if self.error:
                raise self.error
            QgsSettings().setValue("mlm_runner/runtime_python", str(RUNTIME))

    made = Install()
    monkeypatch.setattr(runtime, "install", made)
    return made


@pytest.fixture
def dock(iface, wait):
    """The dock of a QGIS that has no engine yet."""
    QgsSettings().setValue("mlm_runner/runtime_python", "/nowhere/python")
    engine = Engine()
    made = Dock(iface, engine)
    iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, made)
    made.show()
    wait(lambda: "not set up" in made.model_step.empty.label.text(), what="the offer")
    wait(lambda: "&Set Up the Engine" in buttons(made), what="its button")
    yield made
    made.close_down()
    settle()
    engine.close()


def buttons(dock) -> dict[str, QPushButton]:
    return {b.text(): b for b in dock.model_step.empty.findChildren(QPushButton) if not b.isHidden()}


def test_without_an_engine_the_dock_offers_to_set_it_up_and_says_what_that_means(dock):
    text = dock.model_step.empty.label.text()
    assert "about 130 MB" in text and "once" in text and str(dock._engine.home) in text
    assert list(buttons(dock)) == ["&Set Up the Engine", "From a &Folder of Wheels…"]


@pytest.mark.parametrize(("width", "height"), [(300, 900), (900, 300)])
def test_the_offer_is_seen_whole(dock, wait, width, height):
    dock.setFloating(True)
    dock.resize(width, height)
    wait(lambda: (dock.width(), dock.height()) == (width, height))
    settle(20)
    assert not dock._scroll.horizontalScrollBar().isVisible()
    for button in buttons(dock).values():
        assert button.visibleRegion().boundingRect().size() == button.size()


def test_setting_up_shows_progress_and_ends_with_models(dock, install, wait):
    buttons(dock)["&Set Up the Engine"].click()
    wait(lambda: "Downloading onnxruntime" in dock.model_step.empty.label.text())
    assert "25 %, about 30 s left" in dock.model_step.empty.label.text()
    assert dock.model_step.empty.progress.value() == 250
    assert list(buttons(dock)) == ["&Cancel"]
    install.go.set()
    wait(lambda: dock.session.found, 60, "models")
    assert install.calls == [(dock._engine.home, None)]
    assert dock.model_step.pages.currentIndex() == 0


def test_setting_up_can_be_cancelled_and_is_offered_again(dock, install, wait):
    buttons(dock)["&Set Up the Engine"].click()
    wait(lambda: list(buttons(dock)) == ["&Cancel"])
    buttons(dock)["&Cancel"].click()
    wait(lambda: "&Set Up the Engine" in buttons(dock), 10)
    assert not dock.setup.running


def test_a_failure_shows_its_sentence_and_the_log(dock, install, wait):
    install.error = RuntimeInstallFailed("The disk is full. Free 500 MB and try again.")
    install.go.set()
    buttons(dock)["&Set Up the Engine"].click()
    wait(lambda: "The disk is full" in dock.model_step.empty.label.text())
    assert dock.model_step.empty.log.toPlainText() == "Collecting onnxruntime"
    assert dock.model_step.empty.log.isVisible()
    assert "&Set Up the Engine" in buttons(dock)


def test_leaving_ends_a_setup_under_way(iface, install, wait):
    QgsSettings().setValue("mlm_runner/runtime_python", "/nowhere/python")
    engine = Engine()
    dock = Dock(iface, engine)
    iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    dock.show()
    wait(lambda: "not set up" in dock.model_step.empty.label.text())
    buttons(dock)["&Set Up the Engine"].click()
    wait(lambda: install.calls)
    dock.close_down()
    engine.close()
    wait(lambda: not QgsApplication.taskManager().activeTasks(), 10, "no task")


def test_the_options_say_what_there_is(qgis, wait):
    engine = Engine()
    page = OptionsFactory(engine).createWidget()
    wait(lambda: "Ready" in page.form.statusLabel.text(), 60)
    assert "onnxruntime" in page.form.statusLabel.text()
    assert str(engine.home) in page.form.homeLabel.text()
    page.deleteLater()
    engine.close()


def test_a_python_named_in_the_options_is_kept_at_ok(qgis, wait):
    engine = Engine()
    page = OptionsFactory(engine).createWidget()
    page.form.pythonFile.setFilePath("/elsewhere/python")
    assert settings.runtime_python() == str(RUNTIME)
    page.apply()
    assert settings.runtime_python() == "/elsewhere/python"
    page.deleteLater()
    settle()
    engine.close()
