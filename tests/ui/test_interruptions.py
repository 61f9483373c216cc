"""A true run that is killed, cancelled or watched: nothing is left behind, QGIS stays responsive, the next one is
right."""

from __future__ import annotations

import os
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Callable

import pytest
from osgeo import gdal
from qgis.core import QgsProject, QgsRasterLayer
from qgis.gui import QgsMessageViewer
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QPushButton, QTextEdit

from .conftest import pixels
from .test_dock import pick

WIDTH, HEIGHT = 4000, 3000
RIGHT = [bytes([1] * (WIDTH // 2) + [2] * (WIDTH // 2))] * HEIGHT


@pytest.fixture
def large(halves, tmp_path) -> QgsRasterLayer:
    """The layer of two halves with a hundred pixels for each of its own in both directions: seconds of work."""
    path = str(tmp_path / "large.tif")
    gdal.Translate(path, halves.source(), width=WIDTH, height=HEIGHT, creationOptions=["TILED=YES"])
    QgsProject.instance().removeMapLayer(halves)
    layer = QgsRasterLayer(path, "large")
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def ready(true_dock, brighter, large, show, wait, tmp_path):
    """The dock, ready to run the whole layer into a file in a folder of its own."""
    dock = true_dock(brighter)
    show(large)
    pick(dock, "Which Is Brighter")
    dock.run_step.extentCombo.setCurrentIndex(1)
    out = tmp_path / "out" / "classes.tif"
    out.parent.mkdir()
    dock.run_step.outputFile.setFilePath(str(out))
    wait(lambda: dock.run_step.runButton.isEnabled(), what="Run is offered")
    return dock, out


def run_until(dock, wait, reached: Callable[[object], bool]) -> None:
    """Press Run and wait until the run has told a progress that is `reached`."""
    told = []
    dock.run_step.runButton.click()
    dock.run_step.job.progressed.connect(told.append)
    wait(lambda: any(map(reached, told)) or dock.run_step.job is None, 60, "the moment")
    assert dock.run_step.job is not None, "the run was over before its moment came"


def run_right(dock, out: Path, wait) -> None:
    """Run to the end and look at the pixels."""
    dock.run_step.runButton.click()
    wait(lambda: dock.run_step.job is None, 60, "the end of the run")
    assert [bytes(row) for row in pixels(str(out))] == RIGHT
    assert not [path.name for path in out.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")
def test_a_killed_engine_is_one_sentence_with_details_and_the_next_run_is_right(ready, iface, wait):
    dock, out = ready
    run_until(dock, wait, lambda progress: (progress.fraction or 0) > 0.3)
    assert list(out.parent.iterdir()), "unfinished files lie beside the output"
    os.kill(dock._engine.worker().pid, signal.SIGKILL)
    wait(lambda: dock.run_step.job is None, 5, "the end of the run")
    (sentence,) = iface.messages()
    assert "ended in the middle" in sentence and "Start it again" in sentence and "\n" not in sentence
    assert list(out.parent.iterdir()) == []
    assert dock.run_step.runButton.isVisible() and dock.run_step.runButton.isEnabled()

    details = next(b for b in iface.bar.findChildren(QPushButton) if b.text() == "&Details")
    details.click()
    viewer = iface.window.findChild(QgsMessageViewer)
    assert "log" in viewer.findChild(QTextEdit).toPlainText()
    viewer.close()
    run_right(dock, out, wait)


MOMENTS = {
    "at the beginning": lambda progress: True,
    "in the middle": lambda progress: (progress.fraction or 0) > 0.5,
    "at the end": lambda progress: progress.text == "Writing overviews",
}


def test_cancelling_at_three_moments_leaves_nothing_and_the_next_run_is_right(ready, iface, wait):
    dock, out = ready
    worker = dock._engine.worker().pid
    for moment, reached in MOMENTS.items():
        run_until(dock, wait, reached)
        clicked = time.monotonic()
        dock.run_step.cancelButton.click()
        wait(lambda: dock.run_step.job is None, 10, f"the end of a run cancelled {moment}")
        assert time.monotonic() - clicked < 2, moment
        assert dock.run_step.statusLabel.text() == "Cancelled; nothing was written.", moment
        assert list(out.parent.iterdir()) == [], moment
        assert dock.run_step.runButton.isVisible() and dock.run_step.runButton.isEnabled()
    assert iface.messages() == []
    assert dock._engine.worker().pid == worker, "the engine obeyed, and stays warm"
    run_right(dock, out, wait)


def test_the_interface_beats_on_during_a_true_run(ready, wait):
    dock, out = ready
    beats: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start(5)
    dock.run_step.runButton.click()
    wait(lambda: dock.run_step.job is None, 60, "the end of the run")
    timer.stop()
    gaps = sorted(after - before for before, after in pairwise(beats))
    assert out.exists() and len(gaps) > 50
    assert gaps[int(0.95 * len(gaps))] < 0.1
    assert gaps[-1] < 0.5, "one long wait would hide among many beats"
