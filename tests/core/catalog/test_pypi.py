"""Files out of packages, by the real pip and a folder of wheels, which is all that it knows of here."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from mlm_runner.core.catalog import pypi
from mlm_runner.core.catalog.http import TooLarge
from mlm_runner.core.catalog.store import Store
from mlm_runner.core.errors import ArtifactCorrupt, ArtifactMissing, Cancelled
from mlm_runner.core.mlm.model import Artifact
from mlm_runner.core.watch import Watch

MODEL = b"\x08\x07" + bytes(range(256)) * 40
SHA256 = hashlib.sha256(MODEL).hexdigest()
HREF = "pkg:pypi/mlm-test-models@1.0#mlm_test_models/sub/model.onnx"

pytestmark = pytest.mark.skipif(
    subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode != 0,
    reason="this Python has no pip",
)


@pytest.fixture(autouse=True)
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one wheel, which is all that pip knows of."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "mlm_test_models-1.0-py3-none-any.whl", "w") as wheel:
        about = "mlm_test_models-1.0.dist-info"
        wheel.writestr("mlm_test_models/sub/model.onnx", MODEL)
        wheel.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: mlm-test-models\nVersion: 1.0\nRequires-Dist: x\n"
        )
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def test_the_one_file_is_verified_and_kept_and_the_wheel_is_not(tmp_path: Path, watch) -> None:
    store = Store(tmp_path / "home")
    artifact = Artifact("model", HREF, checksum=f"1220{SHA256}", size=len(MODEL))
    path = store.path(artifact, None, watch)
    assert path.read_bytes() == MODEL
    kept = {p.suffix for p in store.home.rglob("*") if p.is_file()}
    assert kept == {".onnx", ".json"}


@pytest.mark.parametrize(
    ("href", "words"),
    [
        (HREF.replace("model.onnx", "other.onnx"), "has no file 'mlm_test_models/sub/other.onnx'"),
        (HREF.replace("1.0", "9.9"), "mlm-test-models 9.9.*could not be fetched: .*9.9"),
        (
            HREF.replace("test", "nothing"),
            "could not be fetched: No matching distribution.*mlm-nothing.*no version at all: check",
        ),
    ],
)
def test_what_is_not_there_is_missing_with_the_words_of_pip(href: str, words: str, tmp_path: Path, watch) -> None:
    with pytest.raises(ArtifactMissing, match=words):
        Store(tmp_path / "home").path(Artifact("model", href), None, watch)
    assert [p for p in (tmp_path / "home").rglob("*") if p.is_file()] == []


@pytest.mark.parametrize(
    "href",
    [
        "pkg:pypi/--index-url=x@1.0#a.onnx",
        "pkg:pypi/name@1.0 --index-url=x#a.onnx",
        "pkg:pypi/name@1.0;python_version>'3'#a.onnx",
        "pkg:pypi/%2e%2e%2fname@1.0#a.onnx",
        "pkg:pypi/name@file:///tmp/x#a.onnx",
        "pkg:pypi/name @ https://example.org/x.whl#a.onnx",
        "pkg:pypi/name#a.onnx",
        "pkg:pypi/name@1.0",
        "pkg:pypi/name@1.0#../../etc/passwd",
        "pkg:pypi/name@1.0#/etc/passwd",
        "pkg:pypi/name@1.0#a/..%2f..%2fpasswd",
        "pkg:pypi/name@1.0#a\nb",
        "pkg:pypi/name@1.0\n#a",
        "pkg:npm/name@1.0#a.onnx",
    ],
)
def test_nothing_but_plain_names_reaches_pip(href: str, tmp_path: Path, watch, monkeypatch) -> None:
    monkeypatch.setattr(pypi.subprocess, "Popen", lambda *_, **__: pytest.fail("pip was run"))
    with pytest.raises(ArtifactMissing, match="no package address that can be used"):
        Store(tmp_path / "home").path(Artifact("model", href), None, watch)


def test_a_file_longer_than_allowed_is_not_unpacked(tmp_path: Path, watch) -> None:
    with pytest.raises(TooLarge, match="10,242 bytes"):
        pypi.fetch(HREF, tmp_path / "model", made(tmp_path / "scratch"), 100, watch)
    assert not (tmp_path / "model").exists()


def test_a_zip_that_lies_about_a_length_is_still_cut(tmp_path: Path, watch, wheels: Path) -> None:
    # The directory of the zip, and the entry's own header, say 10 bytes where there are 10,242.
    file = next(wheels.iterdir())
    content = file.read_bytes().replace(len(MODEL).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    file.write_bytes(content)
    with pytest.raises(ArtifactCorrupt, match="can't be unpacked"):
        pypi.fetch(HREF, tmp_path / "model", made(tmp_path / "scratch"), 100, watch)
    assert (tmp_path / "model").stat().st_size <= 10


def test_cancel_kills_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen] = []
    real = subprocess.Popen

    def sleeper(command: list[str], **options) -> subprocess.Popen:
        started.append(real([sys.executable, "-c", "import time; time.sleep(60)"], **options))
        return started[0]

    monkeypatch.setattr(pypi.subprocess, "Popen", sleeper)
    watch = Watch()
    threading.Timer(0.3, watch.cancel).start()
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        Store(tmp_path / "home").path(Artifact("model", HREF), None, watch)
    assert time.monotonic() - begin < 5
    assert started[0].poll() is not None
    assert [p for p in (tmp_path / "home").rglob("*") if p.is_file()] == []


def test_a_python_without_pip_is_said_with_the_remedy(tmp_path: Path, watch, monkeypatch) -> None:
    monkeypatch.setattr(pypi.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ArtifactMissing, match="has no pip.*Install python3-pip"):
        Store(tmp_path / "home").path(Artifact("model", HREF), None, watch)


def test_without_a_network_the_message_says_so_and_no_password(tmp_path: Path, watch, monkeypatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "http://anna:secret@127.0.0.1:9/")
    monkeypatch.setenv("PIP_INDEX_URL", "http://anna:secret@127.0.0.1:9/simple")
    with pytest.raises(ArtifactMissing, match="index can't be reached: check the network") as caught:
        Store(tmp_path / "home").path(Artifact("model", HREF), None, watch)
    assert "secret" not in str(caught.value)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder
