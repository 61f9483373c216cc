"""A Python is believed when it has been run: what version it is, and whether it imports what the engine needs."""

from __future__ import annotations

import json
import os
import subprocess  # nosec B404  # only for its constants and exceptions; `child` starts the process
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Optional, Sequence

from . import child
from .environment import child_environment
from .packages import NEEDED, WELCOME

TIMEOUT_S = 60.0
"""A first import from a slow disk with a virus scanner takes half a minute."""

ASK = """
import sys
modules, folders = sys.argv[1].split(","), sys.argv[2:]
import importlib, json, os, platform, struct
for folder in folders:
    os.add_dll_directory(folder)
found, missing = {}, {}
for name in filter(None, modules):
    try:
        found[name] = str(getattr(importlib.import_module(name), "__version__", "unknown"))
    except BaseException as error:
        missing[name] = type(error).__name__ + ": " + str(error)
print("\\n" + json.dumps({"version": "%d.%d" % sys.version_info[:2], "full": platform.python_version(), "found": found,
    "missing": missing, "bits": struct.calcsize("P") * 8, "machine": platform.machine(), 
    "implementation": platform.python_implementation()}))
"""
"""What a candidate is asked; its last line is the answer. Written for any Python 3, as a candidate may be old."""


@dataclass(frozen=True)
class Proof:
    """What a Python said of itself: `found` and `missing` are by module name; `problem` is why it said nothing."""

    python: Path
    version: str = ""
    full: str = ""
    machine: str = ""
    bits: int = 0
    implementation: str = ""
    found: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def works(self) -> bool:
        """Whether it ran and has all that was asked for and is needed."""
        return not self.problem and not self.lacks

    @property
    def lacks(self) -> list[str]:
        """Return the names of what is missing, without what is only welcome."""
        welcome = {package.module for package in WELCOME}
        names = {package.module: package.name for package in NEEDED}
        return [names.get(module, module) for module in self.missing if module not in welcome]

    @property
    def packages(self) -> dict[str, str]:
        """Return the versions of the engine's packages that were found, by the name they are installed under."""
        return {p.name: self.found[p.module] for p in (*NEEDED, *WELCOME) if p.module in self.found}

    @property
    def why(self) -> str:
        """Return what is wrong with it, in words that follow the Python's path; empty if nothing is."""
        if self.problem:
            return self.problem
        if not self.lacks:
            return ""
        return f"lacks {', '.join(self.lacks)}" + (f" ({'; '.join(self.broken)})" if self.broken else "")

    @property
    def broken(self) -> list[str]:
        """Return why modules that are there can't be imported."""
        return sorted({text for text in self.missing.values() if not text.startswith("ModuleNotFoundError")})


_known: dict[tuple[str, int, int, tuple[str, ...]], Proof] = {}
_knowing = threading.Lock()


def runtime_proof(python: Path, environ: Optional[Mapping[str, str]] = None) -> Proof:
    """Ask whether `python` can be the engine's runtime."""
    return prove(python, [package.module for package in (*NEEDED, *WELCOME)], environ)


def prove(
    python: Path,
    modules: Sequence[str],
    environ: Optional[Mapping[str, str]] = None,
    dll_folders: Sequence[Path] = (),
    timeout: float = TIMEOUT_S,
) -> Proof:
    """Run `python` and return what it says; a good answer is kept for as long as the file stays the same.

    A bad one is asked for again: the user may have installed what was missing.
    """
    try:
        state = python.stat()
    except OSError as error:
        return Proof(python, problem=f"can't be found ({error.strerror or error})")
    # Not resolved: the Python of an environment is a link to that of the system, and still another one.
    key = (os.path.abspath(python), state.st_mtime_ns, state.st_size, tuple(modules))
    with _knowing:
        if key in _known:
            return _known[key]
    proof = _ask(python, modules, os.environ if environ is None else environ, dll_folders, timeout)
    if proof.works:
        with _knowing:
            _known[key] = proof
    return proof


def forget() -> None:
    """Ask anew from now on; for when an environment was replaced."""
    with _knowing:
        _known.clear()


def _ask(
    python: Path, modules: Sequence[str], environ: Mapping[str, str], dll_folders: Sequence[Path], timeout: float
) -> Proof:
    command = [str(python), "-I", "-c", ASK, ",".join(modules), *map(str, dll_folders)]
    try:
        process = child.start(
            command,
            child_environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        return Proof(python, problem=f"can't be started ({error.strerror or error})")
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        child.kill(process)
        process.communicate()
        return Proof(python, problem=f"did not answer within {timeout:.0f} s")
    return _proof(python, process.returncode, out, err)


def _proof(python: Path, status: int, out: bytes, err: bytes) -> Proof:
    lines = out.decode("utf-8", "replace").strip().splitlines()
    try:
        said = json.loads(lines[-1])
        return Proof(
            python,
            said["version"],
            said["full"],
            said["machine"],
            said["bits"],
            said["implementation"],
            said["found"],
            said["missing"],
        )
    except (IndexError, ValueError, KeyError, TypeError):
        last = err.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        return Proof(python, problem=f"is no usable Python (ended with {child.how_it_ended(status)}: {last[0]})")
