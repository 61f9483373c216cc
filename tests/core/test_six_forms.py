"""The embedded land-cover model, described in six published forms by hand, gives the same pixels in each."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from mlm_runner.core.cli import main

FACTOR = 2.0**-8  # brings 8 bits to 0..1, and is exact in binary, so that folding it into other numbers loses nothing
NAMES = ("blue", "green", "red", "nir", "swir16")


@pytest.fixture(scope="module")
def published(top) -> dict:
    item = json.loads((top / "resources/catalog/landcover-landsat7.json").read_text())
    asset = next(a for a in item["assets"].values() if a.get("mlm:artifact_type") == "onnx")
    asset["href"] = str(top / "resources/catalog" / asset["href"])
    return item


def base(item: dict, extension: str) -> dict:
    """An item with the same file and no description of its input and output yet."""
    asset = next(a for a in item["assets"].values() if a.get("mlm:artifact_type") == "onnx")
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [extension],
        "id": "six-forms",
        "geometry": None,
        "properties": {"datetime": "2000-01-01T00:00:00Z"},
        "assets": {"model": {"href": asset["href"], "roles": ["mlm:model"]}},
        "links": [],
    }


def numbers(item: dict) -> tuple[list[float], list[float]]:
    scaling = item["properties"]["mlm:input"][0]["value_scaling"]
    assert [s["type"] for s in scaling] == ["z-score"] * 5
    return [s["mean"] for s in scaling], [s["stddev"] for s in scaling]


def classes(item: dict) -> list[dict]:
    return copy.deepcopy(item["properties"]["mlm:output"][0]["classification:classes"])


def form_1_5(item: dict) -> dict:
    return copy.deepcopy(item)


def form_1_4(item: dict) -> dict:
    """`channel` instead of `bands`, and `classification_classes`, as the specification's own examples spell it."""
    changed = copy.deepcopy(item)
    changed["stac_extensions"] = ["https://stac-extensions.github.io/mlm/v1.4.0/schema.json"]
    given, output = changed["properties"]["mlm:input"][0], changed["properties"]["mlm:output"][0]
    given["input"]["dim_order"] = ["batch", "channel", "height", "width"]
    output["classification_classes"] = output.pop("classification:classes")
    return changed


def form_1_3(item: dict) -> dict:
    """`norm_type` with one statistics object for each band."""
    changed = form_1_4(item)
    changed["stac_extensions"] = ["https://crim-ca.github.io/mlm-extension/v1.3.0/schema.json"]
    given = changed["properties"]["mlm:input"][0]
    means, deviations = numbers(item)
    del given["value_scaling"]
    given.update(norm_type="z-score", norm_by_channel=True)
    given["statistics"] = [{"mean": m, "stddev": s} for m, s in zip(means, deviations, strict=True)]
    return changed


def form_1_0(item: dict) -> dict:
    """Statistics as an object of lists, no artifact type, band names alone."""
    changed = form_1_3(item)
    changed["stac_extensions"] = ["https://crim-ca.github.io/mlm-extension/v1.0.0/schema.json"]
    given = changed["properties"]["mlm:input"][0]
    means, deviations = numbers(item)
    given["bands"] = list(NAMES)
    given["statistics"] = {"mean": means, "stddev": deviations}
    for asset in changed["assets"].values():
        asset.pop("mlm:artifact_type", None)
    return changed


def draft(item: dict) -> dict:
    """The draft specification of January 2024: objects, norms with underscores, letters for dimensions."""
    changed = base(item, "https://schemas.stacspec.org/v1.0.0-beta.3/extensions/ml-model/json-schema/schema.json")
    means, deviations = numbers(item)
    changed["properties"].update(
        {
            "dlm:input": {
                "name": "image",
                "bands": [{"name": name, "data_type": "uint8"} for name in NAMES],
                "input_arrays": {"batch": -1, "channels": 5, "height": -1, "width": -1, "dim_order": "bchw"},
                "norm_by_channel": "True",
                "norm_type": "z_score",
                "rescale_type": "none",
                "statistics": {"mean": means, "stddev": deviations},
            },
            "dlm:architecture": {"model_type": "CNN"},
            "dlm:runtime": {"framework": "ONNX", "model_asset": changed["assets"].pop("model")},
            "dlm:output": {
                "task": "semantic segmentation",
                "number_of_classes": 7,
                "final_layer_size": [-1, 7, -1, -1],
                "class_name_mapping": {str(c["value"]): c["name"] for c in classes(item)},
            },
        }
    )
    return changed


def beta3(item: dict) -> dict:
    """dlm of beta3: a scaling factor first, and statistics of what comes out of it."""
    changed = base(item, "https://schemas.stacspec.org/v1.0.0-beta.3/extensions/dl-model/json-schema/schema.json")
    means, deviations = numbers(item)
    model = changed.pop("assets")["model"]["href"]
    changed["properties"].update(
        {
            "dlm:data": {"dtype": "uint8", "useful_bands": [{"index": k, "name": n} for k, n in enumerate(NAMES)]},
            "dlm:inputs": {
                "name": "image",
                "input_tensors": {"batch": -1, "channels": 5, "height": -1, "width": -1},
                "scaling_factor": FACTOR,
                "normalization:mean": [m * FACTOR for m in means],
                "normalization:std": [s * FACTOR for s in deviations],
                "selected_bands": [0, 1, 2, 3, 4],
            },
            "dlm:outputs": {
                "task": "semantic segmentation",
                "final_layer_size": [-1, 7, -1, -1],
                "class_name_mapping": [{str(c["value"]): c["name"]} for c in classes(item)],
            },
            "dlm:architecture": {"type": "CNN"},
            "dlm:runtime": {"framework": "ONNX"},
            "dlm:archive": [{"name": "model.onnx", "role": ["model weight"], "href": model}],
        }
    )
    return changed


FORMS = (form_1_5, form_1_4, form_1_3, form_1_0, draft, beta3)


def test_the_same_model_in_six_forms_gives_the_same_pixels(published, raster, tmp_path, capsys):
    import rasterio

    # Digital numbers of the range that the model was made for, smooth enough to give several classes.
    rows, columns = np.mgrid[0:90, 0:80]
    waves = [60 + 40 * np.sin(rows / (5 + k)) * np.cos(columns / (7 + k)) + 10 * k for k in range(5)]
    image = raster(np.stack(waves).astype(np.float32), NAMES)
    results = []
    for form in FORMS:
        path = tmp_path / f"{form.__name__}.json"
        path.write_text(json.dumps(form(published)))
        out = tmp_path / f"{form.__name__}.tif"
        assert main(["run", str(path), image, "-o", str(out), "--units", "raw", "--json"]) == 0, capsys.readouterr().err
        with rasterio.open(out) as file:
            results.append(file.read(1))
    assert len(np.unique(results[0])) >= 3
    for form, pixels in zip(FORMS, results, strict=True):
        assert (pixels == results[0]).all(), form.__name__


def test_what_is_written_runs_like_what_was_read(published, raster, tmp_path):
    import rasterio

    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(beta3(published)))
    assert main(["describe", str(old), "--as-item", str(new)]) == 0
    assert "https://stac-extensions.github.io/mlm/v1.5.2/schema.json" in json.loads(new.read_text())["stac_extensions"]
    image = raster(np.random.default_rng(2).integers(20, 200, (5, 40, 40)).astype(np.float32), NAMES)
    pixels = []
    for path in (old, new):
        out = Path(f"{path}.tif")
        assert main(["run", str(path), image, "-o", str(out), "--units", "raw"]) == 0
        with rasterio.open(out) as file:
            pixels.append(file.read(1))
    assert (pixels[0] == pixels[1]).all()
