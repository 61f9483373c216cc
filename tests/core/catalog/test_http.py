"""The shell's network against a real server: limits hold for the bytes that come, and every failure is a sentence."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from mlm_runner.core.catalog.http import SessionHttp, TooLarge
from mlm_runner.core.errors import Cancelled, CatalogUnavailable
from mlm_runner.core.watch import Watch

MUCH = 10_000_000


def test_an_answer_is_in_memory_or_in_the_file_asked_for(server, http, watch, tmp_path: Path) -> None:
    server.routes["/a"] = b"content"
    assert http.fetch(f"{server.url}/a", max_bytes=MUCH, watch=watch).body == b"content"
    response = http.fetch(f"{server.url}/a", to=tmp_path / "a", max_bytes=MUCH, watch=watch)
    assert (response.path, response.body) == (tmp_path / "a", b"")
    assert (tmp_path / "a").read_bytes() == b"content"


def test_a_refusal_is_an_answer_and_writes_no_file(server, http, watch, tmp_path: Path) -> None:
    response = http.fetch(f"{server.url}/none", to=tmp_path / "a", max_bytes=MUCH, watch=watch)
    assert (response.status, response.ok) == (404, False)
    assert not (tmp_path / "a").exists()


def test_an_announced_length_beyond_the_limit_is_not_read(server, http, watch) -> None:
    server.routes["/a"] = (200, {"Content-Length": str(10**12)}, b"x")
    with pytest.raises(TooLarge, match="more than 100 bytes"):
        http.fetch(f"{server.url}/a", max_bytes=100, watch=watch)


def test_the_limit_holds_for_what_comes_unannounced(server, http, watch) -> None:
    server.routes["/a"] = (200, {"Content-Length": None}, b"x" * 1000)
    with pytest.raises(TooLarge):
        http.fetch(f"{server.url}/a", max_bytes=100, watch=watch)


def test_the_limit_holds_for_the_unpacked_bytes(server, http, watch) -> None:
    packed = gzip.compress(b"0" * 1_000_000)
    server.routes["/a"] = (200, {"Content-Encoding": "gzip"}, packed)
    with pytest.raises(TooLarge):
        http.fetch(f"{server.url}/a", max_bytes=len(packed) * 2, watch=watch)


def test_an_answer_that_breaks_off_is_no_answer(server, http, watch) -> None:
    server.routes["/a"] = (200, {"Content-Length": "1000"}, b"x" * 10)
    with pytest.raises(CatalogUnavailable, match=r"/a .*(broke off|stopped answering)"):
        http.fetch(f"{server.url}/a", max_bytes=MUCH, watch=watch)


def test_a_server_that_says_nothing_is_given_up(server, watch) -> None:
    server.routes["/a"] = lambda _: time.sleep(1.0) or b""
    begin = time.monotonic()
    with pytest.raises(CatalogUnavailable, match="stopped answering"):
        SessionHttp(connect=1, read=0.2).fetch(f"{server.url}/a", max_bytes=MUCH, watch=watch)
    assert time.monotonic() - begin < 0.9


def test_an_unreachable_server_is_a_sentence_with_its_address(http, watch) -> None:
    with pytest.raises(CatalogUnavailable, match=r"http://127\.0\.0\.1:9/a can't be reached; check"):
        http.fetch("http://anna:secret@127.0.0.1:9/a", max_bytes=MUCH, watch=watch)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "/etc/passwd"])
def test_only_web_addresses_are_fetched(url: str, http, watch) -> None:
    with pytest.raises(CatalogUnavailable, match="no http or https address"):
        http.fetch(url, max_bytes=MUCH, watch=watch)


@pytest.mark.parametrize("url", ["http://[::1", "http://", "http://exam ple:x/"])
def test_a_broken_address_is_a_sentence(url: str, http, watch) -> None:
    with pytest.raises(CatalogUnavailable, match="no valid address|can't be fetched|can't be reached"):
        http.fetch(url, max_bytes=MUCH, watch=watch)


def test_a_redirect_is_followed_on_the_web_only(server, http, watch) -> None:
    server.routes["/old"] = (302, {"Location": "/new"}, b"")
    server.routes["/new"] = b"here"
    server.routes["/out"] = (302, {"Location": "file:///etc/passwd"}, b"")
    server.routes["/round"] = (302, {"Location": "/round"}, b"")
    response = http.fetch(f"{server.url}/old", max_bytes=MUCH, watch=watch)
    assert (response.body, response.url) == (b"here", f"{server.url}/new")
    with pytest.raises(CatalogUnavailable, match="neither http nor https"):
        http.fetch(f"{server.url}/out", max_bytes=MUCH, watch=watch)
    with pytest.raises(CatalogUnavailable, match="without end"):
        http.fetch(f"{server.url}/round", max_bytes=MUCH, watch=watch)


def test_cancel_ends_a_download(server, http, tmp_path: Path) -> None:
    server.routes["/a"] = b"x" * 5_000_000
    watch = Watch(lambda progress: watch.cancel())
    with pytest.raises(Cancelled):
        http.fetch(f"{server.url}/a", to=tmp_path / "a", max_bytes=MUCH, watch=watch)
    assert (tmp_path / "a").stat().st_size < 5_000_000
