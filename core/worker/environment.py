"""The environment of a child process is made, not inherited: what was set for QGIS must not reach another Python.

A PYTHONHOME, a PROJ_DATA or a folder of DLLs of QGIS makes the child load QGIS's libraries of another version, or not
start at all.
"""

from __future__ import annotations

import sys
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Callable, Mapping, Optional

NAMES = frozenset(
    {
        "VIRTUAL_ENV",  # another environment's place
        "__PYVENV_LAUNCHER__",  # macOS: makes a Python believe that it is another one
        "PROJ_LIB",
        "PROJ_DATA",
        "GDAL_DATA",
        "GDAL_DRIVER_PATH",
        "GDAL_PYTHON_DRIVER_PATH",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
    }
)
PREFIXES = ("PYTHON", "PIP_", "QGIS_", "DYLD_")
"""Names are compared in upper case, as Windows does."""


def child_environment(
    environ: Mapping[str, str],
    qgis_prefix: str = "",
    home: Optional[Path] = None,
    platform: str = sys.platform,
) -> dict[str, str]:
    """Return `environ` without what belongs to QGIS or another Python.

    `qgis_prefix` is what `QgsApplication.prefixPath()` says; `home` is where the engine keeps its things
    (MLM_RUNNER_HOME).
    """
    made = {name: value for name, value in environ.items() if not _taken_out(name)}
    for name in [name for name in made if name.upper() == "PATH"]:
        made[name] = _without_qgis(made[name], environ, qgis_prefix, platform)
    if home is not None:
        made["MLM_RUNNER_HOME"] = str(home)
    return made


def _taken_out(name: str) -> bool:
    return name.upper() in NAMES or name.upper().startswith(PREFIXES)


def _without_qgis(path: str, environ: Mapping[str, str], qgis_prefix: str, platform: str) -> str:
    separator = ";" if platform == "win32" else ":"
    recognise = RECOGNISE.get(platform, _no_folder)
    belongs = recognise(environ, qgis_prefix)
    return separator.join(entry for entry in path.split(separator) if entry and not belongs(entry))


def _windows(environ: Mapping[str, str], qgis_prefix: str) -> Callable[[str], bool]:
    """Windows: QGIS's launcher puts bin, apps\\qgis\\bin, apps\\Python3xx ... of one install folder on PATH.

    That folder is OSGEO4W_ROOT, or two above the prefix (`C:\\Program Files\\QGIS 3.34\\apps\\qgis-ltr`); without
    both it is recognised by a folder's name: `OSGeo4W`, `OSGeo4W64`, `QGIS 3.34.1`.
    """
    roots = []
    if environ.get("OSGEO4W_ROOT"):
        roots.append(PureWindowsPath(environ["OSGEO4W_ROOT"]))
    prefix = PureWindowsPath(qgis_prefix)
    if qgis_prefix and prefix.parent.name.lower() == "apps":
        roots.append(prefix.parents[1])

    def belongs(entry: str) -> bool:
        folder = PureWindowsPath(entry.strip('"'))
        named = any(part.lower().startswith(("osgeo4w", "qgis ")) for part in folder.parts[1:])
        return named or any(_inside(folder, root) for root in roots)

    return belongs


def _macos(environ: Mapping[str, str], qgis_prefix: str) -> Callable[[str], bool]:
    """macOS: everything of QGIS is inside its application: `/Applications/QGIS-LTR.app/Contents/MacOS/bin`."""
    app = next((p for p in PurePosixPath(qgis_prefix).parents if p.suffix == ".app"), None)

    def belongs(entry: str) -> bool:
        folder = PurePosixPath(entry)
        named = any(part.lower().startswith("qgis") and part.lower().endswith(".app") for part in folder.parts)
        return named or (app is not None and _inside(folder, app))

    return belongs


def _no_folder(environ: Mapping[str, str], qgis_prefix: str) -> Callable[[str], bool]:
    """Linux and others: QGIS lives in /usr/bin beside everything else, which the child needs."""
    return lambda entry: False


def _inside(folder: PurePath, root: PurePath) -> bool:
    return folder == root or root in folder.parents


RECOGNISE: Mapping[str, Callable[[Mapping[str, str], str], Callable[[str], bool]]] = {
    "win32": _windows,
    "darwin": _macos,
}
"""By `sys.platform`: from the environment and QGIS's prefix to the question whether a folder on PATH is QGIS's."""
