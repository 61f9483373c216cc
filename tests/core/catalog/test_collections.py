"""What a model leaves to its collection is found there, and said; a collection that is not there costs no model."""

from __future__ import annotations

import json

import pytest

from mlm_runner.core.catalog.resolve import resolve
from mlm_runner.core.catalog.search import Query, search
from mlm_runner.core.mlm.read import read
from mlm_runner.core.watch import Watch

COLLECTION = {"type": "Collection", "id": "c", "links": [{"rel": "item", "href": "./item.json"}]}
RED = {"name": "B04", "eo:common_name": "red", "eo:center_wavelength": 0.665}


@pytest.fixture
def folder(tmp_path, item):
    """An item that only names its band, and a collection that describes it in a way of three."""

    def build(**collection):
        model = item("water")
        model["properties"]["mlm:input"][0]["bands"] = ["B04"]
        for place in (model["properties"], *model["assets"].values()):
            for word in ("bands", "eo:bands", "raster:bands"):
                place.pop(word, None)
        model["links"] = [{"rel": "collection", "href": "./collection.json"}]
        (tmp_path / "item.json").write_text(json.dumps(model))
        if collection:
            (tmp_path / "collection.json").write_text(json.dumps({**COLLECTION, **collection}))
        return tmp_path

    return build


@pytest.mark.parametrize(
    "collection",
    [{"bands": [RED]}, {"summaries": {"eo:bands": [RED]}}, {"item_assets": {"model": {"raster:bands": [RED]}}}],
)
def test_bands_are_described_by_the_collection(folder, http, collection):
    path = folder(**collection) / "item.json"
    model = read(*resolve(str(path), http, Watch()))
    assert (model.inputs[0].bands[0].common_name, model.inputs[0].bands[0].center_wavelength) == ("red", 0.665)
    assert any("What is said of B04 comes from" in n.text and "collection.json" in n.text for n in model.notes)


def test_a_search_finds_them_as_well(folder, http):
    found = search(Query(), http, Watch(), catalogs=[str(folder(summaries={"eo:bands": [RED]}))])
    (entry,) = [m for m in found["models"] if m["id"] == "water"]
    assert read(entry["item"], entry["href"]).inputs[0].bands[0].common_name == "red"


def test_a_collection_that_is_not_there_is_noted(folder, http):
    model = read(*resolve(str(folder() / "item.json"), http, Watch()))
    assert model.inputs[0].bands[0].common_name == ""
    assert any(n.text.startswith("Its collection could not be read for its bands") for n in model.notes)
