"""The plugin comes and goes without leaving anything behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtWidgets import QDockWidget

import mlm_runner

from .conftest import settle


def left(iface) -> dict[str, int]:
    """Count what a plugin can leave behind."""
    settle()
    registry = QgsApplication.processingRegistry()
    return {
        "docks": len(iface.window.findChildren(QDockWidget)),
        "actions": len(iface.menu.actions()) + len(iface.toolbar.actions()),
        "providers": len(registry.providers()),
        "algorithms": len(registry.algorithms()),
        "option pages": len(iface.factories),
        "children": len(children()),
    }


def children() -> list[int]:
    """Return the processes that this one has started and that still run (Linux)."""
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    mine = {int(p) for p in listed.read_text().split()} if listed.exists() else set()
    for task in Path("/proc/self/task").iterdir():
        mine.update(int(p) for p in (task / "children").read_text().split())
    return sorted(mine)


@pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc")
def test_ten_loads_and_unloads_leave_nothing_behind(iface, wait):
    before = left(iface)
    for _ in range(10):
        plugin = mlm_runner.classFactory(iface)
        plugin.initGui()
        assert QgsApplication.processingRegistry().algorithmById("mlm_runner:run") is not None
        plugin.dock.setUserVisible(True)
        settle()
        plugin.unload()
        assert left(iface) == before


def test_unloading_ends_the_worker(iface, wait):
    plugin = mlm_runner.classFactory(iface)
    plugin.initGui()
    plugin.action.trigger()
    wait(lambda: plugin.dock.session.found, 60, "models")
    worker = plugin.engine.worker()
    pid = worker.pid
    assert worker.alive
    plugin.unload()
    assert not worker.alive
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_dock_is_shown_and_hidden_by_its_action(iface):
    plugin = mlm_runner.classFactory(iface)
    plugin.initGui()
    assert not plugin.dock.isVisible()
    plugin.action.trigger()
    assert plugin.dock.isVisible() and plugin.action.isChecked()
    plugin.action.trigger()
    assert not plugin.dock.isVisible() and not plugin.action.isChecked()
    plugin.unload()


def test_processing_loads_without_a_window():
    plugin = mlm_runner.classFactory(None)
    plugin.initProcessing()
    algorithm = QgsApplication.processingRegistry().algorithmById("mlm_runner:run")
    assert algorithm.displayName() == "Run model"
    assert [p.name() for p in algorithm.parameterDefinitions()][:4] == ["INPUT", "MORE_LAYERS", "MODEL", "EXTENT"]
    plugin.unload_processing()
    assert QgsApplication.processingRegistry().providerById("mlm_runner") is None


def test_nothing_of_the_engine_is_imported_into_qgis():
    assert not {"onnxruntime", "rasterio", "pystac_client", "onnx"} & set(sys.modules)
