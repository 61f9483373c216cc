"""What all tests share: the checkout's place, its tools as modules, and a home that is not the user's."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Callable

import pytest
from hypothesis import settings

TOP = Path(__file__).resolve().parent.parent
HOME = pytest.StashKey[str]()

# A shared machine is slow at times, which is no defect; in CI the same change gets the same examples.
settings.register_profile("mlm_runner", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("mlm_runner")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[HOME] = tempfile.mkdtemp(prefix="mlm_runner_tests_")
    os.environ["MLM_RUNNER_HOME"] = config.stash[HOME]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


@pytest.fixture(scope="session")
def top() -> Path:
    """The checkout's top folder."""
    return TOP


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    """Names of the files that git tracks and that are there, from the checkout's top."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (TOP / name).is_file()]


@pytest.fixture(scope="session")
def tool() -> Callable[[str], ModuleType]:
    """Return the script `tools/NAME.py` as a module; the folder is no package, since it does not ship."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"mlm_runner_tools_{name}", TOP / "tools" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load
