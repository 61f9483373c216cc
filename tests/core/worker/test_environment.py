"""What QGIS or its launcher set for QGIS never reaches the child; what the user set for programs does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlm_runner.core.worker.environment import child_environment

NAMED_BY_THE_DESIGN = [
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONEXECUTABLE",
    "VIRTUAL_ENV",
    "PYTHONUSERBASE",
    "PIP_INDEX_URL",
    "PROJ_LIB",
    "PROJ_DATA",
    "GDAL_DATA",
    "GDAL_DRIVER_PATH",
    "QGIS_PREFIX_PATH",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "__PYVENV_LAUNCHER__",
]


@pytest.mark.parametrize("name", NAMED_BY_THE_DESIGN)
def test_what_belongs_to_qgis_is_taken_out(name):
    assert child_environment({name: "x", "HOME": "/home/ada"}) == {"HOME": "/home/ada"}


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "SSL_CERT_FILE", "LANG", "TMPDIR", "GDAL_CACHEMAX", "SystemRoot"])
def test_what_the_user_or_the_system_set_stays(name):
    assert child_environment({name: "x"}) == {name: "x"}


def test_names_are_compared_as_windows_does():
    assert child_environment({"PythonHome": "x", "Proj_Lib": "x"}, platform="win32") == {}


def test_the_home_is_handed_on():
    assert child_environment({}, home=Path("/data/mlm"))["MLM_RUNNER_HOME"] == str(Path("/data/mlm"))


WINDOWS_PATH = [
    r"C:\Windows\system32",
    r"C:\Program Files\QGIS 3.34.1\bin",
    r"C:\Program Files\QGIS 3.34.1\apps\qgis-ltr\bin",
    r"c:\osgeo4w64\BIN",
    r"D:\gis\apps\Python39\Scripts",
    r"C:\Users\Ada\AppData\Local\Programs\Python\Python312",
]


@pytest.mark.parametrize(
    ("environ", "prefix", "left"),
    [
        ({}, "", [0, 4, 5]),
        ({"OSGEO4W_ROOT": r"D:\gis"}, "", [0, 5]),
        ({}, "D:/gis/apps/qgis-ltr", [0, 5]),
    ],
)
def test_qgis_folders_leave_the_path_on_windows(environ, prefix, left):
    made = child_environment({**environ, "Path": ";".join(WINDOWS_PATH)}, prefix, platform="win32")
    assert made["Path"].split(";") == [WINDOWS_PATH[number] for number in left]


def test_qgis_folders_leave_the_path_on_macos():
    path = "/Applications/QGIS-LTR.app/Contents/MacOS/bin:/usr/bin:/Applications/My GIS.app/Contents/MacOS/bin:/bin"
    prefix = "/Applications/My GIS.app/Contents/MacOS"
    assert child_environment({"PATH": path}, prefix, platform="darwin")["PATH"] == "/usr/bin:/bin"


def test_the_path_stays_whole_on_linux():
    assert child_environment({"PATH": "/usr/bin:/bin"}, "/usr", platform="linux")["PATH"] == "/usr/bin:/bin"


def test_a_real_child_sees_the_made_environment():
    made = child_environment({"PYTHONPATH": "/qgis/python", "PROJ_DATA": "/qgis/proj", "LANG": "C.UTF-8"})
    said = subprocess.run(
        [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"],
        env=made,
        capture_output=True,
        check=True,
    )
    assert {name for name in json.loads(said.stdout) if name.startswith(("PYTHON", "PROJ", "LANG"))} == {"LANG"}
