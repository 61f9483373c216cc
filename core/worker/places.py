"""Where the engine keeps its things: one home folder, and in it the runtime, its lock and the logs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Mapping, Optional

LOCKS = Path(__file__).parent / "locks"
BOOT = Path(__file__).parent / "boot.py"


def home(given: Optional[Path] = None, environ: Optional[Mapping[str, str]] = None) -> Path:
    """Return the home folder: the given one (QGIS's profile has one), or MLM_RUNNER_HOME, or the user's data folder."""
    if given is not None:
        return Path(given)
    environ = os.environ if environ is None else environ
    if environ.get("MLM_RUNNER_HOME"):
        return Path(environ["MLM_RUNNER_HOME"])
    return data_folder(sys.platform, environ, Path.home()) / "mlm_runner"


def data_folder(platform: str, environ: Mapping[str, str], user: Path) -> Path:
    """Return where programs keep their data on `platform`, for the user whose home is `user`."""
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or user / "AppData" / "Local")
    if platform == "darwin":
        return user / "Library" / "Application Support"
    return Path(environ.get("XDG_DATA_HOME") or user / ".local" / "share")


def runtime_folder(home: Path) -> Path:
    """Return the folder of the managed runtime."""
    return home / "runtime"


def python_of(folder: Path, platform: str = sys.platform) -> Path:
    """Return the Python of the virtual environment `folder`."""
    return folder / "Scripts" / "python.exe" if platform == "win32" else folder / "bin" / "python"


def worker_log(home: Path) -> Path:
    return home / "logs" / "worker.log"


def install_log(home: Path) -> Path:
    return home / "logs" / "install.log"


def lock_for(version: str) -> Path:
    """Return the list of packages for Python `version` ("3.11"); it need not exist."""
    return LOCKS / f"runtime-{version}.txt"


def worker_command(python: Path) -> list[str]:
    """Return what starts a worker: isolated from the user's settings, and UTF-8 whatever the system's code page."""
    return [str(python), "-I", "-X", "utf8", str(BOOT), "worker"]
