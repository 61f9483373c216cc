"""A run holds little and lets go soon: rows that wait for the disk are few, and a cancel reaches a detector at work."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from onnx import TensorProto, helper
from rasterio.transform import Affine

from mlm_runner.core.catalog.store import Store
from mlm_runner.core.commands import Context, run
from mlm_runner.core.errors import Cancelled
from mlm_runner.core.inference.rows import BLOCK, Grid, RowsFile
from mlm_runner.core.watch import Watch

SOON = 0.3
"""Seconds after which a thread that still waits is taken to be blocked."""


@pytest.mark.parametrize("width, bands, waiting", [(100, 1, 4), (20_000, 1, 3), (20_000, 2, 1), (20_000, 4, 1)])
def test_rows_that_wait_for_the_disk_are_fewer_the_larger_they_are(tmp_path, monkeypatch, width, bands, waiting):
    # 256 rows of 20 000 float32 pixels are 20 MB, of which three are within 64 MB.
    disk, write, passed = threading.Event(), RowsFile._write, []
    monkeypatch.setattr(RowsFile, "_write", lambda self: (disk.wait(), write(self)))
    monkeypatch.setattr(RowsFile, "_empty", lambda self, rows: np.broadcast_to(np.float32(0), (bands, rows, width)))
    grid = Grid(width, 6 * BLOCK, "EPSG:32633", Affine(10, 0, 0, 0, -10, 0))
    with RowsFile(tmp_path / "a.tif", grid, "float32", -1, {}, [""] * bands) as file:
        feeder = threading.Thread(target=lambda: [passed.append(file.done(row * BLOCK)) for row in range(1, 6)])
        feeder.start()
        feeder.join(SOON)
        found = len(passed)
        disk.set()
        feeder.join()
    assert found == waiting


def test_a_detector_that_computes_for_long_is_stopped_in_the_middle(item, network, raster, tmp_path):
    # 800 products of 800 x 800, one after another: seconds for a window, and each is over in milliseconds.
    side, count = 800, 800
    names = ["r", *(f"m{k}" for k in range(count))]
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Resize", ["mean", "", "", "size"], ["r"], mode="nearest"),
        *(helper.make_node("MatMul", [a, "w"], [b]) for a, b in zip(names[:-1], names[1:], strict=True)),
        helper.make_node("ReduceMean", [names[-1]], ["q"], axes=[2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["q", "one"], ["u"]),
        helper.make_node("Add", ["u", "boxes"], ["y"]),
    ]
    constants = {
        "w": np.full((side, side), 1 / side, np.float32),
        "size": np.array([1, 1, side, side]),
        "one": np.array([1]),
        "boxes": np.zeros((1, 3, 6), np.float32),
    }
    shape = (1, 2, 16, 16)
    file = network(nodes, [("x", shape, TensorProto.FLOAT)], [("y", (1, 3, 6), TensorProto.FLOAT)], constants)
    described = item(file, ["red", "nir"], tasks=["object-detection"], result_order=["batch", "boxes", "values"])
    source = raster(np.ones((2, 160, 160), np.float32), ("red", "nir"))
    watch = Watch()
    began: list[float] = []

    def cancel() -> None:
        began.append(time.perf_counter())
        watch.cancel()

    timer = threading.Timer(0.5, cancel)
    params = {"item": described, "rasters": [source], "output": str(tmp_path / "out.gpkg"), "units": "raw"}
    watch.listener = lambda progress: timer.start() if progress.text == "Reading the raster" else None
    with pytest.raises(Cancelled):
        run(params, Context(watch, Store(tmp_path / "home"), None, tmp_path / "home"))
    assert time.perf_counter() - began[0] < 1
    assert not list(tmp_path.glob(".mlm-runner-*")) and not (tmp_path / "out.gpkg").exists()
