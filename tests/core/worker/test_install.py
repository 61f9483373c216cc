"""An installation that works replaces the old engine; any other leaves nothing but a log and a sentence."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from mlm_runner.core.errors import Cancelled, RuntimeInstallFailed, RuntimeMissing
from mlm_runner.core.watch import Watch
from mlm_runner.core.worker import runtime
from mlm_runner.core.worker.bases import Base
from mlm_runner.core.worker.install import Plan, install, plan
from mlm_runner.core.worker.lock import Lock
from mlm_runner.core.worker.lockfile import held
from mlm_runner.core.worker.pip_output import Download, explain
from mlm_runner.core.worker.prove import Proof

PACKAGES = {"numpy": "numpy", "rasterio": "rasterio", "onnxruntime": "onnxruntime", "pystac-client": "pystac_client"}


def wheel(folder: Path, name: str, module: str, version: str) -> str:
    """Write a wheel that holds one module; return its line in a lock."""
    stem = f"{name.replace('-', '_')}-{version}"
    files = {
        f"{module}.py": f"__version__ = '{version}'\n",
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text)}")
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
        archive.writestr(f"{stem}.dist-info/RECORD", "\n".join([*rows, f"{stem}.dist-info/RECORD,,"]) + "\n")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.fixture(scope="session")
def quick_base(tmp_path_factory) -> Path:
    """A Python that makes environments by copying one that is ready: making each anew takes seconds."""
    folder = tmp_path_factory.mktemp("base")
    subprocess.run([sys.executable, "-I", "-m", "venv", str(folder / "ready")], check=True)
    script = folder / "python3"
    script.write_text(f'#!/bin/sh\n[ "$3" = venv ] && exec cp -a "{folder}/ready/." "$5"\nexit 9\n')
    script.chmod(0o755)
    return script


class Scene:
    """A home, a folder of wheels, and the plan to install them."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.home, self.wheels, self.lock = folder / "home", folder / "wheels", folder / "lock.txt"
        self.wheels.mkdir()
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        self.plan = Plan(
            Base(base),
            Proof(base, version, version + ".0"),
            Lock(self.lock, version, {}, {}),
            self.home / "runtime",
            download_mb=1,
            disk_mb=50,
        )

    def publish(self, version: str) -> None:
        lines = [wheel(self.wheels, name, module, version) for name, module in PACKAGES.items()]
        self.lock.write_text("\n".join(lines) + "\n")

    def install(self, watch=None, **changes) -> Path:
        return install(self.home, watch or Watch(), self.wheels, planned=replace(self.plan, **changes), environ={})

    def left(self) -> set[str]:
        return {path.name for path in self.home.iterdir()}

    def numpy(self) -> str:
        ask = "import numpy; print(numpy.__version__)"
        python = self.home / "runtime" / "bin" / "python"
        return subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def scene(tmp_path, quick_base) -> Scene:
    scene = Scene(tmp_path, quick_base)
    scene.publish("1.0")
    return scene


def test_a_real_environment_is_made_from_a_folder_of_wheels_and_works_under_its_final_name(scene):
    told = []
    python = scene.install(Watch(told.append), base=Base(Path(sys.executable)))
    assert scene.numpy() == "1.0" and scene.left() == {"runtime", "runtime.lock", "logs"}
    assert python == scene.home / "runtime" / "bin" / "python"
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert any(progress.text.startswith("Taking rasterio") for progress in told)
    found = runtime.find(home=scene.home, environ={})
    assert (found.kind, found.python, found.packages["pystac-client"]) == ("managed", python, "1.0")
    pip = subprocess.run([python, "-I", "-m", "pip", "--version"], capture_output=True, text=True, check=True)
    assert str(scene.home / "runtime") in pip.stdout


def test_a_new_engine_replaces_the_old_one_and_is_removed_whole(scene):
    scene.install()
    scene.publish("2.0")
    scene.install()
    assert scene.numpy() == "2.0" and scene.left() == {"runtime", "runtime.lock", "logs"}
    assert runtime.remove(scene.home) is True and runtime.remove(scene.home) is False
    assert scene.left() == {"runtime.lock", "logs"}


def spoil_hash(scene: Scene) -> None:
    scene.lock.write_text(re.sub("sha256:.{8}", "sha256:00000000", scene.lock.read_text()))


def lose_a_wheel(scene: Scene) -> None:
    next(scene.wheels.glob("rasterio*")).unlink()


def break_a_module(scene: Scene) -> None:
    lines = [wheel(scene.wheels, name, "other_" + module, "2.0") for name, module in PACKAGES.items()]
    scene.lock.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (spoil_hash, "not the one that was tried and listed"),
        (lose_a_wheel, "Check that the folder holds all the packages"),
        (break_a_module, "lacks numpy, rasterio, onnxruntime, pystac-client"),
    ],
)
def test_an_installation_that_fails_says_why_and_the_old_engine_stays(scene, harm, words):
    scene.install()
    harm(scene)
    with pytest.raises(RuntimeInstallFailed) as caught:
        scene.install()
    sentence, quoted = str(caught.value).split("\n", 1)
    assert words in sentence and "install.log" in quoted
    assert scene.numpy() == "1.0" and scene.left() == {"runtime", "runtime.lock", "logs"}


@pytest.mark.parametrize("moment", ["Making", "Taking", "Unpacking", "Trying"])
def test_a_cancelled_installation_leaves_nothing(scene, moment):
    watch = Watch(lambda progress: watch.cancel() if progress.text.startswith(moment) else None)
    with pytest.raises(Cancelled):
        scene.install(watch)
    assert scene.left() == {"runtime.lock", "logs"}


def test_what_a_killed_installation_left_is_swept_by_the_next(scene):
    (scene.home / "runtime.part-killed" / "lib").mkdir(parents=True)
    scene.install()
    assert scene.left() == {"runtime", "runtime.lock", "logs"}


def test_two_installations_at_once_are_refused(scene):
    scene.home.mkdir()
    with held(scene.home / "runtime.lock"), pytest.raises(RuntimeInstallFailed, match="Another QGIS or shell"):
        scene.install()


def test_a_small_disk_a_missing_folder_and_a_home_that_is_a_file_are_sentences(scene):
    with pytest.raises(RuntimeInstallFailed, match=r"needs 1000000000 MB .* are free\. Free some space"):
        scene.install(disk_mb=10**9)
    with pytest.raises(RuntimeInstallFailed, match="no folder '.*gone'"):
        install(scene.home, Watch(), scene.wheels / "gone", planned=scene.plan)
    scene.home = scene.lock
    with pytest.raises(RuntimeInstallFailed, match="MLM_RUNNER_HOME"):
        scene.install()


def test_the_plan_says_from_what_and_how_much_before_anything_is_done(tmp_path):
    planned = plan(tmp_path, python=sys.executable).to_json()
    assert planned["python"] == sys.executable and planned["folder"] == str(tmp_path / "runtime")
    assert 50 < planned["download_mb"] < 150
    assert list(tmp_path.iterdir()) == []


def test_no_python_to_begin_with_is_a_sentence_with_the_remedy(tmp_path):
    with pytest.raises(RuntimeInstallFailed, match="There is no Python on this computer.*python3-venv"):
        plan(tmp_path, candidates=lambda prefix, environ: iter(()))
    other = tmp_path / "python3"
    other.write_text("#!/bin/sh\necho I am QGIS\n")
    other.chmod(0o755)
    with pytest.raises(RuntimeInstallFailed, match=f"{other} is no usable Python"):
        plan(tmp_path, python=str(other))


def python_saying(folder: Path, **changes: str) -> Path:
    """Write a program that answers as a Python would that is as given."""
    said = {"version": '"3.11"', "full": '"3.11.2"', "found": "{}", "missing": "{}", "bits": "64"}
    said |= {"machine": '"x86_64"', "implementation": '"CPython"', **changes}
    script = folder / "python3"
    answer = ", ".join(f'"{name}": {value}' for name, value in said.items())
    script.write_text(f"#!/bin/sh\necho '{{{answer}}}'\n")
    script.chmod(0o755)
    return script


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"missing": '{"ensurepip": "ModuleNotFoundError: x"}'}, "lacks ensurepip.*sudo apt install python3-venv"),
        (
            {"version": '"3.8"', "full": '"3.8.10"'},
            "is Python 3.8.10, and the engine's packages are known for 3.9 to 3.14",
        ),
        ({"bits": "32"}, "is 32-bit CPython"),
        ({"implementation": '"PyPy"'}, "64-bit PyPy"),
        ({"version": '"3.9"', "machine": '"aarch64"'}, "linux-aarch64, for which nobody publishes rasterio"),
        ({"machine": '"riscv64"'}, "nobody publishes any package"),
    ],
)
def test_a_python_that_can_not_make_the_engine_is_told_why(tmp_path, changes, words):
    with pytest.raises(RuntimeInstallFailed, match=words):
        plan(tmp_path, python=str(python_saying(tmp_path, **changes)))


PIP_SAID = {
    "[Errno 111] Connection refused')': /simple/x/\nERROR: No matching distribution found": "can't be reached",
    "after connection broken by 'ProxyError('Cannot connect to proxy.', NewConnectionError(": "The proxy",
    "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "certificate",
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": "The disk is full",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "not the one that was tried",
    "ERROR: No matching distribution found for numpy==2.4.6": "not in the index or folder",
    "The virtual environment was not created successfully because ensurepip is not\navailable.": "python3-venv",
    "Error: Command '[...]' returned non-zero exit status 1.": "ended with status 1",
}


@pytest.mark.parametrize(("said", "words"), PIP_SAID.items(), ids=list(PIP_SAID.values()))
def test_what_pip_says_is_explained(said, words):
    assert words in explain([said], 1, free_mb=1000)


def test_a_full_disk_is_seen_even_where_nothing_was_said():
    assert "The disk is full" in explain(["Error: Command '[...]' returned non-zero exit status 1."], 1, free_mb=0)


def test_progress_counts_the_bytes_that_are_here():
    told = []
    download = Download(100, Watch(told.append))
    for line in (
        "Collecting numpy==2.4.6 (from -r runtime-3.11.txt (line 50))",
        "  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (20.0 MB)",
        "  Using cached rasterio-1.4.4-cp311-cp311-manylinux_2_28_x86_64.whl (30.0 MB)",
        "  Downloading affine-3.0.1-py3-none-any.whl (11 kB)",
        "Installing collected packages: numpy, affine, rasterio",
    ):
        download.hear(line)
    assert [(round(p.fraction, 3), p.text) for p in told] == [
        (0.05, "Downloading numpy; 0 of 100 MB are here."),
        (0.19, "Downloading rasterio; 20 of 100 MB are here."),
        (0.4, "Downloading affine; 50 of 100 MB are here."),
        (0.8, "Unpacking 3 packages."),
    ]


def test_a_runtime_that_is_nowhere_is_a_sentence(tmp_path):
    with pytest.raises(RuntimeMissing, match="There is no engine in .*mlm-runner runtime install"):
        runtime.find(home=tmp_path, environ={}, candidates=lambda prefix, environ: iter(()))


@pytest.mark.parametrize(
    "line",
    [
        "Processing ./rasterio-1.0-py3-none-any.whl",
        "Processing ./rasterio-1.0-py3-none-any.whl (from -r runtime-3.13.txt (line 1))",
    ],
)
def test_a_package_taken_from_a_folder_is_told_by_every_pip(line):
    told = []
    Download(1.0, Watch(told.append)).hear(line)
    assert [progress.text for progress in told] == ["Taking rasterio; 0 of 1 MB are here."]
