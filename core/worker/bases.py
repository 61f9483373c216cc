"""Where Pythons are, on each platform: the candidates that an engine's environment can be made from, best first.

A table of paths per platform; nothing is run here. `sys.executable` is not in it: inside QGIS it may be QGIS itself. A
Python that stands by itself comes before the one inside QGIS, which goes when that QGIS is updated, and an environment
made from it with it.
"""

from __future__ import annotations

import glob
import ntpath
import os
import posixpath
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Place:
    """A pattern of paths; a name in braces is a variable of the environment, or {qgis} as in `qgis_root`.

    `dlls` is a folder, relative to {qgis} or what stands for it, that this Python's own modules need and don't find
    by themselves.
    """

    pattern: str
    dlls: str = ""


@dataclass(frozen=True)
class Base:
    """A Python that may serve as the base of an environment, with the folders its modules load DLLs from."""

    python: Path
    dll_folders: tuple[Path, ...] = ()


PLACES: Mapping[str, Sequence[Place]] = {
    # No python.exe of WindowsApps: where no Python is installed, that is a link to the shop.
    "win32": (
        Place("{LOCALAPPDATA}\\Programs\\Python\\Python3*\\python.exe"),
        Place("{ProgramFiles}\\Python3*\\python.exe"),
        # OSGeo4W and the standalone installer: OpenSSL's and SQLite's DLLs lie in bin, where only QGIS's own
        # start finds them.
        Place("{qgis}\\apps\\Python3*\\python.exe", dlls="bin"),
        Place("{OSGEO4W_ROOT}\\apps\\Python3*\\python.exe", dlls="bin"),
        Place("{SystemDrive}\\OSGeo4W*\\apps\\Python3*\\python.exe", dlls="bin"),
        Place("{ProgramFiles}\\QGIS *\\apps\\Python3*\\python.exe", dlls="bin"),
    ),
    # No /usr/bin/python3: without Apple's developer tools it is a window that offers to install them.
    "darwin": (
        Place("/Library/Frameworks/Python.framework/Versions/3.*/bin/python3"),
        Place("/opt/homebrew/bin/python3"),
        Place("/opt/homebrew/bin/python3.*"),
        Place("/usr/local/bin/python3"),
        Place("/usr/local/bin/python3.*"),
        Place("/Library/Developer/CommandLineTools/usr/bin/python3"),
        Place("/Applications/Xcode.app/Contents/Developer/usr/bin/python3"),
        Place("{qgis}/Contents/MacOS/bin/python3"),
        Place("{qgis}/Contents/MacOS/bin/python3.*"),
        Place("/Applications/QGIS*.app/Contents/MacOS/bin/python3"),
    ),
    "linux": (
        Place("/usr/bin/python3"),
        Place("/usr/bin/python3.*"),
        Place("/usr/local/bin/python3"),
        Place("/usr/local/bin/python3.*"),
        Place("/app/bin/python3"),  # Flatpak
        Place("{qgis}/bin/python3"),  # conda: QGIS's prefix is the environment's
    ),
}

IS_PYTHON = re.compile(r"python(3(\.\d+)?)?(\.exe)?$", re.IGNORECASE)
"""`python3.11`, not `python3.11-config`."""


def bases(
    qgis_prefix: str = "",
    environ: Mapping[str, str] = os.environ,
    platform: str = sys.platform,
    look: Callable[[str], Iterable[str]] = glob.glob,
    registered: Callable[[], Iterable[str]] = lambda: registered_pythons(),
) -> Iterator[Base]:
    """Yield the Pythons that are there, each once, of several in one place the newest first.

    `qgis_prefix` is what `QgsApplication.prefixPath()` says; `look` lists the paths of a pattern; `registered`
    those that Windows knows.
    """
    seen = set()
    variables = {name.upper(): value for name, value in environ.items()}
    variables["QGIS"] = qgis_root(qgis_prefix, platform)
    found = [Base(Path(path)) for path in registered()] if platform == "win32" else []
    found += [base for place in PLACES.get(platform, PLACES["linux"]) for base in _at(place, variables, platform, look)]
    for base in found:
        key = str(base.python).lower() if platform == "win32" else str(base.python)
        if key not in seen:
            seen.add(key)
            yield base


def qgis_root(qgis_prefix: str, platform: str) -> str:
    """Return the folder that is QGIS: on Windows the install's root, on macOS the app, else the prefix; or nothing."""
    prefix = qgis_prefix.rstrip("/\\")
    if platform == "win32":
        folder, name = ntpath.split(ntpath.dirname(ntpath.normpath(prefix))) if prefix else ("", "")
        return folder if name.lower() == "apps" else ""
    if platform == "darwin":
        while prefix and not prefix.endswith(".app"):
            prefix = posixpath.dirname(prefix) if prefix != "/" else ""
    return prefix


def registered_pythons() -> list[str]:
    """Return the Pythons that Windows' registry names (PEP 514), as the launcher `py` does; none elsewhere."""
    if sys.platform != "win32":
        return []
    import winreg

    found = []
    for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        try:
            with winreg.OpenKey(root, r"Software\Python\PythonCore") as core:
                for number in range(winreg.QueryInfoKey(core)[0]):
                    tag = winreg.EnumKey(core, number)
                    with winreg.OpenKey(core, rf"{tag}\InstallPath") as install:
                        found.append(ntpath.join(winreg.QueryValue(install, None), "python.exe"))
        except OSError:
            continue  # no Python is registered there, which is an answer too
    return [path for path in sorted(found, key=_newest_first) if os.path.exists(path)]


def _at(
    place: Place, variables: Mapping[str, str], platform: str, look: Callable[[str], Iterable[str]]
) -> Iterator[Base]:
    names = re.findall(r"{(\w+)}", place.pattern)
    if any(not variables.get(name.upper()) for name in names):
        return
    pattern = re.sub(r"{(\w+)}", lambda match: variables[match[1].upper()], place.pattern)
    path = ntpath if platform == "win32" else posixpath
    for python in sorted((p for p in look(pattern) if IS_PYTHON.match(path.basename(p))), key=_newest_first):
        root = path.dirname(path.dirname(path.dirname(python)))  # of ROOT\apps\Python312\python.exe
        yield Base(Path(python), (Path(path.join(root, place.dlls)),) if place.dlls else ())


def _newest_first(path: str) -> list[int]:
    """Sort by the numbers in the path: Python312 is 3.12 and before Python39."""
    return [-int(number) for version in re.findall(r"\d+(?:\.\d+)*", path) for number in _parts(version)]


def _parts(version: str) -> Sequence[str]:
    return version.split(".") if "." in version else (version[0], version[1:] or "0")
