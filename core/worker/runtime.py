"""The engine's Python: the user's setting, or the managed environment, or one of the system's that has the packages.

A candidate is proved by running it. Making one is `install`'s subject.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Mapping, Optional

from ..errors import RuntimeInstallFailed, RuntimeMissing
from ..watch import Watch
from . import install as _install
from . import places
from .bases import Base, bases
from .lockfile import Held, held
from .places import python_of, runtime_folder
from .prove import Proof, forget, runtime_proof

home = places.home
"""Where the engine keeps its things (`places.home`); the shell asks for it here."""

Prove = Callable[[Path, Mapping[str, str]], Proof]


@dataclass(frozen=True)
class Runtime:
    """A Python that has been seen to import what the engine needs; `kind` is "setting", "managed" or "system"."""

    python: Path
    kind: str
    version: str
    packages: Mapping[str, str]


def find(
    setting: str = "",
    home: Optional[Path] = None,
    qgis_prefix: str = "",
    environ: Mapping[str, str] = os.environ,
    candidates: Callable[..., Iterator[Base]] = bases,
    prove: Prove = runtime_proof,
) -> Runtime:
    """Return the first that works; raises RuntimeMissing.

    It may run several Pythons, which takes seconds: not for the interface's thread.
    A setting that does not work is an error and not passed over: the user has chosen it.
    """
    if setting:
        proof = prove(Path(setting), environ)
        if not proof.works:
            raise RuntimeMissing(
                f"The Python chosen in the options, {setting}, {proof.why}. "
                "Install that there, choose another one, or leave the option empty and set up the engine."
            )
        return _runtime(proof, "setting")
    return _managed_or_system(places.home(home, environ), qgis_prefix, environ, candidates, prove)


def status(
    setting: str = "",
    home: Optional[Path] = None,
    qgis_prefix: str = "",
    environ: Mapping[str, str] = os.environ,
    candidates: Callable[..., Iterator[Base]] = bases,
    prove: Prove = runtime_proof,
) -> dict[str, object]:
    """Return what is there, for a person and a program alike: `ready` and where, or `why` not and what is `missing`."""
    place = places.home(home, environ)
    managed = runtime_folder(place)
    report: dict[str, object] = {"home": str(place), "size_mb": round(_size(managed) / 1e6) if managed.exists() else 0}
    try:
        found = find(setting, home, qgis_prefix, environ, candidates, prove)
    except RuntimeMissing as error:
        python = Path(setting) if setting else python_of(managed)
        missing = prove(python, environ).lacks if setting or managed.exists() else []
        return {**report, "ready": False, "why": str(error), "missing": missing}
    return {
        **report,
        "ready": True,
        "python": str(found.python),
        "kind": found.kind,
        "version": found.version,
        "packages": dict(found.packages),
        "missing": [],
    }


def install(
    home: Optional[Path],
    watch: Watch,
    wheels: Optional[Path] = None,
    log: Callable[[str], None] = lambda line: None,
    qgis_prefix: str = "",
    python: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Runtime:
    """Make the managed runtime (see `install.install`), from the user's own choice of a `python` if given."""
    place = places.home(home, environ)
    planned = _install.plan(place, qgis_prefix, python, environ)
    made = _install.install(place, watch, wheels, log, planned, environ=environ)
    return _runtime(runtime_proof(made, environ), "managed")


def remove(home: Optional[Path] = None) -> bool:
    """Delete the managed runtime; False if there was none. Raises RuntimeInstallFailed if it is in use."""
    place = places.home(home)
    managed = runtime_folder(place)
    if not managed.exists():
        return False
    try:
        with held(place / "runtime.lock"):
            shutil.rmtree(managed)
            _install.sweep(place)
    except (Held, OSError) as error:
        raise RuntimeInstallFailed(
            f"The engine in {managed} can't be removed ({error}). Close what uses it, and try again."
        ) from error
    finally:
        forget()
    return True


def command(action: str, watch: Watch, wheels: Optional[str] = None) -> tuple[dict[str, object], str]:
    """Do what the shell asks for ("status", "install", "remove"); returns it as JSON and as text."""
    return ACTIONS[action](watch, Path(wheels) if wheels else None)


def _status_command(watch: Watch, wheels: Optional[Path]) -> tuple[dict[str, object], str]:
    report = status(candidates=_own_first)
    return report, _ready(report) if report["ready"] else str(report["why"])


def _install_command(watch: Watch, wheels: Optional[Path]) -> tuple[dict[str, object], str]:
    install(None, watch, wheels)
    report = status()
    return report, _ready(report)


def _remove_command(watch: Watch, wheels: Optional[Path]) -> tuple[dict[str, object], str]:
    place = runtime_folder(places.home())
    removed = remove()
    text = f"The engine in {place} is removed." if removed else f"There was no engine in {place}."
    return {"removed": removed, "home": str(places.home())}, text


ACTIONS = {"status": _status_command, "install": _install_command, "remove": _remove_command}


def _own_first(qgis_prefix: str, environ: Mapping[str, str]) -> Iterator[Base]:
    """In a shell the Python that runs this is a Python, so it may be asked too; inside QGIS it may be QGIS."""
    return itertools.chain([Base(Path(sys.executable))], bases(qgis_prefix, environ))


def _ready(report: Mapping[str, object]) -> str:
    size = f", {report['size_mb']} MB" if report["kind"] == "managed" else ""
    packages = report["packages"]
    named = [f"  {name} {version}" for name, version in packages.items()] if isinstance(packages, dict) else []
    first = f"The engine is ready: {report['python']} (Python {report['version']}, {report['kind']}{size})."
    return "\n".join([first, *named])


def _managed_or_system(
    home: Path, qgis_prefix: str, environ: Mapping[str, str], candidates: Callable[..., Iterator[Base]], prove: Prove
) -> Runtime:
    reasons = []
    managed = runtime_folder(home)
    if managed.exists():
        proof = prove(python_of(managed), environ)
        if proof.works:
            return _runtime(proof, "managed")
        reasons.append(f"The engine in {managed} does not work any more: its Python {proof.why}.")
    for base in candidates(qgis_prefix, environ):
        proof = prove(base.python, environ)
        if proof.works:
            return _runtime(proof, "system")
        if proof.problem or proof.broken:
            # It seems to have the packages, or was meant to be a Python: without its reason the next
            # sentence would be a riddle.
            reasons.append(f"{proof.python} {proof.why}.")
    nothing = f"There is no engine in {home} and no Python that has its packages."
    raise RuntimeMissing(" ".join([*(reasons or [nothing]), _remedy()]))


def _remedy() -> str:
    debian = " (on Debian 13 also: sudo apt install python3-onnxruntime python3-rasterio python3-pystac-client)"
    more = debian if sys.platform == "linux" else ""
    return f"Set it up: in QGIS by the panel's button, in a shell by 'mlm-runner runtime install'{more}."


def _runtime(proof: Proof, kind: str) -> Runtime:
    return Runtime(proof.python, kind, proof.full, proof.packages)


def _size(folder: Path) -> int:
    """Return the bytes of the files under `folder`; a link is its own few bytes."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
