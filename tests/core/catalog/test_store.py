"""The model store: only what is verified is kept, what is half there is never seen, what is there works offline."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mlm_runner.core.catalog import store as store_module
from mlm_runner.core.catalog.http import Response
from mlm_runner.core.catalog.store import Store
from mlm_runner.core.errors import ArtifactCorrupt, ArtifactMissing, Cancelled, OutputNotWritable
from mlm_runner.core.mlm.model import Artifact
from mlm_runner.core.watch import Watch

MODEL = b"\x08\x07\x12\x07pytorch" + bytes(range(256)) * 40
SHA256 = hashlib.sha256(MODEL).hexdigest()
SHA1 = hashlib.sha1(MODEL).hexdigest()


class NoNetwork:
    """An Http that must not be needed."""

    def fetch(self, url: str, **_: Any) -> Response:
        raise AssertionError(f"{url} was fetched")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def artifact(server):
    """An artifact on the server."""
    server.routes["/model.onnx"] = MODEL

    def build(path: str = "/model.onnx", **fields: Any) -> Artifact:
        return Artifact("model", f"{server.url}{path}", **fields)

    return build


def files(home: Path) -> list[str]:
    return sorted(str(p.relative_to(home / "models")) for p in home.rglob("*") if p.is_file())


def test_a_fetched_file_is_kept_under_its_sha256_and_named_beside(store, artifact, http, watch) -> None:
    wanted = artifact(checksum=f"1220{SHA256}", size=len(MODEL))
    found = store.get(wanted, http, watch)
    assert (found.sha256, found.note) == (SHA256, "")
    assert found.path.read_bytes() == MODEL
    assert files(store.home) == [f"{SHA256[:2]}/{SHA256}.json", f"{SHA256[:2]}/{SHA256}.onnx"]
    assert '"model.onnx"' in found.path.with_suffix(".json").read_text()


@pytest.mark.parametrize("checksum", [f"1220{SHA256}", f"1114{SHA1}", SHA256, ""])
def test_what_is_here_needs_no_network(checksum: str, store, artifact, http, watch) -> None:
    wanted = artifact(checksum=checksum)
    assert store.stored(wanted) is None
    path = store.path(wanted, http, watch)
    offline = Store(store.home)
    assert offline.stored(wanted) == path
    assert offline.path(wanted, NoNetwork(), watch) == path


def test_the_same_file_from_two_addresses_is_fetched_once(store, artifact, http, watch) -> None:
    first = store.path(artifact(checksum=f"1220{SHA256}"), http, watch)
    assert store.path(artifact("/elsewhere.onnx", checksum=f"1220{SHA256}"), NoNetwork(), watch) == first


def test_a_file_without_checksum_is_kept_and_said_to_be_unverified(store, artifact, http, watch) -> None:
    assert "not verified: its item gives no checksum" in store.get(artifact(), http, watch).note
    assert "was fetched on" in store.get(artifact(), NoNetwork(), watch).note


@pytest.mark.parametrize(
    ("reply", "fields", "words"),
    [
        (MODEL + b"x", {"checksum": f"1220{SHA256}"}, f"its sha2-256 begins with .*the item says {SHA256[:12]}"),
        (MODEL, {"checksum": f"1114{'0' * 40}"}, f"sha1 begins with {SHA1[:12]}.*says 000000000000"),
        (MODEL[:-5], {"size": len(MODEL)}, "has 10,246 bytes, and its item says 10,251"),
        (MODEL + b"x", {"size": len(MODEL)}, "longer than the 10,251 bytes that its item says"),
        (b"\n <!DOCTYPE html><html></html>", {}, "is a web page"),
        (b"<html>", {"checksum": f"1220{SHA256}"}, "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", {}, "Git LFS pointer"),
        (b"", {}, "is empty"),
        (MODEL, {"checksum": "1e20" + "00" * 32}, "can't be verified"),
    ],
)
def test_what_is_not_what_the_item_says_is_refused_and_not_kept(
    reply, fields, words, store, server, artifact, http, watch
):
    server.routes["/model.onnx"] = reply
    with pytest.raises(ArtifactCorrupt, match=words):
        store.path(artifact(**fields), http, watch)
    assert files(store.home) == []


def test_a_download_that_breaks_off_leaves_nothing_and_can_be_repeated(store, server, artifact, http, watch) -> None:
    server.routes["/model.onnx"] = (200, {"Content-Length": str(len(MODEL))}, MODEL[:100])
    with pytest.raises(ArtifactMissing, match="can't be fetched.*(broke off|stopped)"):
        store.path(artifact(), http, watch)
    assert files(store.home) == []
    server.routes["/model.onnx"] = MODEL
    assert store.path(artifact(), http, watch).read_bytes() == MODEL


@pytest.mark.parametrize(
    ("status", "words"), [(404, "is not there"), (403, "does not let you in"), (500, "a fault of the server")]
)
def test_a_file_that_is_refused_is_missing_with_the_reason(status, words, store, server, artifact, http, watch) -> None:
    server.routes["/model.onnx"] = (status, {}, b"<html>no</html>")
    with pytest.raises(ArtifactMissing, match=words):
        store.path(artifact(), http, watch)
    assert files(store.home) == []


def test_a_file_that_was_damaged_in_the_store_is_fetched_again(store, artifact, http, watch) -> None:
    wanted = artifact(checksum=f"1220{SHA256}")
    path = store.path(wanted, http, watch)
    path.write_bytes(MODEL[:-1] + b"?")
    assert Store(store.home).path(wanted, http, watch).read_bytes() == MODEL


def test_more_than_an_onnx_file_can_have_is_not_fetched(store, server, artifact, http, watch) -> None:
    with pytest.raises(ArtifactMissing, match="3,000,000,000 bytes by its item"):
        store.path(artifact(size=3_000_000_000), NoNetwork(), watch)
    server.routes["/model.onnx"] = (200, {"Content-Length": "3000000000"}, b"x")
    with pytest.raises(ArtifactMissing, match="more than 2,147,483,648 bytes"):
        store.path(artifact(), http, watch)


def test_cancel_leaves_nothing(store, server, artifact, http) -> None:
    server.routes["/model.onnx"] = MODEL * 200
    watch = Watch(lambda progress: watch.cancel())
    with pytest.raises(Cancelled):
        store.path(artifact(), http, watch)
    assert files(store.home) == []


def test_two_that_fetch_the_same_at_once_both_get_it_whole(tmp_path: Path, server, artifact, http, watch) -> None:
    together = threading.Barrier(2, timeout=5)
    server.routes["/model.onnx"] = lambda _: together.wait() >= 0 and MODEL
    got: list[bytes] = []
    wanted = artifact(checksum=f"1220{SHA256}")
    threads = [
        threading.Thread(target=lambda: got.append(Store(tmp_path / "home").path(wanted, http, watch).read_bytes()))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [MODEL, MODEL]


class FullDisk:
    """An Http whose file can't be written."""

    def __init__(self, number: int) -> None:
        self.number = number

    def fetch(self, url: str, *, to: Path, **_: Any) -> Response:
        to.write_bytes(MODEL[:100])
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EIO, "[Ii]nput/output")])
def test_a_disk_that_takes_no_more_is_one_sentence(number: int, words: str, store, artifact, watch) -> None:
    with pytest.raises(OutputNotWritable, match=f"{words}.*Make room there, or choose another folder"):
        store.path(artifact(), FullDisk(number), watch)
    assert files(store.home) == []


def test_too_little_room_is_said_before_the_download(store, artifact, watch, monkeypatch) -> None:
    usage = type("Usage", (), {"free": 100})()
    monkeypatch.setattr(store_module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutputNotWritable, match="the disk is full"):
        store.path(artifact(size=len(MODEL)), NoNetwork(), watch)


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path: Path, artifact, http, watch) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputNotWritable, match="can't be stored in"):
        Store(tmp_path / "file").path(artifact(), http, watch)


def test_what_a_killed_process_left_is_swept_and_what_another_is_fetching_is_not(store, artifact, http, watch) -> None:
    parts = store.home / "models" / "part"
    for name in ("old", "new"):
        (parts / name).mkdir(parents=True)
        (parts / name / "model").write_bytes(b"half")
    os.utime(parts / "old", (time.time() - 2 * 86400,) * 2)
    store.path(artifact(), http, watch)
    assert [p.name for p in parts.iterdir()] == ["new"]


def test_a_local_file_is_used_where_it_lies_and_verified(store, tmp_path: Path, watch) -> None:
    file = tmp_path / "my model.onnx"
    file.write_bytes(MODEL)
    for href in (str(file), f"file://{tmp_path}/my%20model.onnx"):
        found = store.get(Artifact("model", href, checksum=f"1220{SHA256}", size=len(MODEL)), NoNetwork(), watch)
        assert (found.path, found.sha256, found.note) == (file, SHA256, "")
    assert store.stored(Artifact("model", str(file))) == file
    with pytest.raises(ArtifactCorrupt, match="my model.onnx is not what its item says"):
        store.path(Artifact("model", str(file), checksum=f"1114{'0' * 40}"), NoNetwork(), watch)
    with pytest.raises(ArtifactCorrupt, match="has 10,251 bytes, and its item says 3"):
        store.path(Artifact("model", str(file), size=3), NoNetwork(), watch)
    assert not store.home.exists()


def test_a_local_file_that_changes_is_verified_again(store, tmp_path: Path, watch) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(MODEL)
    wanted = Artifact("model", str(file), checksum=f"1220{SHA256}")
    store.path(wanted, NoNetwork(), watch)
    file.write_bytes(MODEL + b"x")
    with pytest.raises(ArtifactCorrupt):
        store.path(wanted, NoNetwork(), watch)


@pytest.mark.parametrize(
    ("href", "words"),
    [
        ("/nowhere/model.onnx", "is not there"),
        ("/", "is a folder"),
        ("model.onnx", "is relative, and its item's own place is not known"),
        ("s3://bucket/model.onnx", "has a s3: address, which can't be fetched"),
        ("http://127.0.0.1:9/model.onnx", "can't be reached"),
    ],
)
def test_a_file_that_cannot_be_got_is_missing_with_the_reason(href: str, words: str, store, http, watch) -> None:
    with pytest.raises(ArtifactMissing, match=words):
        store.path(Artifact("model", href), http, watch)


def test_an_index_entry_that_was_tampered_with_leads_nowhere(store, artifact, http, watch) -> None:
    store.path(artifact(), http, watch)
    (entry,) = (store.home / "models" / "index").iterdir()
    outside = store.home.parent / "outside.onnx"
    outside.write_bytes(MODEL)
    assert store._file("../outside").samefile(outside)
    for content in (b'{"sha256": "../outside"}', b"[]", b"{", b'{"sha256": 3}'):
        entry.write_bytes(content)
        assert store.stored(artifact()) is None
    assert store.path(artifact(), http, watch).read_bytes() == MODEL
