"""The published cloud model gives the same pixels in Processing and in the shell, with default options."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from qgis.core import QgsRasterLayer

from mlm_runner.ui.engine import Engine

from .conftest import RUNTIME, TOP, pixels
from .test_processing import run  # noqa: F401  (a fixture)

IMAGE = TOP.parent / "shared" / "data" / "csmask" / "sentinel2_dn_u16.tif"
MODEL = "Built-in#csmask-l1c-6bands"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.skipif(not IMAGE.is_file(), reason="the real image is not beside the checkout (../shared/data)"),
]


@pytest.fixture
def engine(qgis, monkeypatch):
    """The real engine, with models that are kept outside the checkout from one run of the tests to the next."""
    cache = Path(os.environ.get("MLM_RUNNER_CACHE") or Path.home() / ".cache" / "mlm-runner")
    monkeypatch.setenv("MLM_RUNNER_HOME", str(cache / "home"))
    made = Engine()
    yield made
    made.close()


def test_processing_and_the_shell_give_the_same_pixels(run, engine, tmp_path):  # noqa: F811  (the fixture)
    layer = QgsRasterLayer(str(IMAGE), "sentinel2")
    ours, theirs = str(tmp_path / "processing.tif"), str(tmp_path / "shell.tif")
    _, ok, feedback, _ = run(engine, INPUT=layer, MODEL=MODEL, OUTPUT=ours)
    assert ok, feedback.errors
    subprocess.run([str(RUNTIME.with_name("mlm-runner")), "run", MODEL, str(IMAGE), "-o", theirs], check=True)
    assert pixels(ours) == pixels(theirs)
    assert any("divided by 10000" in text for text in feedback.said)
