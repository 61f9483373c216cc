"""The engine's own promises: errors keep their class, the network is QGIS's, nothing outlives it."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from qgis.core import QgsFeedback, QgsSettings
from qgis.PyQt.QtCore import QObject, QThread

from mlm_runner.core.errors import Cancelled, CatalogUnavailable, DoesNotFit, RuntimeMissing, UsageError, WorkerDied
from mlm_runner.core.watch import Watch
from mlm_runner.ui.engine import Engine
from mlm_runner.ui.network import fetch

from .conftest import settle


class Pages(BaseHTTPRequestHandler):
    """A small web server: /text, /missing, /large; /moved and /away lead on; POST gives back its body."""

    away = ""

    def do_GET(self):  # noqa: N802  (the names are http.server's)
        if self.path == "/slow":
            time.sleep(5)
        if self.path in ("/moved", "/away", "/round"):
            self.send_response(302)
            self.send_header("Location", {"/moved": "/text", "/away": self.away, "/round": "/round"}[self.path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        who = self.headers.get("Authorization") or self.headers.get("X-Who", "")
        body = b"x" * 300_000 if self.path == "/large" else f"hello {who}".encode()
        self._send(404 if self.path == "/missing" else 200, body)

    def do_POST(self):  # noqa: N802
        self._send(200, self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_):
        """Stay silent."""

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Kind", "test")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def in_a_thread(do, wait):
    """Do it as the worker's questions are answered: in a thread of Python's, while QGIS goes on."""
    out = []

    def work():
        try:
            out.append(do())
        except Exception as error:
            out.append(error)

    threading.Thread(target=work).start()
    wait(lambda: out)
    return out[0]


def test_a_page_is_written_to_a_file_with_its_head(web, tmp_path, wait):
    to = tmp_path / "body"
    question = {"method": "GET", "url": f"{web}/text", "headers": {"X-Who": "you"}, "to": str(to), "max_bytes": 1000}
    answer = in_a_thread(lambda: fetch(question, QgsFeedback()), wait)
    assert answer["status"] == 200 and answer["url"] == f"{web}/text"
    assert {k.lower(): v for k, v in answer["headers"].items()}["x-kind"] == "test"
    assert to.read_text() == "hello you"


def test_a_redirection_is_followed_and_told(web, tmp_path, wait):
    to = tmp_path / "body"
    answer = in_a_thread(lambda: fetch({"url": f"{web}/moved", "to": str(to)}, QgsFeedback()), wait)
    assert (answer["status"], answer["url"]) == (200, f"{web}/text")


def test_a_login_is_not_sent_to_another_host(web, tmp_path, wait, monkeypatch):
    to, other = tmp_path / "body", web.replace("127.0.0.1", "localhost")
    monkeypatch.setattr(Pages, "away", f"{other}/text")
    question = {"url": f"{web}/away", "headers": {"Authorization": "Basic c2VjcmV0"}, "to": str(to)}
    answer = in_a_thread(lambda: fetch(question, QgsFeedback()), wait)
    assert answer["url"] == f"{other}/text" and to.read_text() == "hello "


def test_an_endless_redirection_ends(web, tmp_path, wait):
    error = in_a_thread(lambda: fetch({"url": f"{web}/round", "to": str(tmp_path / "b")}, QgsFeedback()), wait)
    assert isinstance(error, CatalogUnavailable) and "leads on more than 10 times" in str(error)


def test_a_fetch_that_nobody_wants_any_more_ends_at_once(web, tmp_path, wait):
    feedback = QgsFeedback()
    threading.Timer(0.3, feedback.cancel).start()
    began = time.monotonic()
    error = in_a_thread(lambda: fetch({"url": f"{web}/slow", "to": str(tmp_path / "b")}, feedback), wait)
    assert isinstance(error, Cancelled) and time.monotonic() - began < 2


def test_several_threads_fetch_at_once(web, tmp_path, wait):
    out = []

    def work(number: int) -> None:
        for path in ("text", "moved", "missing") * 10:
            out.append(fetch({"url": f"{web}/{path}", "to": str(tmp_path / f"{number}")}, QgsFeedback())["status"])

    for number in range(3):
        threading.Thread(target=work, args=(number,)).start()
    wait(lambda: len(out) == 90)
    assert sorted(out) == [200] * 60 + [404] * 30


def test_a_page_that_is_missing_is_an_answer(web, tmp_path, wait):
    answer = in_a_thread(lambda: fetch({"url": f"{web}/missing", "to": str(tmp_path / "b")}, QgsFeedback()), wait)
    assert answer["status"] == 404


def test_a_body_is_posted(web, tmp_path, wait):
    to = tmp_path / "body"
    question = {"method": "POST", "url": f"{web}/search", "body": '{"limit": 1}', "to": str(to)}
    answer = in_a_thread(lambda: fetch(question, QgsFeedback()), wait)
    assert answer["status"] == 200 and to.read_text() == '{"limit": 1}'


def test_more_than_the_limit_is_not_kept(web, tmp_path, wait):
    to = tmp_path / "body"
    question = {"url": f"{web}/large", "to": str(to), "max_bytes": 1000}
    error = in_a_thread(lambda: fetch(question, QgsFeedback()), wait)
    assert isinstance(error, CatalogUnavailable) and "1000 bytes" in str(error)
    assert not to.exists()


def test_a_server_that_is_not_there_is_a_sentence(tmp_path, wait):
    error = in_a_thread(lambda: fetch({"url": "http://127.0.0.1:9/", "to": str(tmp_path / "b")}, QgsFeedback()), wait)
    assert isinstance(error, CatalogUnavailable)
    assert "can't be reached" in str(error) and "proxy" in str(error)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/x", "qrc:/x"])
def test_only_web_addresses_are_fetched(url, tmp_path, qgis):
    with pytest.raises(UsageError):
        fetch({"url": url, "to": str(tmp_path / "b")}, QgsFeedback())


def test_answers_come_in_the_thread_that_asked(fake_engine, wait):
    engine, owner, threads = fake_engine({"inspect": {"a": 1}}), QObject(), []
    engine.ask(owner, "inspect", {}, lambda r: threads.append((r, QThread.currentThread())), print)
    wait(lambda: threads)
    assert threads == [({"a": 1}, QThread.currentThread())]


@pytest.mark.parametrize("name", ["DoesNotFit", "ArtifactCorrupt", "OutputNotWritable", "ExtentOutside"])
def test_an_error_keeps_its_class_and_sentence(fake_engine, wait, name):
    engine, owner, errors = fake_engine({}, errors={"run": [name, "A sentence."]}), QObject(), []
    engine.ask(owner, "run", {}, print, errors.append)
    wait(lambda: errors)
    assert (type(errors[0]).__name__, str(errors[0])) == (name, "A sentence.")


def test_a_call_raises_what_the_worker_says(fake_engine):
    engine = fake_engine({}, errors={"run": ["DoesNotFit", "No nir."]})
    with pytest.raises(DoesNotFit, match="No nir."):
        engine.call("run", {}, Watch())


def test_after_a_death_the_next_question_starts_a_new_worker(fake_engine):
    engine = fake_engine({"run": "die", "inspect": {"a": 1}})
    with pytest.raises(WorkerDied):
        engine.call("run", {}, Watch())
    assert engine.call("inspect", {}, Watch()) == {"a": 1}


def test_a_python_that_is_not_there_is_said(qgis, wait):
    QgsSettings().setValue("mlm_runner/runtime_python", "/nowhere/python")
    engine, owner, errors = Engine(), QObject(), []
    engine.ask(owner, "search", {}, print, errors.append)
    wait(lambda: errors)
    assert isinstance(errors[0], RuntimeMissing) and "/nowhere/python" in str(errors[0])
    assert engine.missing == str(errors[0])
    engine.close()


def test_a_closed_engine_starts_nothing(fake_engine):
    engine = fake_engine({"inspect": {}})
    engine.close()
    with pytest.raises(Cancelled):
        engine.call("inspect", {}, Watch())


def test_an_answer_for_a_widget_that_is_gone_is_not_delivered(fake_engine, wait):
    engine, heard = fake_engine({"inspect": {"a": 1}, "search": {}}, delays={"inspect": 0.2}), []
    owner, other = QObject(), QObject()
    engine.ask(owner, "inspect", {}, heard.append, heard.append)
    owner.deleteLater()
    settle()
    done = []
    wait(lambda: not engine._asks or done.append(1) or len(done) > 300)
    assert heard == []
    assert other is not None


def test_a_cancelled_question_fails_with_cancelled(fake_engine, wait):
    engine, owner, errors = fake_engine({}, delays={"run": 30}), QObject(), []
    ask = engine.ask(owner, "run", {}, print, errors.append)
    ask.cancel()
    wait(lambda: errors)
    assert isinstance(errors[0], Cancelled)
