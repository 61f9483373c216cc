"""What the locks promise: all is pinned and hashed, no place is named, and ordinary computers are served."""

from __future__ import annotations

import re

import pytest

from mlm_runner.core.worker.lock import platform_name, read_lock, versions
from mlm_runner.core.worker.packages import NEEDED, WELCOME

PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
PINNED = re.compile(r"([a-z0-9-]+)==([\w.]+)(; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n")


def test_there_is_a_lock_for_each_python_that_qgis_comes_with():
    assert versions() == PYTHONS


@pytest.mark.parametrize("version", PYTHONS)
def test_a_lock_holds_pinned_and_hashed_packages_and_nothing_else(version):
    text = read_lock(version).path.read_text("utf-8")
    packages = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    assert PINNED.sub("", packages) == ""
    assert {package.name for package in (*NEEDED, *WELCOME)} <= {found[0] for found in PINNED.findall(packages)}
    assert "://" not in text


@pytest.mark.parametrize("version", PYTHONS)
def test_ordinary_computers_are_served(version):
    lock = read_lock(version)
    assert {"linux-x86_64", "windows-amd64", "macos-arm64"} <= set(lock.megabytes)
    assert all(40 < megabytes < 150 for megabytes in lock.megabytes.values())


def test_windows_on_arm_is_served_without_what_it_has_no_files_of():
    lock = read_lock("3.13")
    (marker,) = re.findall(r"^pyogrio==[\w.]+; ([^\\]+)", lock.path.read_text("utf-8"), re.MULTILINE)
    assert "windows-arm64" in lock.megabytes and '(sys_platform == "win32" and platform_machine == "AMD64")' in marker


def test_computers_that_a_package_does_not_serve_are_named():
    assert read_lock("3.9").unavailable["linux-aarch64"] == "rasterio"
    assert read_lock("3.14").unavailable["macos-x86_64"] == "onnxruntime"


@pytest.mark.parametrize(
    ("machine", "platform", "name"),
    [("AMD64", "win32", "windows-amd64"), ("arm64", "darwin", "macos-arm64"), ("x86_64", "linux", "linux-x86_64")],
)
def test_a_computer_is_called_as_in_the_lock(machine, platform, name):
    assert platform_name(machine, platform) == name
