"""The shell's commands, as another program uses them: exit status, one JSON object, one sentence on failure."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio

from mlm_runner.core.cli import main

BANDS = ("red", "nir")
LARGER = np.eye(2).reshape(2, 2, 1, 1)


@pytest.fixture
def model(tmp_path, convolution, item):
    """Write an item for a network that gives class 1 where nir is more than red; its path."""

    def build(name="item.json", **changes):
        described = item(convolution(LARGER), BANDS)
        asset = described["assets"]["model"]
        content = Path(asset["href"]).read_bytes()
        asset.update({"file:checksum": f"1220{hashlib.sha256(content).hexdigest()}", "file:size": len(content)})
        asset.update(changes)
        path = tmp_path / name
        path.write_text(json.dumps(described))
        return str(path)

    return build


@pytest.fixture
def image(raster):
    values = np.random.default_rng(0).integers(0, 200, (2, 60, 50)).astype(np.float32)
    return raster(values, BANDS)


def call(capsys, *arguments) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr of a command."""
    status = main([str(a) for a in arguments])
    out = capsys.readouterr()
    return status, out.out, out.err


def test_run_writes_the_classes_and_prints_one_object(capsys, model, image, tmp_path):
    status, out, _ = call(capsys, "run", model(), image, "-o", tmp_path / "out.tif", "--json")
    result = json.loads(out)
    assert status == 0 and result["output"] == str(tmp_path / "out.tif")
    with rasterio.open(image) as file:
        values = file.read()
    with rasterio.open(tmp_path / "out.tif") as file:
        assert (file.read(1) == (values[1] > values[0])).all()
    assert (result["width"], result["height"]) == (50, 60)
    wanted = {"model", "classes", "applied", "assumed", "seconds", "load_seconds", "inference_seconds", "provider"}
    assert wanted <= set(result) and "peak_memory_mb" in result
    assert set(result["classes"][0]) == {"value", "name", "color", "pixels", "area"}


def test_the_items_own_threshold_is_used_and_said(capsys, model, image, tmp_path):
    path = Path(model())
    described = json.loads(path.read_text())
    described["properties"]["mlm:hyperparameters"] = {"inference": {"confidence_threshold": 0.9}}
    path.write_text(json.dumps(described))
    status, out, _ = call(capsys, "run", path, image, "-o", tmp_path / "out.tif", "--units", "0.01", "--json")
    result = json.loads(out)
    assert status == 0 and result["classes"][-1]["name"] == "unclassified"
    assert "the threshold of 0.9 is the item's own (inference.confidence_threshold)" in result["assumed"]


def test_describe_gives_the_keys_that_others_rely_on(capsys, model):
    status, out, _ = call(capsys, "describe", model(), "--json")
    found = json.loads(out)
    assert status == 0
    assert (found["id"], found["form"], found["tasks"]) == ("test-model", "MLM 1.5", ["semantic-segmentation"])
    assert found["inputs"][0]["bands"] == [
        {"name": "red", "common_name": ""},
        {"name": "nir", "common_name": ""},
    ]
    assert found["inputs"][0]["dim_order"] == ["batch", "bands", "height", "width"]
    assert found["outputs"][0]["classes"][1] == {"value": 1, "name": "class-1", "color": "#0100FF", "nodata": False}
    assert found["artifacts"][0]["runnable"] and found["runnable"] and found["why_not"] == ""


def test_check_says_what_feeds_what(capsys, model, image):
    status, out, _ = call(capsys, "check", model(), image, "--json", "--band", "red=2", "--band", "nir=1")
    found = json.loads(out)
    assert status == 0 and found["fits"]
    assert [(b["model"], b["raster"], b["file"], b["how"]) for b in found["bands"]] == [
        ("red", 2, image, "by hand"),
        ("nir", 1, image, "by hand"),
    ]
    assert found["units"]["kind"] == "raw"


def test_a_model_that_does_not_fit_exits_with_3_and_names_the_bands(capsys, model, raster, tmp_path):
    other = raster(np.ones((1, 9, 9), np.uint8), ["green"], name="other.tif")
    status, out, _ = call(capsys, "check", model(), other, "--json")
    assert status == 3 and not json.loads(out)["fits"]
    status, out, err = call(capsys, "run", model(), other, "-o", tmp_path / "out.tif")
    assert status == 3 and "wants the bands red, nir; the layer has green" in err and err.count("\n") == 1
    assert not (tmp_path / "out.tif").exists()


def test_a_file_without_a_telling_name_is_known_by_its_content(capsys, model, image, tmp_path):
    path = Path(model())
    described = json.loads(path.read_text())
    asset = described["assets"]["model"]
    Path(asset["href"]).rename(tmp_path / "weights")
    asset.update({"href": "weights"})
    del asset["mlm:artifact_type"]
    path.write_text(json.dumps(described))
    status, out, err = call(capsys, "run", path, image, "-o", tmp_path / "out.tif", "--json")
    assert status == 0, err
    assert any("ONNX by its content" in text for text in json.loads(out)["assumed"])


def broken(content: bytes):
    def build(tmp_path: Path, model) -> str:
        file = tmp_path / "broken.onnx"
        file.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return model(href=str(file), **{"file:checksum": f"1220{digest}", "file:size": len(content)})

    return build


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda tmp, model: str(tmp / "absent.json"), "absent.json"),
        (lambda tmp, model: model(**{"file:checksum": "1220" + "0" * 64}), "the item says 000000000000"),
        (lambda tmp, model: model(**{"file:size": 5}), "its item says 5"),
        (lambda tmp, model: model(href=str(tmp / "gone.onnx")), "gone.onnx"),
        (lambda tmp, model: model(href="m.pt", **{"mlm:artifact_type": "torch.jit.save"}), "TorchScript"),
        (broken(b"<html>Not found</html>"), "web page"),
        (broken(b"\x08\x07 nothing"), "ONNX"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_sentence_and_no_output(capsys, model, image, tmp_path, make, said):
    status, _, err = call(capsys, "run", make(tmp_path, model), image, "-o", tmp_path / "out.tif")
    assert status == 1
    assert said in err and err.startswith("mlm-runner: ") and err.count("\n") == 1 and "Traceback" not in err
    assert not (tmp_path / "out.tif").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("hello", "no JSON"),
        ("<html></html>", "web page"),
        ("[]", "object"),
        ('{"type": "Feature", "properties": {}}', "describes no model"),
        ('{"type": "Catalog", "id": "c", "links": [], "stac_version": "1.0.0"}', "Catalog"),
    ],
)
def test_a_file_that_is_no_item_is_one_sentence(capsys, tmp_path, content, said):
    path = tmp_path / "x.json"
    path.write_text(content)
    status, _, err = call(capsys, "describe", path)
    assert status == 1 and said in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("extra", "said", "expected"),
    [
        (["--extent", "0", "0", "1", "1"], "no pixel in common", 1),
        (["--extent", "5", "5", "1", "1"], "is empty", 2),
        (["--units", "furlongs"], "'furlongs'", 2),
        (["--band", "red"], "--band red", 2),
        (["--band", "purple=1"], "no band 'purple'", 2),
        (["--overlap", "0.9"], "overlap of 0.9", 2),
        (["--provider", "abacus"], "abacus", 2),
        (["--threshold", "7"], "threshold of 7", 2),
    ],
)
def test_options_that_mean_nothing_are_one_sentence(capsys, model, image, tmp_path, extra, said, expected):
    status, _, err = call(capsys, "run", model(), image, "-o", tmp_path / "out.tif", *extra)
    assert (status, err.count("\n")) == (expected, 1) and said in err
    assert not (tmp_path / "out.tif").exists()


def test_places_that_cannot_be_written_are_named(capsys, model, image, tmp_path):
    for output, said in (
        (tmp_path / "nowhere" / "out.tif", "no folder"),
        (tmp_path, "does not end in .tif"),
        (image, "never overwritten"),
        (Path(image) / "out.tif", "Nothing can be written in"),
    ):
        status, _, err = call(capsys, "run", model(), image, "-o", output)
        assert status in (1, 2) and said in err


def test_no_raster_that_is_read_is_ever_written(capsys, model, raster, tmp_path):
    files = [raster(np.ones((1, 9, 9), np.float32), [name], name=f"{name}.tif") for name in BANDS]
    before = [Path(f).read_bytes() for f in files]
    for output in files:
        status, _, err = call(capsys, "run", model(), *files, "-o", output)
        assert status == 2 and "never overwritten" in err
    assert [Path(f).read_bytes() for f in files] == before


def test_two_results_can_not_have_one_name(capsys, model, image, tmp_path):
    out = tmp_path / "out.tif"
    status, _, err = call(capsys, "run", model(), image, "-o", out, "--confidence", out)
    assert status == 2 and "can't both be written to out.tif" in err


def shell(*arguments, **options) -> subprocess.Popen:
    """Start the command as a process of its own."""
    command = [sys.executable, "-m", "mlm_runner.core.cli", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes to stand for a full disk")
def test_a_full_disk_is_a_sentence_and_leaves_nothing(model, raster, tmp_path):
    noise = np.random.default_rng(1).integers(0, 200, (2, 900, 900)).astype(np.float32)
    source, out = raster(noise, BANDS, name="big.tif"), tmp_path / "results"
    out.mkdir()
    limit = 20_000  # bytes a file may have; the result has some 100 000
    process = shell(
        "run", model(), source, "-o", out / "o.tif",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the disk takes no more; it is full" in err and "Traceback" not in err
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_a_run_leaves_nothing(model, raster, tmp_path, number):
    source, out = raster(np.ones((2, 4000, 3000), np.float32), BANDS, name="big.tif"), tmp_path / "results"
    out.mkdir()
    process = shell("run", model(), source, "-o", out / "o.tif", "--tile", "32", env={**os.environ})
    deadline = time.monotonic() + 30
    while not list(out.glob(".mlm-runner-*/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "Cancelled" in err and "Traceback" not in err
    assert list(out.iterdir()) == []
