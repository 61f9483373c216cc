"""Networks that find text, as on a scanned map, and tell whether it stands on its head, against their own package.

PyPI's `rapidocr-onnxruntime` 1.4.4 (Apache-2.0) carries both as ONNX; `scikit-image` (BSD) has the picture of a page.
The first gives one channel of probabilities for an image of any size, the second a class for windows of 48 x 192.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.windows import Window

RAPIDOCR = ("rapidocr-onnxruntime", "1.4.4")
PACKAGES = {
    RAPIDOCR[0]: RAPIDOCR[1],
    "opencv-python-headless": "4.10.0.84",
    "pyclipper": "1.3.0.post6",
    "pillow": "11.3.0",
    "six": "1.17.0",
}
LEFT, TOP = 500_000, 5_000_000
SIDE = 736
"""Pixels of the shorter side below which the package enlarges a picture; ours is as large from the start."""
START = """
import json, sys
from pathlib import Path
import numpy, rasterio, rapidocr_onnxruntime
from rapidocr_onnxruntime.ch_ppocr_cls import TextClassifier
from rapidocr_onnxruntime.ch_ppocr_det import TextDetector
from rapidocr_onnxruntime.utils import read_yaml
root = Path(rapidocr_onnxruntime.__file__).parent
config = read_yaml(root / "config.yaml")[sys.argv[1]]
config["model_path"] = str(root / config["model_path"])
picture = rasterio.open(sys.argv[2]).read().transpose(1, 2, 0)
"""
BOXES = START + "print(json.dumps(TextDetector(config)(picture)[0].tolist()))"
PROBABILITIES = (
    START
    + """
detector = TextDetector(config)
ready = detector.get_preprocess(max(picture.shape))(picture)
numpy.save(sys.argv[3], detector.infer(ready)[0][0, 0])
"""
)
TURNED = (
    START
    + """
strips = [s for row in numpy.split(picture, picture.shape[0] // 48) for s in numpy.split(row, row.shape[1] // 192, 1)]
print(json.dumps([[label, float(score)] for label, score in TextClassifier(config)(strips)[1]]))
"""
)


@pytest.fixture(scope="module")
def scan(package) -> Path:
    return package("scikit-image", "0.25.2") / "skimage/data/page.png"


@pytest.fixture(scope="module")
def networks(package) -> Path:
    return package(*RAPIDOCR) / "rapidocr_onnxruntime/models"


@pytest.fixture
def picture(tmp_path):
    """Write a grey picture as a raster of three bands, of which the network gets all."""

    def write(values: np.ndarray, name: str) -> Path:
        path, (height, width) = tmp_path / name, values.shape
        profile = {"driver": "GTiff", "height": height, "width": width, "count": 3, "dtype": "uint8"}
        with rasterio.open(path, "w", **profile, crs="EPSG:32633", transform=from_origin(LEFT, TOP, 1, 1)) as file:
            file.write(np.stack([values] * 3))
            for index, band in enumerate(("red", "green", "blue"), 1):
                file.set_band_description(index, band)
        return path

    return write


def page(scan: Path, width: int) -> np.ndarray:
    """Return the first `width` columns of the page, enlarged to `SIDE` rows."""
    with rasterio.open(scan) as file:
        shape = (SIDE, 2 * SIDE)
        return file.read(1, out_shape=shape, resampling=Resampling.bilinear)[:, :width]


def finder(item, networks: Path) -> dict:
    given = {
        "bands": ["red", "green", "blue"],
        "input": {"shape": [-1, 3, -1, -1], "dim_order": ["batch", "bands", "height", "width"], "data_type": "float32"},
        "value_scaling": [{"type": "z-score", "mean": 127.5, "stddev": 127.5}],
    }
    output = {
        "result": {
            "shape": [-1, 1, -1, -1],
            "dim_order": ["batch", "class", "height", "width"],
            "data_type": "float32",
        },
        "classification:classes": [{"value": 1, "name": "text"}],
    }
    return item("Text", networks / "ch_PP-OCRv4_det_infer.onnx", "semantic-segmentation", given, output)


def test_one_window_has_the_package_s_own_probabilities(scan, networks, picture, item, engine, own, tmp_path):
    square = picture(page(scan, SIDE), "square.tif")
    own(PROBABILITIES, PACKAGES, "Det", square, tmp_path / "own.npy")
    scores = str(tmp_path / "scores.tif")
    options = {"tile": SIDE, "overlap": 0, "threshold": 0.3, "probabilities": scores}
    found = engine(finder(item, networks), square, **options)
    theirs = np.load(tmp_path / "own.npy")
    with rasterio.open(scores) as file:
        assert np.abs(file.read(1) - theirs).max() < 1e-4
    with rasterio.open(found["output"]) as file:
        # 0.3 is the package's own threshold (config.yaml).
        assert (file.read(1) == (theirs > 0.3)).mean() > 0.9999


def test_each_line_that_the_package_finds_is_found_in_windows(scan, networks, picture, item, engine, own):
    whole = picture(page(scan, 2 * SIDE), "page.tif")
    boxes = np.array(json.loads(own(BOXES, PACKAGES, "Det", whole)))
    assert len(boxes) == 5
    with rasterio.open(engine(finder(item, networks), whole, threshold=0.3, tile=512, overlap=0.25)["output"]) as file:
        text = file.read(1) == 1
    for upper_left, upper_right, lower_right, lower_left in boxes:
        # Probabilities are high along a line's middle only: the package widens what it finds to boxes.
        start, end = (upper_left + lower_left) / 2, (upper_right + lower_right) / 2
        x, y = np.rint(start + np.linspace(0.02, 0.98, 400)[:, None] * (end - start)).astype(int).T
        assert text[y, x].mean() > 0.9


def test_each_window_is_turned_as_the_package_says(scan, networks, picture, item, engine, own):
    strips = []
    with rasterio.open(scan) as file:
        for number in range(24):
            row, column = divmod(number, 4)
            # Lines of text are about 17 rows apart; the first is the heading.
            place = Window(5 + 90 * column, [12, 46, 63, 81, 98, 115][row], 80, 20)
            strips.append(file.read(1, window=place, out_shape=(48, 192), resampling=Resampling.bilinear))
    turned = [strip[::-1, ::-1] if number % 3 == 1 else strip for number, strip in enumerate(strips)]
    mosaic = picture(np.vstack([np.hstack(turned[4 * row : 4 * row + 4]) for row in range(6)]), "strips.tif")
    theirs = json.loads(own(TURNED, PACKAGES, "Cls", mosaic))
    given = {
        "bands": ["red", "green", "blue"],
        "input": {
            "shape": [-1, 3, 48, 192],
            "dim_order": ["batch", "bands", "height", "width"],
            "data_type": "float32",
        },
        "value_scaling": [{"type": "z-score", "mean": 127.5, "stddev": 127.5}],
    }
    output = {
        "result": {"shape": [-1, 2], "dim_order": ["batch", "class"], "data_type": "float32"},
        "classification:classes": [{"value": 0, "name": "upright"}, {"value": 1, "name": "turned"}],
    }
    described = item("Turned", networks / "ch_ppocr_mobile_v2.0_cls_infer.onnx", "scene-classification", given, output)
    scores = mosaic.with_name("scores.tif")
    found = engine(described, mosaic, overlap=0, probabilities=str(scores))
    with rasterio.open(found["output"]) as file:
        assert (file.width, file.height) == (4, 6)
        assert tuple(file.transform)[:6] == (192, 0, LEFT, 0, -48, TOP)
        labels = file.read(1).ravel()
    with rasterio.open(scores) as file:
        best = file.read().max(axis=0).ravel()
    assert labels.tolist() == [int(label == "180") for label, _ in theirs]
    assert np.abs(best - [score for _, score in theirs]).max() < 1e-4
    assert 4 <= labels.sum() <= 12, "eight of the 24 were turned"
