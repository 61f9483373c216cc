"""The engine starts from the plugin's folder, whatever that is called, without being installed anywhere."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from mlm_runner import __version__
from mlm_runner.core.errors import MlmRunnerError
from mlm_runner.core.worker.client import Worker
from mlm_runner.core.worker.environment import child_environment
from mlm_runner.core.worker.places import worker_command


@pytest.fixture
def copied(top: Path, tmp_path: Path) -> Path:
    """A copy of the engine in a folder whose name is no Python name."""
    folder = tmp_path / "mlm-runner 0.1 (copy)"
    shutil.copytree(top / "core", folder / "core", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(top / "__init__.py", folder)
    return folder


def test_the_worker_starts_from_a_folder_of_any_name(copied, tmp_path, eventually):
    command = worker_command(Path(sys.executable))
    command[-2] = str(copied / "core" / "worker" / "boot.py")
    worker = Worker(command, child_environment(os.environ, home=tmp_path / "home"), tmp_path / "log")
    try:
        with pytest.raises(MlmRunnerError, match="nothing.json"):
            worker.call("describe", {"model": str(tmp_path / "nothing.json")})
        assert eventually(lambda: worker.info().get("version") == __version__)
    finally:
        worker.close()
