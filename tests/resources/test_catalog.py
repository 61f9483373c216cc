"""The embedded catalog is whole: every link leads somewhere, every item says what a run needs, every number is true."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

CATALOG = Path(__file__).resolve().parents[2] / "resources" / "catalog"
SCHEMAS = CATALOG.parents[2] / "shared" / "mlm-examples" / "schema"
LAND_COVER = "landcover-landsat7"
CLOUD_MASKS = {
    "csmask-l1c-6bands": ("pkg:pypi/ukis-csmask@1.0.0#ukis_csmask/model_6b_l1c.onnx", 39603414),
    "csmask-l2a-6bands": ("pkg:pypi/ukis-csmask@1.0.0#ukis_csmask/model_6b_l2a.onnx", 39603414),
    "csmask-l1c-4bands": ("pkg:pypi/ukis-csmask@1.0.0#ukis_csmask/model_4b_l1c.onnx", 39601686),
    "csmask-l2a-4bands": ("pkg:pypi/ukis-csmask@1.0.0#ukis_csmask/model_4b_l2a.onnx", 39601686),
}
"""Addresses and sizes as the wheel's own table of contents has them."""
ITEMS = (LAND_COVER, *CLOUD_MASKS)


def load(name: str) -> dict:
    return json.loads((CATALOG / f"{name}.json").read_text(encoding="utf-8"))


def links(document: dict, rel: str) -> list[str]:
    return [link["href"] for link in document["links"] if link["rel"] == rel]


def test_every_item_is_reached_from_the_catalog():
    assert links(load("catalog"), "child") == ["./collection.json"]
    assert sorted(links(load("collection"), "item")) == sorted(f"./{name}.json" for name in ITEMS)


def test_a_list_shows_the_title_that_the_item_has():
    titles = {link["href"]: link["title"] for link in load("collection")["links"] if link["rel"] == "item"}
    assert titles == {f"./{name}.json": load(name)["properties"]["title"] for name in ITEMS}


@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.json")), ids=lambda p: p.stem)
def test_relative_addresses_lead_to_files(path: Path):
    document = load(path.stem)
    found = [link["href"] for link in document.get("links", ())]
    found += [asset["href"] for asset in document.get("assets", {}).values()]
    missing = [href for href in found if href.startswith(".") and not (CATALOG / href).is_file()]
    assert missing == []
    assert all(re.match(r"\./|https://|pkg:pypi/", href) for href in found)


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_says_what_a_run_needs(name: str):
    properties = load(name)["properties"]
    given, result = properties["mlm:input"][0], properties["mlm:output"][0]
    bands = {band["name"]: band for band in properties["bands"]}
    assert list(bands) == given["bands"]
    assert len(given["value_scaling"]) == len(given["bands"]) == given["input"]["shape"][1]
    assert all(s["type"] == "z-score" and s["stddev"] > 0 for s in given["value_scaling"])
    assert all(band["eo:common_name"] and 0.4 < band["eo:center_wavelength"] < 2.5 for band in bands.values())
    assert len(result["classification:classes"]) == result["result"]["shape"][1]


@pytest.mark.parametrize("name", ITEMS)
def test_classes_have_words_and_colours_of_their_own(name: str):
    classes = load(name)["properties"]["mlm:output"][0]["classification:classes"]
    assert all(c["title"] and c["description"] for c in classes)
    assert all(re.fullmatch(r"[0-9A-Za-z_-]+", c["name"]) for c in classes)
    assert len({c["color_hint"] for c in classes}) == len({c["value"] for c in classes}) == len(classes)


@pytest.mark.parametrize("name", ITEMS)
def test_the_model_file_can_be_verified(name: str):
    asset = load(name)["assets"]["model"]
    assert re.fullmatch("1220[0-9a-f]{64}", asset["file:checksum"]), "a SHA-256 multihash in hexadecimal"
    assert asset["roles"] == ["mlm:model"] and asset["mlm:artifact_type"] == "onnx"
    assert asset["type"] == "application/octet-stream; framework=onnx"


@pytest.mark.parametrize("name", CLOUD_MASKS)
def test_cloud_masks_point_into_the_package(name: str):
    asset = load(name)["assets"]["model"]
    assert (asset["href"], asset["file:size"]) == CLOUD_MASKS[name]


@pytest.mark.parametrize("name", CLOUD_MASKS)
def test_cloud_masks_say_that_they_want_reflectance_from_0_to_1(name: str):
    bands = load(name)["properties"]["bands"]
    assert all(band["unit"] == "1" and band["data_type"] == "float32" for band in bands)
    assert all(band["statistics"]["maximum"] == 1 for band in bands)


def test_the_land_cover_network_is_the_file_that_the_item_describes():
    data = (CATALOG / f"{LAND_COVER}.onnx").read_bytes()
    asset = load(LAND_COVER)["assets"]["model"]
    assert len(data) == asset["file:size"] < 1_000_000
    assert "1220" + hashlib.sha256(data).hexdigest() == asset["file:checksum"]


def test_the_land_cover_classes_are_those_of_the_labels():
    classes = load(LAND_COVER)["properties"]["mlm:output"][0]["classification:classes"]
    words = ["developed", "agriculture", "herbaceous", "shrubland", "forest", "water", "sediment"]
    assert {c["value"]: c["name"] for c in classes} == dict(enumerate(words, 1))


def test_the_accuracy_in_words_is_that_of_the_confusion_matrix():
    table = np.array(load(f"{LAND_COVER}-accuracy")["on_held_out_blocks"]["confusion"])
    overall = np.trace(table) / table.sum()
    assert f"{table.sum()} labelled pixels" in load(LAND_COVER)["properties"]["description"]
    assert f"{overall:.1%}" in load(LAND_COVER)["properties"]["description"]


@pytest.fixture(scope="module")
def logits() -> Callable[[np.ndarray], np.ndarray]:
    """The land-cover network in onnxruntime."""
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(CATALOG / f"{LAND_COVER}.onnx", providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"input": image})[0]


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def test_the_land_cover_network_takes_any_size(logits):
    assert logits(noise(2, 5, 31, 47)).shape == (2, 7, 31, 47)


def test_the_land_cover_network_sees_seven_pixels_far(logits):
    image = noise(1, 5, 41, 41)
    changed = image.copy()
    changed[0, :, 20, 20] += 3
    rows, columns = np.nonzero(np.any(logits(changed) != logits(image), axis=(0, 1)))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (13, 27, 13, 27)


def test_an_edge_is_the_same_as_ground_without_data(logits):
    image = noise(1, 5, 24, 24)
    around = np.pad(image, ((0, 0), (0, 0), (9, 9), (9, 9)))
    np.testing.assert_allclose(logits(around)[:, :, 9:-9, 9:-9], logits(image), atol=1e-4)


def test_each_checksum_is_marked_as_no_secret():
    """The plugin repository blocks an upload in which detect-secrets takes a checksum for a key."""
    lines = [line for name in ITEMS for line in (CATALOG / f"{name}.json").read_text().splitlines()]
    checksums = [line for line in lines if re.search(r"[0-9a-f]{40}", line)]
    assert len(checksums) == len(ITEMS)
    assert all("# pragma: allowlist secret" in line for line in checksums)


@pytest.mark.parametrize("name", ITEMS)
def test_items_agree_with_the_published_schema(name: str):
    jsonschema, referencing = pytest.importorskip("jsonschema"), pytest.importorskip("referencing")
    if not SCHEMAS.is_dir():
        pytest.skip("the published schemas are not at hand")
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")]
    known = referencing.Registry().with_resources(
        (s["$id"].rstrip("#"), referencing.Resource.from_contents(s)) for s in schemas
    )
    mlm = next(s for s in schemas if s["$id"].endswith("mlm/v1.5.2/schema.json"))
    errors = [e.message for e in jsonschema.Draft7Validator(mlm, registry=known).iter_errors(load(name))]
    assert errors == []
