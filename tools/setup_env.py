"""Make the checkout's two Python environments, each only when what it is made from has changed.

`.venv` is the engine's runtime from its lock, with the command `mlm-runner` and the development tools. `.venv-qgis` is
QGIS's own Python with a test runner and nothing else, so that tests see the packages that users' QGIS sees. In both the
package `mlm_runner` is this checkout.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
TOOLS = Path("tools")
PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
LOCK = Path("core/worker/locks") / f"runtime-{PYTHON_VERSION}.txt"
EDITABLE = ("--no-deps", "--no-build-isolation", "--editable", ".")


class SetupFailed(Exception):
    """A step did not work; the message says which, and what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment: the files that list its packages, and the calls of `pip install` that fill it."""

    folder: str
    purpose: str
    venv_options: tuple[str, ...]
    listed_in: tuple[Path, ...]
    installs: tuple[tuple[str, ...], ...]

    @property
    def path(self) -> Path:
        return TOP / self.folder

    @property
    def python(self) -> Path:
        return self.path / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")

    @property
    def stamp(self) -> Path:
        return self.path / "made-from"

    def made_from(self) -> str:
        """A digest of all that decides what is in the environment; its scripts name their path, so that counts too."""
        made_by = (sys.version, sys.executable, str(TOP), self.venv_options, self.installs)
        digest = hashlib.sha256(repr(made_by).encode())
        digest.update(installed_by(TOP / "pyproject.toml").encode())
        for name in self.listed_in:
            digest.update((TOP / name).read_bytes())
        return digest.hexdigest()

    def is_current(self) -> bool:
        return self.python.exists() and self.stamp.exists() and self.stamp.read_text() == self.made_from()


def installed_by(pyproject: Path) -> str:
    """The tables that pip reads; another setting of a linter makes nothing anew."""
    tables = re.split(r"^(?=\[)", pyproject.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return "".join(table for table in tables if table.startswith(("[build-system]", "[project", "[tool.setuptools")))


def environments() -> tuple[Environment, Environment]:
    test, dev = (TOOLS / f"requirements-{name}.txt" for name in ("test", "dev"))
    return (
        Environment(
            folder=".venv",
            purpose="the engine and the development tools",
            venv_options=(),
            listed_in=(LOCK, test, dev),
            installs=(("--require-hashes", "-r", str(LOCK)), ("-r", str(test), "-r", str(dev)), EDITABLE),
        ),
        Environment(
            folder=".venv-qgis",
            purpose="QGIS's Python with a test runner",
            venv_options=("--system-site-packages",),
            listed_in=(test,),
            installs=(("-r", str(test)), EDITABLE),
        ),
    )


def run(step: str, *command: str) -> None:
    """Run a command in the checkout's top folder; its own messages stay visible."""
    if subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL).returncode != 0:
        raise SetupFailed(f"{step} failed; the lines above say why. Mend that and call 'make setup' again.")


def make(environment: Environment) -> None:
    """Make the environment anew; the stamp comes last, so one that was interrupted is made again."""
    print(f"Making {environment.folder}: {environment.purpose}", flush=True)
    shutil.rmtree(environment.path, ignore_errors=True)
    run(f"Making {environment.folder}", sys.executable, "-m", "venv", *environment.venv_options, str(environment.path))
    for arguments in environment.installs:
        pip = (str(environment.python), "-m", "pip", "-qq", "--no-input", "--disable-pip-version-check", "install")
        run(f"Installing packages into {environment.folder}", *pip, *arguments)
    link_for_mypy(environment)
    environment.stamp.write_text(environment.made_from())


def link_for_mypy(environment: Environment) -> None:
    """Show mypy the checkout under its package name: it does not know the mapping that an editable install makes."""
    link = environment.path / "typing" / "mlm_runner"
    link.parent.mkdir()
    link.symlink_to(TOP, target_is_directory=True)


def main() -> int:
    if not (TOP / LOCK).exists():
        known = ", ".join(sorted(p.stem.removeprefix("runtime-") for p in (TOP / LOCK).parent.glob("runtime-*.txt")))
        print(
            f"{sys.executable} is Python {PYTHON_VERSION}; the engine's packages are locked for {known}.",
            file=sys.stderr,
        )
        print("Name another one: make setup PYTHON=/path/to/python3", file=sys.stderr)
        return 1
    try:
        for environment in environments():
            if not environment.is_current():
                make(environment)
    except SetupFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
