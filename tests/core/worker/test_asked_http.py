"""The worker's questions to QGIS: answered through a file, bounded, called off when nobody waits any more."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mlm_runner.core.errors import Cancelled, CatalogUnavailable, MlmRunnerError

URL = "https://stac.example/search"


def answering(body: bytes, status: int = 200):
    """Return an answer as QGIS gives it, and the list of what was asked."""
    asked = []

    def answer(method, params):
        asked.append((method, params))
        Path(params["to"]).write_bytes(body)
        return {"status": status, "headers": {"Content-Type": "text/plain"}, "url": params["url"] + "?moved"}

    return answer, asked


def test_a_question_is_answered_with_the_body_in_memory(start_worker):
    answer, asked = answering(b"hello")
    got = start_worker(answer=answer).call("fetch", {"url": URL})
    assert got == {"status": 200, "headers": {"content-type": "text/plain"}, "body": "hello", "url": URL + "?moved"}
    method, params = asked[0]
    assert method == "http"
    assert (params["method"], params["url"], params["body"], params["max_bytes"]) == ("GET", URL, "a question", 1000)
    assert not Path(params["to"]).parent.exists()


def test_a_file_is_kept_of_a_good_answer_only(start_worker, tmp_path):
    good, bad = tmp_path / "good.onnx", tmp_path / "bad.onnx"
    worker = start_worker(answer=answering(b"model")[0])
    assert worker.call("fetch", {"url": URL, "to": str(good)})["body"] == ""
    assert good.read_bytes() == b"model"
    refusing = start_worker(answer=answering(b"who are you", 401)[0])
    assert refusing.call("fetch", {"url": URL, "to": str(bad)}) == {
        "status": 401,
        "headers": {"content-type": "text/plain"},
        "body": "who are you",
        "url": URL + "?moved",
    }
    assert not bad.exists()


def test_a_body_over_the_limit_is_refused_and_removed(start_worker, tmp_path):
    to = tmp_path / "large"
    worker = start_worker(answer=answering(b"x" * 11)[0])
    with pytest.raises(CatalogUnavailable, match="more than 10 bytes"):
        worker.call("fetch", {"url": URL, "to": str(to), "max_bytes": 10})
    assert not to.exists()


def test_an_error_of_the_answer_is_raised_by_the_request(start_worker):
    def answer(method, params):
        raise CatalogUnavailable("stac.example does not answer. Try again later.")

    with pytest.raises(CatalogUnavailable, match="Try again later"):
        start_worker(answer=answer).call("fetch", {"url": URL})


def test_an_answer_that_is_none_and_nobody_to_answer_are_errors(start_worker):
    with pytest.raises(CatalogUnavailable, match="no usable answer"):
        start_worker(answer=lambda method, params: {}).call("fetch", {"url": URL})
    with pytest.raises(MlmRunnerError, match="Nobody answers 'http'"):
        start_worker().call("fetch", {"url": URL})


def test_cancelling_calls_the_question_off(start_worker):
    asked, called_off = threading.Event(), threading.Event()
    ids = []

    def answer(method, params):
        ids.append(params["id"])
        asked.set()
        called_off.wait(10)
        return {}

    worker = start_worker(answer=answer, called_off=lambda number: (ids.append(number), called_off.set()))
    call = worker.start("fetch", {"url": URL})
    assert asked.wait(10)
    call.cancel(grace=10)
    with pytest.raises(Cancelled):
        call.result(5)
    assert called_off.wait(5) and ids[0] == ids[1]
    assert worker.call("echo", {}) == {}
