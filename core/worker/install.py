"""Makes the managed runtime: an environment built beside, proved to import, and only then renamed to its final name.

A virtual environment can be renamed although its scripts (bin/pip, activate) can't: they name their old folder, but its
Python finds itself by the pyvenv.cfg above it, wherever that is, and all that is ever called is `python -I ...`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Mapping, Optional

from ..errors import MlmRunnerError, RuntimeInstallFailed
from ..watch import Watch
from . import child
from .bases import Base, bases
from .environment import child_environment
from .lock import Lock, platform_name, read_lock, versions
from .lockfile import Held, held
from .pip_output import Download, explain
from .places import install_log, python_of, runtime_folder
from .prove import Proof, forget, prove, runtime_proof

BASE_MODULES = ("venv", "ensurepip", "ssl", "ctypes", "zlib")
"""What a Python must have so that an environment can be made from it, and pip can download into that."""

DISK_MB = 850
"""Megabytes that an installation takes at its height: 450 installed, up to 130 downloaded, and pip's cache of that."""

PART, OLD = "runtime.part-", "runtime.old-"


@dataclass(frozen=True)
class Plan:
    """What an installation would do: from which Python, where to, how much it downloads and takes on the disk."""

    base: Base
    proof: Proof
    lock: Lock
    folder: Path
    download_mb: int
    disk_mb: int = DISK_MB

    def to_json(self) -> dict[str, object]:
        return {
            "python": str(self.base.python),
            "version": self.proof.full,
            "folder": str(self.folder),
            "download_mb": self.download_mb,
            "disk_mb": self.disk_mb,
        }


@dataclass
class _Log:
    """Everything that was said while installing: in a file, and its end for the error."""

    path: Path
    said: Callable[[str], None]
    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        with open(self.path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(line + "\n")
        self.said(line)

    def quoted(self) -> str:
        return "\n".join([f"The end of its log (the whole is in {self.path}):", *self.lines[-12:]])


def plan(
    home: Path,
    qgis_prefix: str = "",
    python: str = "",
    environ: Mapping[str, str] = os.environ,
    candidates: Callable[..., Iterator[Base]] = bases,
) -> Plan:
    """Return what an installation would do; `python` is the user's own choice. Raises RuntimeInstallFailed."""
    reasons = []
    for base in [Base(Path(python))] if python else candidates(qgis_prefix, environ):
        proof = prove(base.python, BASE_MODULES, environ, base.dll_folders)
        reason = _unfit(proof)
        if not reason:
            lock = read_lock(proof.version)
            return Plan(base, proof, lock, runtime_folder(home), lock.megabytes[_platform(proof)])
        reasons.append(f"{base.python} {reason}")
    raise RuntimeInstallFailed(_no_base(reasons))


def install(
    home: Path,
    watch: Watch,
    wheels: Optional[Path] = None,
    log: Callable[[str], None] = lambda line: None,
    planned: Optional[Plan] = None,
    qgis_prefix: str = "",
    environ: Mapping[str, str] = os.environ,
    prove_it: Callable[[Path, Mapping[str, str]], Proof] = runtime_proof,
) -> Path:
    """Make the runtime under `home`, replacing an older one when the new one works; returns its Python.

    `wheels` is a folder with the packages, for where there is no network. `environ` may hold the proxy
    (HTTPS_PROXY). Raises RuntimeInstallFailed or Cancelled; nothing but the log is left behind then, and an older
    runtime stays as it was.
    """
    if wheels is not None and not wheels.is_dir():
        raise RuntimeInstallFailed(
            f"There is no folder '{wheels}' to take the packages from. Choose the folder that holds them."
        )
    planned = planned or plan(home, qgis_prefix, environ=environ)
    try:
        install_log(home).parent.mkdir(parents=True, exist_ok=True)
        install_log(home).write_text("", "utf-8")
        _space(home, planned.disk_mb)
        with held(home / "runtime.lock"):
            sweep(home)
            return _install(home, watch, wheels, _Log(install_log(home), log), planned, environ, prove_it)
    except Held as error:
        raise RuntimeInstallFailed(
            "Another QGIS or shell is setting up the engine right now. Wait until it is done, and use it then."
        ) from error
    except OSError as error:
        raise RuntimeInstallFailed(
            f"The engine can't be set up under {home}: {error}. "
            "Close what uses it, or set MLM_RUNNER_HOME to a folder that can be written."
        ) from error


def sweep(home: Path) -> None:
    """Remove what installations that were killed have left; the caller holds the lock, so none is at work."""
    for folder in [*home.glob(PART + "*"), *home.glob(OLD + "*")]:
        shutil.rmtree(folder, ignore_errors=True)  # what a virus scanner still holds goes the next time


def _install(
    home: Path,
    watch: Watch,
    wheels: Optional[Path],
    log: _Log,
    planned: Plan,
    environ: Mapping[str, str],
    prove_it: Callable[[Path, Mapping[str, str]], Proof],
) -> Path:
    part = Path(tempfile.mkdtemp(prefix=PART, dir=home))
    env = child_environment(environ)
    try:
        watch.tell(0.0, f"Making an environment from Python {planned.proof.full}.")
        _step([str(planned.base.python), "-I", "-m", "venv", "--clear", str(part)], env, log, log, watch)
        _dll_folders(part, planned.base)
        download = Download(planned.download_mb, watch)

        def heard(line: str) -> None:
            log(line)
            download.hear(line)

        _step(_pip(part, planned.lock, wheels), env, heard, log, watch)
        watch.tell(0.95, "Trying the engine.")
        _proved(part, prove_it(python_of(part), environ), log)
        watch.check()
        _rename(home, part, planned.folder, lambda python: _proved(planned.folder, prove_it(python, environ), log))
        watch.tell(1.0, "The engine is ready.")
        return python_of(planned.folder)
    finally:
        shutil.rmtree(
            part, ignore_errors=True
        )  # gone already if all went well; the next installation sweeps what stays


def _pip(part: Path, lock: Lock, wheels: Optional[Path]) -> list[str]:
    command = [
        str(python_of(part)),
        "-I",
        "-X",
        "utf8",
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--only-binary",
        ":all:",
    ]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--retries", "2"]
    if wheels is not None:
        command += ["--no-index", "--find-links", str(wheels.resolve())]
    return [*command, "-r", str(lock.path)]


def _step(command: list[str], env: Mapping[str, str], heard: Callable[[str], None], log: _Log, watch: Watch) -> None:
    log("$ " + " ".join(command))
    status = child.follow(command, env, heard, watch)
    if status != 0:
        raise RuntimeInstallFailed(f"{explain(log.lines, status, _free_mb(log.path))}\n{log.quoted()}")


def _dll_folders(part: Path, base: Base) -> None:
    """Tell the environment of an OSGeo4W Python where that one's DLLs are (OpenSSL, SQLite), as QGIS's start does."""
    lines = "".join(f"import os; os.add_dll_directory({str(folder)!r})\n" for folder in base.dll_folders)
    if lines:
        (part / "Lib" / "site-packages" / "mlm_runner_dlls.pth").write_text(lines, "utf-8")


def _proved(where: Path, proof: Proof, log: _Log) -> None:
    log(f"{where}: Python {proof.full}, {proof.packages}")
    if not proof.works:
        log(f"{proof.python} {proof.why}")
        raise RuntimeInstallFailed(
            f"The engine was installed and does not work: its Python {proof.why}. "
            f"Choose another Python to make it from.\n{log.quoted()}"
        )


def _rename(home: Path, part: Path, final: Path, prove_final: Callable[[Path], None]) -> None:
    """Put `part` in the place of `final`, and the old one back if the new one does not work there."""
    old = Path(tempfile.mkdtemp(prefix=OLD, dir=home))
    if final.exists():
        os.replace(final, old / "runtime")
    try:
        os.replace(part, final)
        forget()
        prove_final(python_of(final))
    except (MlmRunnerError, OSError):
        shutil.rmtree(final, ignore_errors=True)
        if (old / "runtime").exists():
            os.replace(old / "runtime", final)
        old.rmdir()
        forget()
        raise
    shutil.rmtree(old, ignore_errors=True)  # what a virus scanner still holds goes the next time


def _space(home: Path, wanted_mb: int) -> None:
    free_mb = _free_mb(home)
    if free_mb < wanted_mb:
        raise RuntimeInstallFailed(
            f"The engine needs {wanted_mb} MB on the disk of {home}, and {free_mb} MB are free. "
            "Free some space, or set MLM_RUNNER_HOME to a folder on another disk."
        )


def _free_mb(place: Path) -> int:
    return shutil.disk_usage(place).free // 10**6


def _platform(proof: Proof) -> str:
    return platform_name(proof.machine)


def _unfit(proof: Proof) -> str:
    """Return why no environment can be made from a Python, in words that follow its path; empty if one can."""
    if proof.problem:
        return proof.problem
    if proof.version not in versions():
        return f"is Python {proof.full}, and the engine's packages are known for {versions()[0]} to {versions()[-1]}"
    if proof.implementation != "CPython" or proof.bits != 64:
        return f"is {proof.bits}-bit {proof.implementation}; a 64-bit CPython is needed"
    lock = read_lock(proof.version)
    if _platform(proof) not in lock.megabytes:
        lacking = lock.unavailable.get(_platform(proof), "any package")
        return f"is Python {proof.version} on {_platform(proof)}, for which nobody publishes {lacking} ready to install"
    return proof.why


def _no_base(reasons: list[str]) -> str:
    remedy = next((words for platform, words in REMEDIES if sys.platform.startswith(platform)), REMEDIES[-1][1])
    if not reasons:
        return f"There is no Python on this computer to make the engine from. {remedy}"
    return f"None of this computer's Pythons can make the engine: {'; '.join(reasons)}. {remedy}"


REMEDIES = (
    ("win32", "Install Python 3.12 (64-bit) from python.org, and try again."),
    ("darwin", "Install Python 3.12 from python.org, and try again."),
    ("", "On Debian and Ubuntu 'sudo apt install python3-venv' is enough; elsewhere install Python 3.12 with venv."),
)
"""What to install where there is no Python to begin with, by the start of `sys.platform`."""
