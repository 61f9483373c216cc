"""Write the items of the four cloud models of ukis-csmask into the embedded catalog.

Bands and statistics come from the JSON files beside the networks in the wheel; the meaning of the classes and the units
from the package's documentation. Nothing of the package is copied: the items point into it.

    pip download --no-deps ukis-csmask==1.0.0
    pip install onnx
    python tools/describe_csmask.py ukis_csmask-1.0.0-py3-none-any.whl
"""

from __future__ import annotations

import json
import sys
import zipfile
from typing import Any

import onnx
from stac_item import band, classes, item, onnx_asset, tensors, write

VERSION = "1.0.0"
HOME = "https://github.com/dlr-eoc/ukis-csmask"
LEVELS = {"l1c": "top-of-atmosphere", "l2a": "surface"}
SENTINEL_2 = {
    "blue": ("Blue: B02 of Sentinel-2, B2 of Landsat 8 and 9, B1 of Landsat 5 and 7", 0.4924, 0.066),
    "green": ("Green: B03 of Sentinel-2, B3 of Landsat 8 and 9, B2 of Landsat 5 and 7", 0.5598, 0.036),
    "red": ("Red: B04 of Sentinel-2, B4 of Landsat 8 and 9, B3 of Landsat 5 and 7", 0.6646, 0.031),
    "nir": ("Near infrared: B08 of Sentinel-2, B5 of Landsat 8 and 9, B4 of Landsat 5 and 7", 0.8328, 0.106),
    "swir16": ("Short-wave infrared 1: B11 of Sentinel-2, B6 of Landsat 8 and 9, B5 of Landsat 5 and 7", 1.6137, 0.091),
    "swir22": ("Short-wave infrared 2: B12 of Sentinel-2, B7 of Landsat 5, 7, 8 and 9", 2.2024, 0.175),
}
"""Description, centre and full width at half maximum in micrometres (USGS for ETM+, ESA for Sentinel-2A)."""

CLOUDS = (
    ("background", "Clear", "8FB58F", "Neither cloud nor cloud shadow: land, water, snow and ice."),
    ("cloud", "Cloud", "F2F2F2", "Clouds."),
    ("cloud-shadow", "Cloud shadow", "46327E", "Shadows of clouds on the ground."),
)


def cloud_mask(wheel: zipfile.ZipFile, count: int, level: str) -> dict[str, Any]:
    """Return the item of one of the four networks in the wheel."""
    member = f"ukis_csmask/model_{count}b_{level}"
    data, about = wheel.read(f"{member}.onnx"), json.loads(wheel.read(f"{member}.json"))
    learnt = about["data"]["dataset_statistics"]
    bands, scaling = [], []
    for key, mean, stddev in zip(learnt["band_names"], *learnt["img"], strict=True):
        mean, stddev = round(mean, 8), round(stddev, 8)
        statistics = {"minimum": 0, "maximum": 1, "mean": mean, "stddev": stddev}
        more = {"data_type": "float32", "unit": "1", "statistics": statistics, "raster:spatial_resolution": 30}
        bands.append(band(key, SENTINEL_2[key], more))
        scaling.append({"type": "z-score", "mean": mean, "stddev": stddev})
    infrared = ", and short-wave infrared" if count == 6 else ""
    other = "" if count == 6 else " The model with 6 bands is more accurate where short-wave infrared is at hand."
    description = (
        f"Clouds and their shadows in Sentinel-2 {level.upper()} and in Landsat 5, 7, 8 and 9 images of the same kind: "
        f"{LEVELS[level]} reflectance, blue, green, red, near infrared{infrared}, best at about 30 m.{other}\n\n"
        "The network wants reflectance from 0 to 1. Sentinel-2 products hold reflectance x 10000 as 16-bit integers: "
        "they are divided by 10000 first (from processing baseline 04.00 on after 1000 is subtracted, unless this is "
        "done already).\n\nBy the German Aerospace Center (DLR), trained on SPARCS, CloudSEN12+ and samples of their "
        "own; a file of the package ukis-csmask."
    )
    words = (
        f"{LEVELS[level].capitalize()} reflectance, 0 to 1, then z-scores. The package lets tiles overlap by 20 %.",
        "Logits; after softmax and blending of the tiles the class with the largest probability is the pixel's.",
    )
    properties = {
        "title": f"Clouds and Cloud Shadows, Sentinel-2 {level.upper()}, {count} Bands",
        "description": description,
        "start_datetime": "1984-03-01T00:00:00Z",
        "end_datetime": "9999-12-31T23:59:59Z",
        "version": VERSION,
        "license": "Apache-2.0",
        "keywords": ["clouds", "cloud shadows", "cloud mask", "Sentinel-2", "Landsat", level.upper()],
        "providers": [
            {
                "name": "German Aerospace Center (DLR)",
                "roles": ["producer", "licensor"],
                "url": "https://www.dlr.de/eoc",
            }
        ],
        "instruments": ["msi", "oli", "etm+", "tm"],
        "gsd": 30,
        "sci:doi": "10.1016/j.rse.2019.05.022",
        "sci:citation": "Wieland, M., Li, Y., Martinis, S. (2019): Multi-sensor cloud and cloud shadow segmentation "
        "with a convolutional neural network. Remote Sensing of Environment 230, 1-12.",
        "sci:publications": [
            {
                "doi": "10.5194/isprs-archives-XLIII-B3-2022-217-2022",
                "citation": "Wieland, M., Fichtner, F., Martinis, S. (2022): UKIS-CSMASK: A Python package for "
                "multi-sensor cloud and cloud shadow segmentation. Int. Arch. Photogramm. Remote Sens. Spatial Inf. "
                "Sci. XLIII-B3-2022, 217-222.",
            }
        ],
        "bands": bands,
        "mlm:name": f"ukis-csmask {about['model']['version']}",
        "mlm:architecture": "U-Net with an EfficientNet-B4 encoder",
        "mlm:framework": "PyTorch",
        "mlm:framework_version": "2.4.1",
        "mlm:pretrained": True,
        "mlm:pretrained_source": "ImageNet (the encoder)",
        "mlm:batch_size_suggestion": 1,
        "mlm:accelerator": None,
        **tensors(onnx.load_from_string(data), bands, scaling, classes(CLOUDS, 0), words),
    }
    link = f"pkg:pypi/ukis-csmask@{VERSION}#{member}.onnx"
    links = [
        {"rel": "cite-as", "href": "https://doi.org/10.1016/j.rse.2019.05.022"},
        {"rel": "license", "href": f"{HOME}/blob/main/LICENSE", "type": "text/html", "title": "Apache License 2.0"},
        {"rel": "about", "href": HOME, "type": "text/html", "title": "ukis-csmask"},
    ]
    assets = {"model": onnx_asset(data, link, bands, "A file of the Python package ukis-csmask, 145 MB to download.")}
    return item(f"csmask-{level}-{count}bands", [-180, -90, 180, 90], properties, assets, links)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        for level in LEVELS:
            for count in (6, 4):
                write(cloud_mask(wheel, count, level))
    return 0


if __name__ == "__main__":
    sys.exit(main())
