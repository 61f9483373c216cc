"""The log never fills the disk, never stops the work, and two processes never hold one lock."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mlm_runner.core.worker.lockfile import Held, held
from mlm_runner.core.worker.log import BoundedLog


def test_a_log_is_begun_anew_at_its_limit(tmp_path):
    log = BoundedLog(tmp_path / "deep" / "a.log", limit=100)
    for number in range(50):
        log.write(f"line {number:03}")
    log.close()
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {"a.log", "a.log.1"}
    assert all(path.stat().st_size <= 100 for path in (tmp_path / "deep").iterdir())
    assert (tmp_path / "deep" / "a.log").read_text().endswith("line 049\n")


def test_a_log_goes_on_where_it_was(tmp_path):
    for text in ("first", "second"):
        log = BoundedLog(tmp_path / "a.log")
        log.write(text)
        log.close()
    assert (tmp_path / "a.log").read_text() == "first\nsecond\n"


def test_a_log_that_can_not_be_written_stops_nothing_and_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    log = BoundedLog(tmp_path / "file" / "a.log")
    log.write("unheard")
    assert "can't be written" in log.problem


HOLD = """
import sys
from pathlib import Path
from mlm_runner.core.worker.lockfile import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_is_held_by_one_and_opens_when_that_one_is_killed(tmp_path):
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Held), held(path):
            pass
        holder.kill()
    with held(path):
        assert path.exists()
