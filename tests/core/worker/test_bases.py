"""Where Pythons are, on file systems of other computers."""

from __future__ import annotations

import fnmatch
import re

import pytest

from mlm_runner.core.worker.bases import PLACES, bases, qgis_root


def found(platform: str, files: list[str], prefix: str = "", environ=None, registered=()) -> list[str]:
    """Return the Pythons that are found where just these files exist."""

    def look(pattern: str) -> list[str]:
        # As glob does, and unlike fnmatch, a star stays within its folder.
        steps = re.split(r"[/\\]", pattern)
        parts = {file: re.split(r"[/\\]", file) for file in files}
        return [f for f, own in parts.items() if len(own) == len(steps) and all(map(fnmatch.fnmatchcase, own, steps))]

    return [str(b.python) for b in bases(prefix, environ or {}, platform, look, lambda: list(registered))]


WINDOWS = {"LOCALAPPDATA": r"C:\Users\Ada\AppData\Local", "ProgramFiles": r"C:\Program Files", "SystemDrive": "C:"}


def test_windows_own_pythons_come_before_that_inside_qgis():
    own = r"C:\Users\Ada\AppData\Local\Programs\Python\Python312\python.exe"
    qgis = r"C:\Program Files\QGIS 3.34.1\apps\Python39\python.exe"
    assert found("win32", [qgis, own], "C:/Program Files/QGIS 3.34.1/apps/qgis-ltr", WINDOWS) == [own, qgis]


def test_windows_registered_pythons_come_first_and_once():
    own = r"C:\Users\Ada\AppData\Local\Programs\Python\Python312\python.exe"
    odd = r"E:\odd\python.exe"
    assert found("win32", [own], "", WINDOWS, [odd, own.upper()]) == [odd, own.upper()]


@pytest.mark.parametrize(
    ("root", "prefix", "environ"),
    [
        (r"C:\OSGeo4W", "", {}),
        (r"C:\Program Files\QGIS 3.40.0", "", {}),
        (r"D:\gis", "D:/gis/apps/qgis", {}),
        (r"D:\gis", "", {"OSGEO4W_ROOT": r"D:\gis"}),
    ],
)
def test_windows_pythons_inside_qgis_come_with_their_folder_of_dlls(root, prefix, environ):
    python = rf"{root}\apps\Python312\python.exe"
    (base,) = bases(
        prefix, {**WINDOWS, **environ}, "win32", lambda pattern: [python] if matches(pattern, python) else [], list
    )
    assert str(base.python) == python
    assert [str(folder) for folder in base.dll_folders] == [rf"{root}\bin"]


def matches(pattern: str, path: str) -> bool:
    return fnmatch.fnmatchcase(path.replace("\\", "/"), pattern.replace("\\", "/"))


def test_of_several_the_newest_comes_first():
    files = [rf"C:\OSGeo4W\apps\Python{number}\python.exe" for number in ("39", "312", "310")]
    assert [re.search(r"Python(\d+)", path)[1] for path in found("win32", files, "", WINDOWS)] == ["312", "310", "39"]
    files = [f"/usr/bin/python3.{minor}" for minor in (9, 13, 11)]
    assert found("linux", files) == ["/usr/bin/python3.13", "/usr/bin/python3.11", "/usr/bin/python3.9"]


def test_macos_asks_qgis_last_and_the_stub_of_apple_never():
    qgis = "/Applications/QGIS-LTR.app/Contents/MacOS/bin/python3"
    brew = "/opt/homebrew/bin/python3"
    tools = "/Library/Developer/CommandLineTools/usr/bin/python3"
    files = [qgis, tools, "/usr/bin/python3", brew]
    assert found("darwin", files, "/Applications/QGIS-LTR.app/Contents/MacOS") == [brew, tools, qgis]
    elsewhere = "/Users/ada/Apps/QGIS.app/Contents/MacOS/bin/python3"
    assert found("darwin", [elsewhere], "/Users/ada/Apps/QGIS.app/Contents/MacOS") == [elsewhere]


def test_linux_takes_the_systems_python_and_no_tools_beside_it():
    files = ["/usr/bin/python3.11-config", "/usr/bin/python3.11", "/usr/bin/python3"]
    assert found("linux", files) == ["/usr/bin/python3", "/usr/bin/python3.11"]


def test_linux_conda_has_its_python_under_qgis_prefix():
    assert found("linux", ["/opt/conda/bin/python3"], "/opt/conda") == ["/opt/conda/bin/python3"]


@pytest.mark.parametrize("platform", PLACES)
def test_an_empty_computer_has_none(platform):
    assert found(platform, []) == []


@pytest.mark.parametrize(
    ("prefix", "platform", "root"),
    [
        ("C:/OSGeo4W/apps/qgis", "win32", r"C:\OSGeo4W"),
        ("C:\\Program Files\\QGIS 3.34\\apps\\qgis-ltr\\", "win32", r"C:\Program Files\QGIS 3.34"),
        ("C:/elsewhere/qgis", "win32", ""),
        ("/Applications/QGIS.app/Contents/MacOS", "darwin", "/Applications/QGIS.app"),
        ("/usr/local", "darwin", ""),
        ("/usr", "linux", "/usr"),
        ("", "win32", ""),
        ("", "darwin", ""),
    ],
)
def test_qgis_folder_is_found_from_its_prefix(prefix, platform, root):
    assert qgis_root(prefix, platform) == root
