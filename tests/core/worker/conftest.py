"""A worker whose commands are small and terrible, and a folder of wheels that are nearly empty."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from mlm_runner.core.worker.client import Worker
from mlm_runner.core.worker.environment import child_environment

FAKE = Path(__file__).with_name("fake_worker.py")
COMMAND = [sys.executable, "-I", str(FAKE)]


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Return a function that makes a Worker of the fake engine; all are closed at the end."""
    made = []

    def start(**options: Any) -> Worker:
        made.append(Worker(COMMAND, child_environment(os.environ), tmp_path / "logs" / "worker.log", **options))
        return made[-1]

    yield start
    for worker in made:
        worker.close(0.5)


@pytest.fixture
def worker(start_worker: Callable[..., Worker]) -> Worker:
    return start_worker()


def runs(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet collected by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether it becomes true within `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(name="runs")
def _runs() -> Callable[[int], bool]:
    return runs


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., bool]:
    return eventually
