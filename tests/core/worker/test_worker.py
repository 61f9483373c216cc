"""A real worker process: answers, progress, cancelling, dying and closing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlm_runner import __version__
from mlm_runner.core.errors import (
    ArtifactCorrupt,
    Cancelled,
    CatalogUnavailable,
    MlmRunnerError,
    RuntimeMissing,
    WorkerDied,
)
from mlm_runner.core.watch import Watch
from mlm_runner.core.worker.client import Worker


def at_work(worker, method, params=None, **options):
    """Start a request and wait until it says that it is at work."""
    begun = threading.Event()
    call = worker.start(method, params or {}, on_progress=lambda _: begun.set(), **options)
    assert begun.wait(10)
    return call


def test_a_request_is_answered(worker):
    assert worker.call("echo", {"text": "Größe", "list": [1, 2.5, None]}) == {
        "text": "Größe",
        "list": [1, 2.5, None],
    }


def test_the_worker_says_what_it_is(worker, eventually):
    worker.call("echo", {})
    assert eventually(lambda: bool(worker.info()))
    assert worker.info()["version"] == __version__
    assert worker.info()["python"].startswith("3.")
    assert worker.info()["packages"] == {"numpy": "0.0"}


def test_one_process_serves_many_requests_at_once(worker):
    waiting = at_work(worker, "patient")
    pid = worker.pid
    assert worker.call("echo", {"a": 1}) == {"a": 1}
    assert worker.pid == pid and not waiting.done()


def test_progress_is_told_in_order_and_before_the_answer(start_worker):
    remarks = []
    worker = start_worker(on_log=lambda level, text: remarks.append((level, text)))
    told = []
    done = threading.Event()
    worker.start(
        "count",
        {"to": 4},
        on_progress=lambda progress: told.append((progress.fraction, progress.text)),
        on_done=lambda call: (told.append(call.result()), done.set()),
    )
    assert done.wait(10)
    assert told == [(0.0, "step 0"), (0.25, "step 1"), (0.5, "step 2"), (0.75, "step 3"), {"counted": 4}]
    assert remarks == [("info", "counted")]


def test_runs_go_one_after_the_other(worker, tmp_path):
    diary = tmp_path / "diary"
    calls = [worker.start("run", {"diary": str(diary), "name": name}) for name in ("first", "second")]
    for call in calls:
        call.result(10)
    # Which of two requests' threads comes first is the system's choice; that they do not overlap is ours.
    lines = diary.read_text().split("\n")[:4]
    assert [line.split()[1] for line in lines] == ["begins", "ends", "begins", "ends"]


@pytest.mark.parametrize("name", ["ArtifactCorrupt", "TooLarge", "ValueError"])
def test_an_error_is_raised_here_as_it_was_there(worker, name):
    kinds = {"ArtifactCorrupt": ArtifactCorrupt, "TooLarge": CatalogUnavailable, "ValueError": MlmRunnerError}
    with pytest.raises(kinds[name], match="what and what to do") as caught:
        worker.call("fail", {"name": name, "text": "what and what to do"})
    assert type(caught.value) is kinds[name]
    assert worker.call("echo", {"still": "here"}) == {"still": "here"}


def test_an_unknown_method_and_an_answer_that_is_no_json_are_errors(worker):
    with pytest.raises(MlmRunnerError, match="knows no 'guess'"):
        worker.call("guess", {})
    with pytest.raises(MlmRunnerError, match="not JSON serializable"):
        worker.call("unsendable", {})
    with pytest.raises(TypeError):
        worker.call("echo", {"path": Path("x")})
    assert worker.call("echo", {}) == {}


def test_what_libraries_print_never_reaches_the_protocol(worker, tmp_path):
    assert worker.call("noise", {}) == {"read": ""}
    log = (tmp_path / "logs" / "worker.log").read_text()
    assert "forged" in log and "printed by Python" in log and "printed by a child" in log


def test_cancelling_asks_first(worker, tmp_path):
    tidied = tmp_path / "tidied"
    call = at_work(worker, "patient", {"tidied": str(tidied)})
    pid = worker.pid
    call.cancel(grace=10)
    with pytest.raises(Cancelled):
        call.result(5)
    assert tidied.exists() and worker.pid == pid


def test_a_watch_cancels_a_waiting_call(worker):
    watch = Watch(listener=lambda _: watch.cancel())
    with pytest.raises(Cancelled):
        worker.call("patient", {}, watch=watch)


def test_a_run_that_waits_for_its_turn_is_cancelled_at_once(worker, tmp_path):
    diary = str(tmp_path / "diary")
    calls = [worker.start("run", {"diary": diary, "name": str(number)}) for number in range(8)]
    began = time.monotonic()
    for call in calls[1:]:
        call.cancel(grace=10)
    ended = [call.wait(5) for call in calls]
    assert all(ended) and time.monotonic() - began < 8 * 0.15


def test_who_ignores_cancelling_is_killed_and_the_next_request_works(worker, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "half.tif").write_bytes(b"half")
    call = at_work(worker, "stubborn", scratch=scratch)
    other = at_work(worker, "patient")
    pid = worker.pid
    call.cancel(grace=0.2)
    with pytest.raises(Cancelled):
        call.result(5)
    with pytest.raises(WorkerDied, match="another task"):
        other.result(5)
    assert not scratch.exists()
    assert worker.call("echo", {"a": 1}) == {"a": 1} and worker.pid != pid


@pytest.mark.parametrize(("how", "words"), [("exit", "status 3"), ("SIGKILL", "memory ran out"), ("SIGSEGV", "crash")])
def test_a_worker_that_dies_gives_a_sentence_with_its_last_words(worker, tmp_path, how, words):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(WorkerDied) as caught:
        worker.call("die", {"how": how}, scratch=scratch)
    sentence, quoted = str(caught.value).split("\n", 1)
    assert "in the middle of 'die'" in sentence and words in sentence
    assert "worker.log" in quoted and quoted.endswith("the last words")
    assert not scratch.exists()
    assert worker.call("echo", {"a": 1}) == {"a": 1}


def test_a_worker_that_died_while_idle_is_replaced_unseen(worker, eventually):
    worker.call("echo", {})
    pid = worker.pid
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not worker.alive)
    assert worker.call("echo", {"a": 1}) == {"a": 1} and worker.pid != pid


def test_a_scratch_folder_stays_with_whoever_got_an_answer(worker, tmp_path):
    worker.call("echo", {}, scratch=tmp_path)
    with pytest.raises(MlmRunnerError):
        worker.call("guess", {}, scratch=tmp_path)
    assert tmp_path.exists()


def test_a_python_that_is_not_there_or_no_worker_is_a_sentence(tmp_path):
    gone = Worker([str(tmp_path / "gone")], {}, tmp_path / "log")
    with pytest.raises(RuntimeMissing, match="Set up the engine again"):
        gone.call("echo", {})
    other = Worker([sys.executable, "-c", "raise SystemExit('I am something else')"], {}, tmp_path / "log")
    with pytest.raises(WorkerDied, match="I am something else"):
        other.call("echo", {})


def test_closing_leaves_no_process_and_no_thread(start_worker, runs, eventually):
    before = set(threading.enumerate())
    worker = start_worker()
    child = worker.call("family", {})["child"]
    call = at_work(worker, "stubborn")
    pid = worker.pid
    began = time.monotonic()
    worker.close(0.3)
    worker.close(0.3)
    assert time.monotonic() - began < 3
    assert not runs(pid) and not worker.alive
    assert eventually(lambda: not runs(child), 2)
    with pytest.raises(Cancelled):
        call.result(1)
    with pytest.raises(WorkerDied, match="closed"):
        worker.call("echo", {})
    assert [t.name for t in set(threading.enumerate()) - before if t.name.startswith("worker-")] == []


def test_an_idle_worker_closes_by_itself_at_once(worker):
    worker.call("echo", {})
    process = worker._connection.process
    worker.close(5)
    assert process.returncode == 0


QGIS = """
import sys, threading
from pathlib import Path
from mlm_runner.core.worker.client import Worker
worker = Worker([sys.executable, "-I", sys.argv[1]], {}, Path(sys.argv[2]))
begun = threading.Event()
worker.start(sys.argv[3], {"to": 1}, on_progress=lambda _: begun.set())
begun.wait(10)
print(worker.pid, flush=True)
threading.Event().wait()
"""
"""A program that has a worker and is then killed, as QGIS may be."""


@pytest.mark.parametrize("method", ["count", "patient", "stubborn"])
def test_when_qgis_is_killed_its_worker_ends(tmp_path, runs, eventually, method):
    fake = Path(__file__).with_name("fake_worker.py")
    command = [sys.executable, "-c", QGIS, str(fake), str(tmp_path / "log"), method]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as qgis:
        pid = int(qgis.stdout.readline())
        assert runs(pid)
        qgis.kill()
    assert eventually(lambda: not runs(pid), 4)
