"""Which Python becomes the engine's: the setting, the managed one, then the system's; each proved by running it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlm_runner.core.errors import RuntimeMissing
from mlm_runner.core.watch import Watch
from mlm_runner.core.worker import runtime
from mlm_runner.core.worker.bases import Base
from mlm_runner.core.worker.places import data_folder, home, python_of
from mlm_runner.core.worker.prove import Proof, forget, prove

ALL = {"numpy": "2.0", "rasterio": "1.4", "onnxruntime": "1.20", "pystac_client": "0.8"}


def proving(*works: Path):
    """Return a proof of just these Pythons, and the list of those that were asked."""
    asked = []

    def prove(python: Path, environ) -> Proof:
        asked.append(python)
        if python in works:
            return Proof(python, "3.11", "3.11.2", found=ALL)
        return Proof(python, "3.11", "3.11.2", missing={"rasterio": "ModuleNotFoundError: No module named 'rasterio'"})

    return prove, asked


@pytest.fixture
def places(tmp_path):
    """The setting's, the managed and the system's Python of a computer that has all three."""
    managed = python_of(tmp_path / "runtime")
    managed.parent.mkdir(parents=True)
    return Path("/chosen/python"), managed, Path("/usr/bin/python3")


def find(tmp_path, system, prove, setting=""):
    return runtime.find(setting, tmp_path, "", {}, lambda prefix, environ: iter([Base(system)]), prove)


def test_the_setting_comes_first_then_the_managed_one_then_the_system(tmp_path, places):
    setting, managed, system = places
    prove, asked = proving(*places)
    assert find(tmp_path, system, prove, str(setting)).kind == "setting"
    assert find(tmp_path, system, prove).kind == "managed"
    assert find(tmp_path, system, proving(system)[0]).kind == "system"
    assert asked == [setting, managed]


def test_a_setting_that_does_not_work_is_said_and_not_passed_over(tmp_path, places):
    setting, managed, system = places
    with pytest.raises(
        RuntimeMissing, match="chosen in the options, /chosen/python, lacks rasterio.*or leave the option"
    ):
        find(tmp_path, system, proving(managed, system)[0], str(setting))


def test_a_managed_engine_that_broke_is_named_where_nothing_else_works(tmp_path, places):
    with pytest.raises(RuntimeMissing, match=f"engine in {tmp_path}/runtime does not work any more.*lacks rasterio"):
        find(tmp_path, places[2], proving()[0])


def test_a_system_python_whose_packages_crash_is_named(tmp_path):
    system = Path("/usr/bin/python3")
    with pytest.raises(RuntimeMissing, match="/usr/bin/python3 ended with SIGABRT. Set it up"):
        find(tmp_path, system, lambda python, environ: Proof(python, problem="ended with SIGABRT"))


def test_the_interpreter_of_this_process_is_not_run_unasked(tmp_path, monkeypatch):
    """Inside QGIS sys.executable may be QGIS itself."""
    monkeypatch.setattr(sys, "executable", "/opt/qgis/qgis")
    prove, asked = proving()
    with pytest.raises(RuntimeMissing):
        runtime.find("", tmp_path, "/usr", {}, prove=prove)
    assert Path("/opt/qgis/qgis") not in asked


def test_status_says_where_and_what_or_why_not(tmp_path, places):
    _, managed, system = places
    managed.write_bytes(b"x" * 2_000_000)
    here = lambda prefix, environ: iter([Base(system)])  # noqa: E731  (a table of one)
    assert runtime.status("", tmp_path, "", {}, here, proving(managed)[0]) == {
        "home": str(tmp_path),
        "size_mb": 2,
        "ready": True,
        "python": str(managed),
        "kind": "managed",
        "version": "3.11.2",
        "packages": {"numpy": "2.0", "rasterio": "1.4", "onnxruntime": "1.20", "pystac-client": "0.8"},
        "missing": [],
    }
    report = runtime.status("", tmp_path, "", {}, here, proving()[0])
    assert (report["ready"], report["missing"]) == (False, ["rasterio"]) and "does not work any more" in report["why"]


def test_the_shell_asks_for_status_and_removal(tmp_path, monkeypatch):
    monkeypatch.setenv("MLM_RUNNER_HOME", str(tmp_path))
    report, text = runtime.command("status", Watch())
    assert text.startswith("The engine is ready: " if report["ready"] else "There is no engine in ")
    assert report["home"] == str(tmp_path)
    assert runtime.command("remove", Watch()) == (
        {"removed": False, "home": str(tmp_path)},
        f"There was no engine in {tmp_path}/runtime.",
    )


def test_a_real_python_is_asked_and_remembered_until_its_file_changes(tmp_path):
    counter = tmp_path / "asked"
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\necho x >> "{counter}"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    proof = prove(python, ["json", "venv"])
    assert proof.works and proof.version == f"{sys.version_info[0]}.{sys.version_info[1]}" and proof.bits == 64
    prove(python, ["json", "venv"])
    assert counter.read_text() == "x\n"
    os.utime(python, (1, 1))
    prove(python, ["json", "venv"])
    assert counter.read_text() == "x\nx\n"
    forget()
    prove(python, ["json", "venv"])
    assert counter.read_text() == "x\nx\nx\n"


def test_a_python_without_a_package_is_asked_again_next_time(tmp_path):
    asked = [prove(Path(sys.executable), ["json", "no_such_module"]) for _ in range(2)]
    assert asked[0] is not asked[1] and asked[0].lacks == ["no_such_module"] and not asked[0].works


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("#!/bin/sh\nexit 4\n", "is no usable Python (ended with status 4: it said nothing)"),
        ("#!/bin/sh\necho 'QGIS 3.22'\n", "is no usable Python"),
        ("#!/bin/sh\nkill -9 $$\n", "SIGKILL"),
        ("#!/bin/sh\nsleep 20\n", "did not answer within 0 s"),
        ("not a program", "can't be started"),
    ],
)
def test_what_is_no_python_is_said(tmp_path, script, words):
    python = tmp_path / "python3"
    python.write_text(script)
    python.chmod(0o755)
    assert words in prove(python, ["json"], timeout=0.4).why
    assert "can't be found" in prove(tmp_path / "gone", ["json"]).why


def test_an_import_that_crashes_with_words_is_quoted():
    proof = Proof(Path("/p"), missing={"onnxruntime": "ImportError: libcudart.so.12 not found"})
    assert proof.why == "lacks onnxruntime (ImportError: libcudart.so.12 not found)"


def test_the_home_is_the_given_one_or_the_variables_or_the_users_data_folder(tmp_path):
    assert home(tmp_path, {"MLM_RUNNER_HOME": "/other"}) == tmp_path
    assert home(None, {"MLM_RUNNER_HOME": "/other"}) == Path("/other")
    ada = Path("/home/ada")
    assert data_folder("linux", {}, ada) == Path("/home/ada/.local/share")
    assert data_folder("linux", {"XDG_DATA_HOME": "/data"}, ada) == Path("/data")
    assert data_folder("darwin", {}, ada) == Path("/home/ada/Library/Application Support")
    assert data_folder("win32", {"LOCALAPPDATA": "L"}, ada) == Path("L")
