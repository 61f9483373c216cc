"""Keeps model files by what is in them (SHA-256), verified on the way in and again when first used in a process.

    HOME/models/ab/abcd...ef.onnx    a model file, named by its SHA-256
    HOME/models/ab/abcd...ef.json    its readable name and where it came from
    HOME/models/index/....json       which file it is, for those without a SHA-256: by address or other checksum
    HOME/models/part/                what is being fetched; nothing is read from there

Each file appears under its name at once and whole, so two processes may fetch the same; what is there works offline.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..errors import ArtifactCorrupt, ArtifactMissing, CatalogUnavailable, OutputNotWritable
from ..mlm.model import Artifact
from ..watch import Watch
from . import checksums, pypi
from .checksums import SHA256, Checksum
from .documents import local_file
from .hrefs import file_name, is_web, scheme, shown
from .http import Http, TooLarge, refusal

MAX_BYTES = 2 << 30
"""The largest model file: an ONNX file is one protobuf message, which can't be longer than 2 GiB."""

STALE_SECONDS = 24 * 3600

STRANGERS = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file it stands for"),
)
"""What servers send instead of a file, by how it begins."""

UNVERIFIED = "The model's file is not verified: its item gives no checksum."


@dataclass(frozen=True)
class Stored:
    """A file of a model that is here; `note` says what the user should know about it, and is mostly empty."""

    path: Path
    sha256: str
    note: str = ""


class Store:
    """The store under `home`, the folder that all the user's things are under."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._models = home / "models"
        self._digests: dict[tuple[str, int, int], dict[str, str]] = {}

    def path(self, artifact: Artifact, http: Http, watch: Watch) -> Path:
        """Return the verified file of an artifact; see `get`."""
        return self.get(artifact, http, watch).path

    def get(self, artifact: Artifact, http: Http, watch: Watch) -> Stored:
        """Return an artifact's verified file, fetched if it is not here.

        A local file is used where it lies. Raises `ArtifactMissing`, `ArtifactCorrupt`, or `OutputNotWritable` where it
        can't be stored.
        """
        name = file_name(artifact.href) or artifact.key
        wanted = checksums.parse(artifact.checksum, name)
        local = local_file(artifact.href)
        if local is not None:
            return self._in_place(local, artifact, wanted, watch)
        kept = self._kept(artifact, wanted, watch)
        if kept is not None:
            return kept
        if artifact.size is not None and artifact.size > MAX_BYTES:
            raise ArtifactMissing(
                f"{name} has {artifact.size:,} bytes by its item; more than {MAX_BYTES:,} is no ONNX file."
            )
        with self._part(artifact.size or 0) as part:
            file = part / "model"
            _fetch(artifact, file, part, http, watch)
            found = self._verified(file, artifact, wanted, watch)
            return self._keep(file, found[SHA256], artifact, wanted)

    def stored(self, artifact: Artifact) -> Optional[Path]:
        """Return the file of an artifact if it is here, without reading or fetching it; `get` verifies it."""
        local = local_file(artifact.href)
        if local is not None:
            return local if local.is_file() else None
        try:
            wanted = checksums.parse(artifact.checksum, file_name(artifact.href))
        except ArtifactCorrupt:
            return None  # what can't be verified is never kept; `get` says why
        sha256 = self._sha256(artifact, wanted)
        return self._file(sha256) if sha256 and self._file(sha256).is_file() else None

    def _in_place(self, path: Path, artifact: Artifact, wanted: Optional[Checksum], watch: Watch) -> Stored:
        if not path.is_absolute():
            raise ArtifactMissing(
                f"The model's file {artifact.href!r} is relative, and its item's own place is not known."
            )
        if not path.is_file():
            what = "a folder" if path.is_dir() else "not there"
            raise ArtifactMissing(f"The model's file {path} is {what}. Check the item's address, or get the file.")
        try:
            found = self._verified(path, artifact, wanted, watch)
        except OSError as error:
            raise ArtifactMissing(f"The model's file {path} can't be read: {error.strerror}.") from None
        return Stored(path, found[SHA256], "" if wanted else UNVERIFIED)

    def _kept(self, artifact: Artifact, wanted: Optional[Checksum], watch: Watch) -> Optional[Stored]:
        sha256 = self._sha256(artifact, wanted)
        if not sha256 or not self._file(sha256).is_file():
            return None
        path = self._file(sha256)
        if self._digests_of(path, {SHA256}, watch)[SHA256] != sha256:
            # Damaged where it lies, by the disk or by somebody: it is fetched anew.
            path.unlink()
            return None
        if wanted is None:
            return Stored(path, sha256, f"{UNVERIFIED} It was fetched on {_day(path)}.")
        _same_size(path, artifact)
        return Stored(path, sha256)

    def _verified(self, path: Path, artifact: Artifact, wanted: Optional[Checksum], watch: Watch) -> dict[str, str]:
        """Return the file's digests, if it is what the item says."""
        name = file_name(artifact.href) or artifact.key
        with open(path, "rb") as file:
            begin = file.read(512).lstrip().lower()
        stranger = next((what for sign, what in STRANGERS if begin.startswith(sign)), "" if begin else "empty")
        if stranger:
            raise ArtifactCorrupt(
                f"{shown(artifact.href)} is {stranger}. Ask the item's publisher to correct the address."
            )
        _same_size(path, artifact)
        watch.tell(None, f"Verifying {name}")
        found = self._digests_of(path, {SHA256, wanted.kind if wanted else SHA256}, watch)
        if wanted is not None and found[wanted.kind] != wanted.digest:
            raise ArtifactCorrupt(
                f"{name} is not what its item says: its {wanted.kind} begins with {found[wanted.kind][:12]}, and the "
                f"item says {wanted.digest[:12]}. It came damaged or was changed; try again, or ask its publisher."
            )
        return found

    def _digests_of(self, path: Path, kinds: set[str], watch: Watch) -> dict[str, str]:
        """Return digests of a file, computed once in a process as long as the file is not touched."""
        stat = path.stat()
        known = self._digests.setdefault((str(path), stat.st_mtime_ns, stat.st_size), {})
        if kinds - known.keys():
            known.update(checksums.digests(path, kinds - known.keys(), watch))
        return known

    def _keep(self, file: Path, sha256: str, artifact: Artifact, wanted: Optional[Checksum]) -> Stored:
        target = self._file(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        about = {"name": file_name(artifact.href), "href": shown(artifact.href), "size": file.stat().st_size}
        try:
            os.replace(file, target)
        except PermissionError:
            # Windows does not replace a file that another process has open; then it is there, and whole.
            if not target.is_file():
                raise
        self._write(target.with_suffix(".json"), about)
        if wanted is None or wanted.kind != SHA256:
            self._write(self._index(artifact, wanted), {"sha256": sha256, **about})
        return Stored(target, sha256, "" if wanted else UNVERIFIED)

    def _sha256(self, artifact: Artifact, wanted: Optional[Checksum]) -> str:
        if wanted is not None and wanted.kind == SHA256:
            return wanted.digest
        try:
            found = json.loads(self._index(artifact, wanted).read_text("utf-8")).get("sha256")
        except (OSError, ValueError, AttributeError):
            return ""  # not fetched yet, or an entry that can't be read: either way it is fetched
        return found if isinstance(found, str) and len(found) == 64 and found.isalnum() else ""

    def _index(self, artifact: Artifact, wanted: Optional[Checksum]) -> Path:
        key = f"{wanted.kind}:{wanted.digest}" if wanted else artifact.href
        return self._models / "index" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"

    def _file(self, sha256: str) -> Path:
        return self._models / sha256[:2] / f"{sha256}.onnx"

    def _write(self, path: Path, data: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = self._models / "part" / f"{path.stem}-{os.getpid()}-{time.monotonic_ns()}"
        part.write_text(json.dumps(data, indent=1), "utf-8")
        os.replace(part, path)

    @contextmanager
    def _part(self, size: int) -> Iterator[Path]:
        """Give a folder to fetch into, on the store's own disk; say it if there is no room or right to write."""
        parts = self._models / "part"
        try:
            parts.mkdir(parents=True, exist_ok=True)
            _sweep(parts)
            if shutil.disk_usage(parts).free < size:
                raise OSError(errno.ENOSPC, "No space left on device")
            with tempfile.TemporaryDirectory(dir=parts) as folder:
                yield Path(folder)
        except OSError as error:
            reason = (
                "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else (error.strerror or str(error))
            )
            raise OutputNotWritable(
                f"The model's file can't be stored in {self._models}: {reason}. Make room there, or choose another "
                "folder in the settings (in a shell: MLM_RUNNER_HOME)."
            ) from error


def _fetch(artifact: Artifact, to: Path, scratch: Path, http: Http, watch: Watch) -> None:
    """Write an artifact's file to `to`, from wherever it is."""
    limit = artifact.size if artifact.size is not None else MAX_BYTES
    name = file_name(artifact.href) or artifact.key
    try:
        if scheme(artifact.href) == "pkg":
            pypi.fetch(artifact.href, to, scratch, limit, watch)
            return
        if not is_web(artifact.href):
            kind = scheme(artifact.href)
            raise ArtifactMissing(
                f"The model's file {name} has a {kind}: address, which can't be fetched. Download it by hand."
            )
        response = http.fetch(artifact.href, to=to, max_bytes=limit, watch=watch)
    except TooLarge as error:
        if artifact.size is not None:
            raise ArtifactCorrupt(
                f"{name} is longer than the {artifact.size:,} bytes that its item says. {error}"
            ) from None
        raise ArtifactMissing(str(error)) from None
    except CatalogUnavailable as error:
        raise ArtifactMissing(f"The model's file can't be fetched: {error}") from None
    if not response.ok:
        raise ArtifactMissing(f"The model's file can't be fetched: {refusal(response, artifact.href)}")
    if not to.is_file():
        raise ArtifactMissing(f"The model's file can't be fetched: {shown(artifact.href)} answers with nothing.")


def _same_size(path: Path, artifact: Artifact) -> None:
    size = path.stat().st_size
    if artifact.size is not None and size != artifact.size:
        raise ArtifactCorrupt(
            f"{file_name(artifact.href)} has {size:,} bytes, and its item says {artifact.size:,}. It is cut or was "
            "changed; try again, or ask the item's publisher."
        )


def _sweep(parts: Path) -> None:
    """Remove what a process that was killed left behind a day ago or longer."""
    for left in parts.iterdir():
        try:
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        except OSError:
            continue  # another process is removing it, or still has it open: the next sweep will find it


def _day(path: Path) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(path.stat().st_mtime))
