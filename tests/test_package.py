"""What users get: the zip that QGIS's plugin manager installs, and the wheel that pip does."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mlm_runner


@pytest.fixture(scope="module")
def package(tool):
    return tool("package")


@pytest.fixture(scope="module")
def metadata(top) -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.read(top / "metadata.txt", encoding="utf-8")
    return dict(parser["general"])


@pytest.fixture
def copy(top, tracked, tmp_path) -> Path:
    """The checkout in another folder, with other dates, modes and history."""
    folder = tmp_path / "another name"
    for name in tracked:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(top / name, target)
        os.utime(target, (1_000_000_000, 1_000_000_000))
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_the_zip_is_one_folder_with_what_qgis_asks_for(package, tmp_path):
    names = zipfile.ZipFile(package.build(tmp_path)).namelist()
    assert {name.split("/")[0] for name in names} == {"mlm_runner"}
    assert {"mlm_runner/__init__.py", "mlm_runner/metadata.txt", "mlm_runner/LICENSE"} <= set(names)


def test_the_zip_leaves_out_what_only_developers_use(package):
    tops = {name.split("/")[0] for name in package.shipped_files()}
    assert tops.isdisjoint({"tests", "tools", "benchmarks", "docs", ".ci", "Makefile", "pyproject.toml", ".gitignore"})


def test_the_zip_has_the_same_bytes_wherever_it_is_built(package, copy, tmp_path):
    here = package.build(tmp_path / "here")
    subprocess.run([sys.executable, "tools/package.py", "--folder", str(tmp_path / "there")], cwd=copy, check=True)
    assert (tmp_path / "there" / here.name).read_bytes() == here.read_bytes()


@pytest.mark.parametrize("name", ["core/lib.so", "ui/__pycache__/dock.py", "core/.hidden.py", "resources/model.pkl"])
def test_a_file_that_must_not_ship_stops_the_zip(package, name):
    (fault,) = package.faults_of_files(["LICENSE", "__init__.py", "metadata.txt", name])
    assert name in fault


def test_the_plugin_repository_gets_no_zip_without_true_addresses(package):
    fields = {field: "something" for field in package.MANDATORY} | {
        "repository": "https://host.example/x",
        "tracker": "",
        "email": "contributors@mlm-runner.invalid",
    }
    assert package.faults_of_metadata(fields) == [
        "'tracker' is missing",
        "'email' reaches nobody: contributors@mlm-runner.invalid",
    ]


def test_metadata_and_package_tell_one_version(metadata):
    assert metadata["version"] == mlm_runner.__version__


def test_metadata_tells_qgis_what_it_acts_on(metadata):
    acted_on = {
        key: metadata[key] for key in ("name", "qgisminimumversion", "qgismaximumversion", "hasprocessingprovider")
    }
    assert acted_on == {
        "name": "MLM Runner",
        "qgisminimumversion": "3.22",
        "qgismaximumversion": "4.99",
        "hasprocessingprovider": "yes",
    }


def test_the_icon_ships(metadata, package):
    assert metadata["icon"] in package.shipped_files()


def test_the_wheel_has_what_the_zip_has(package, copy, tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "-qq",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
        str(copy),
    ]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name.partition("/")[2] for name in zipfile.ZipFile(wheel).namelist() if name.startswith("mlm_runner/")}
    assert names == set(package.shipped_files()) - {"LICENSE", "README.md", "CHANGELOG.md"}
