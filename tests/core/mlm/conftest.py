"""Builders of what `core.mlm` takes: items, model bands, rasters as they are described."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Callable

import pytest

from mlm_runner.core.mlm.load import load_json
from mlm_runner.core.mlm.raster import RasterBand, RasterInfo

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "mlm-examples"
"""Published items, beside the checkout where they are given; the project copies none of them."""

ITEM: dict[str, Any] = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.2/schema.json"],
    "id": "land-cover",
    "geometry": None,
    "bbox": [-79.5, 35.0, -78.0, 36.5],
    "links": [],
    "properties": {
        "datetime": "2000-05-01T00:00:00Z",
        "mlm:name": "land cover",
        "mlm:architecture": "MLP",
        "mlm:tasks": ["semantic-segmentation"],
        "mlm:input": [
            {
                "name": "image",
                "bands": ["red", "nir"],
                "input": {
                    "shape": [-1, 2, 64, 64],
                    "dim_order": ["batch", "bands", "height", "width"],
                    "data_type": "float32",
                },
                "value_scaling": [{"type": "z-score", "mean": 0.1, "stddev": 0.05}],
            }
        ],
        "mlm:output": [
            {
                "name": "classes",
                "tasks": ["semantic-segmentation"],
                "result": {
                    "shape": [-1, 2, 64, 64],
                    "dim_order": ["batch", "class", "height", "width"],
                    "data_type": "float32",
                },
                "classification:classes": [{"value": 0, "name": "land"}, {"value": 1, "name": "water"}],
            }
        ],
    },
    "assets": {
        "model": {
            "href": "model.onnx",
            "type": "application/octet-stream; framework=onnx",
            "roles": ["mlm:model"],
            "mlm:artifact_type": "onnx",
        }
    },
}

REMOVED = object()


def changed(**changes: Any) -> dict[str, Any]:
    """Return `ITEM` with members of its places replaced; its only input, output and asset are places too."""
    item = copy.deepcopy(ITEM)
    properties = item["properties"]
    places = {
        "item": item,
        "properties": properties,
        "input": properties["mlm:input"][0],
        "output": properties["mlm:output"][0],
        "asset": item["assets"]["model"],
    }
    for place, members in changes.items():
        for name, value in members.items():
            if value is REMOVED:
                del places[place][name]
            else:
                places[place][name] = value
    return item


@pytest.fixture
def item() -> Callable[..., dict[str, Any]]:
    """Build a small complete item: `item(input={"bands": ["red"]})` replaces members of the input, and so on for
    `item`, `properties`, `output` and `asset`.
    """
    return changed


@pytest.fixture
def removed() -> object:
    """What `item` takes for a member that is to be left out."""
    return REMOVED


@pytest.fixture
def example() -> Callable[[str], dict[str, Any]]:
    """Load a published item by its name below the folder of examples."""

    def load(name: str) -> dict[str, Any]:
        if not EXAMPLES.is_dir():
            pytest.skip("the published items are not beside the checkout (../shared/mlm-examples)")
        return load_json((EXAMPLES / name).read_bytes(), name)

    return load


@pytest.fixture
def band() -> Callable[..., RasterBand]:
    """Build a raster band; `values` are its 2nd percentile, median and 98th percentile."""

    def build(name: str = "", index: int = 1, values: tuple[float, float, float] | None = None, **more: Any):
        low, median, high = values or (None, None, None)
        return RasterBand(
            **{"file": "i.tif", "low": low, "median": median, "high": high, **more}, index=index, name=name
        )

    return build


@pytest.fixture
def info() -> Callable[..., RasterInfo]:
    """Build the description of a raster with the bands of these names (or RasterBands)."""

    def build(*bands: Any, **more: Any) -> RasterInfo:
        made = tuple(
            b if isinstance(b, RasterBand) else RasterBand("i.tif", n, name=b, data_type="float32")
            for n, b in enumerate(bands, 1)
        )
        given = {"width": 100, "height": 100, "transform": (10.0, 0.0, 0.0, 0.0, -10.0, 0.0), "source": "i.tif", **more}
        return RasterInfo(bands=made, **given)

    return build
