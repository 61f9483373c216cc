"""One search over several catalogs: the right models in a useful order, with a reason for what is not there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from mlm_runner.core.catalog import catalogs
from mlm_runner.core.catalog import search as search_module
from mlm_runner.core.catalog.search import Query, search
from mlm_runner.core.errors import Cancelled, ItemUnreadable
from mlm_runner.core.mlm.raster import RasterBand, RasterInfo
from mlm_runner.core.watch import Watch


@pytest.fixture
def find(http, watch):
    """Search these catalogs."""

    def go(*where: Any, seconds: float = 10, **query: Any) -> dict:
        return search(Query(**query), http, watch, catalogs=[str(w) for w in where], seconds=seconds)

    return go


@pytest.fixture
def folder(tmp_path: Path, put, item) -> Path:
    """Three models: one readable, one that is not, one in PyTorch; and an image."""
    put(tmp_path / "m/1.json", item("water", title="Lakes of Europe", keywords=["hydrology"]))
    old = item("old", title="An old lake model")
    del old["properties"]["mlm:input"]
    put(tmp_path / "m/2.json", old)
    torch = item("trees", ("red", "nir"), href="trees.pt", **{"mlm:tasks": ["regression"]})
    torch["assets"]["model"]["mlm:artifact_type"] = "torch.save"
    torch["properties"]["mlm:output"][0].update({"tasks": ["regression"], "classification:classes": []})
    put(tmp_path / "m/3.json", torch)
    put(tmp_path / "m/4.json", {"type": "Feature", "id": "scene", "properties": {"eo:cloud_cover": 3}, "links": []})
    return tmp_path / "m"


def ids(found: dict) -> list[str]:
    return [m["id"] for m in found["models"]]


def test_an_entry_says_what_the_model_is_and_how_to_name_it(folder: Path, find, item) -> None:
    first = find(folder, text="europe")["models"][0]
    assert first == {
        "id": "water",
        "catalog": "m",
        "title": "Lakes of Europe",
        "tasks": ["semantic-segmentation"],
        "bands": ["nir"],
        "runnable": True,
        "why_not": "",
        "href": str(folder / "1.json"),
        "item": item("water", title="Lakes of Europe", keywords=["hydrology"]),
    }


def test_what_cannot_be_run_is_listed_with_its_reason(folder: Path, find) -> None:
    models = {m["id"]: m for m in find(folder)["models"]}
    assert set(models) == {"water", "old", "trees"}
    assert not models["old"]["runnable"]
    assert "no properties.mlm:input" in models["old"]["why_not"]
    assert "can't be understood" not in models["old"]["why_not"]
    assert "PyTorch" in models["trees"]["why_not"]


def test_only_what_runs_is_listed_if_so_wanted_and_the_rest_counted(folder: Path, find) -> None:
    found = find(folder, runnable=True)
    assert ids(found) == ["water"]
    assert (found["catalogs"][0]["count"], found["catalogs"][0]["hidden"]) == (1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"water", "old", "trees"}),
        ("LAKE", {"water", "old"}),
        ("land", {"water"}),  # a class
        ("hydrology", {"water"}),
        ("nir regression", {"trees"}),
        ("u-net", {"water", "old", "trees"}),
        ("semantic segmentation europe", {"water"}),
        ("unet hydrology", {"water"}),
        ("lakes-of-europe", {"water"}),
        ("glacier", set()),
    ],
)
def test_all_words_must_be_found_in_what_the_item_says(text: str, expected: set, folder: Path, find) -> None:
    assert set(ids(find(folder, text=text))) == expected


def test_a_task_is_the_same_with_blanks_and_hyphens(folder: Path, find) -> None:
    assert set(ids(find(folder, task="Semantic segmentation"))) == {"water", "old"}
    assert ids(find(folder, task="regression")) == ["trees"]
    assert ids(find(folder, task="detection")) == []


def test_a_word_in_the_title_counts_more_than_one_in_the_description(tmp_path: Path, put, item, find) -> None:
    put(tmp_path / "c/a.json", item("a", description="knows snow too"))
    put(tmp_path / "c/b.json", item("b", title="Snow"))
    assert ids(find(tmp_path / "c", text="snow")) == ["b", "a"]


def test_what_runs_comes_before_what_does_not(tmp_path: Path, put, item, find) -> None:
    put(tmp_path / "c/b.json", item("b"))
    a = item("a")
    a["assets"]["model"].update({"href": "model.pt", "mlm:artifact_type": "torch.save"})
    put(tmp_path / "c/a.json", a)
    assert ids(find(tmp_path / "c")) == ["b", "a"]


def test_what_fits_the_raster_comes_first(tmp_path: Path, put, item, find) -> None:
    put(tmp_path / "c/a.json", item("wants-two", ("nir", "swir")))
    put(tmp_path / "c/b.json", item("wants-one", ("nir",)))
    bands = (RasterBand("i.tif", 1, name="nir", common_name="nir", data_type="float32"),)
    raster = RasterInfo(bands, 100, 100, (10.0, 0.0, 0.0, 0.0, -10.0, 0.0))
    found = find(tmp_path / "c", raster=raster)
    assert ids(found) == ["wants-one", "wants-two"]
    assert found["models"][1]["fit"]["state"] == "no"
    assert "swir" in found["models"][1]["fit"]["why"]


def test_a_limit_cuts_the_sorted_list(folder: Path, find) -> None:
    assert ids(find(folder, text="lake")) == ["water", "old"]
    assert ids(find(folder, text="lake", limit=1)) == ["water"]


def test_dead_catalogs_are_entries_with_a_reason_and_the_others_go_on(
    folder: Path, server, tmp_path, put, find
) -> None:
    server.routes["/login"] = (401, {}, b"")
    server.routes["/page"] = b"<html>Hello</html>"
    empty = put(tmp_path / "empty/catalog.json", {"type": "Catalog", "links": []})
    where = [f"{server.url}/login", "http://127.0.0.1:9/", folder, f"{server.url}/page", "nowhere", empty]
    found = find(*where)
    assert set(ids(found)) == {"water", "old", "trees"}
    assert [c["state"] for c in found["catalogs"]] == ["failed", "failed", "ok", "failed", "failed", "ok"]
    words = ["wants a login", "can't be reached", "", "web page", "no such file", "no items"]
    assert all(words[n] in c["why"] for n, c in enumerate(found["catalogs"]))


def test_a_slow_catalog_does_not_hold_up_the_others(folder: Path, server, find) -> None:
    server.routes["/slow"] = lambda _: time.sleep(0.9) or b"{}"
    begin = time.monotonic()
    found = find(f"{server.url}/slow", folder, seconds=0.4)
    assert time.monotonic() - begin < 0.8
    assert len(found["models"]) == 3
    assert found["catalogs"][0]["state"] == "failed"
    assert "has not answered in full within 0.4 seconds" in found["catalogs"][0]["why"]


def test_a_catalog_without_models_says_so(tmp_path: Path, put, find) -> None:
    put(tmp_path / "c/scene.json", {"type": "Feature", "id": "scene", "properties": {}})
    assert find(tmp_path / "c")["catalogs"][0]["why"] == "None of its 1 items describes a model."


def test_what_a_catalog_holds_and_cannot_be_read_is_told(folder: Path, put, find) -> None:
    put(folder / "0.json", b"{broken")
    found = find(folder)
    assert len(found["models"]) == 3
    assert found["catalogs"][0]["why"].startswith("Not everything could be read")
    assert found["catalogs"][0]["problems"][0]["href"] == str(folder / "0.json")


@pytest.mark.parametrize("properties", [None, [], "text", {"mlm:input": 3}, {"mlm:name": {}, "mlm:output": [None]}])
def test_an_item_of_no_shape_is_listed_and_takes_nothing_else_away(properties, folder: Path, put, item, find) -> None:
    broken = {**item("broken"), "properties": properties}
    put(folder / "0.json", broken)
    models = {m["id"]: m for m in find(folder)["models"]}
    assert {"water", "broken"} <= set(models)
    assert models["broken"]["why_not"]


def test_a_reader_that_fails_on_one_item_takes_nothing_else_away(folder: Path, find, monkeypatch) -> None:
    def read(item: dict, href: str) -> Any:
        raise TypeError("unexpected") if item["id"] == "water" else ItemUnreadable("Some other reason.")

    monkeypatch.setattr(search_module, "read", read)
    models = {m["id"]: m for m in find(folder)["models"]}
    assert "can't be understood (TypeError: unexpected)" in models["water"]["why_not"]
    assert models["trees"]["why_not"] == "Some other reason."


def test_a_catalog_that_was_given_up_is_no_longer_asked(server, find) -> None:
    class Endless(dict):
        def get(self, path: str, default: Any = None) -> Any:
            time.sleep(0.02)
            return {"type": "Catalog", "links": [{"rel": "child", "href": f"{path}/{n}"} for n in "ab"]}

    server.routes = Endless()
    find(f"{server.url}/c", seconds=0.3)
    time.sleep(0.2)
    asked = len(server.asked)
    time.sleep(0.3)
    assert len(server.asked) == asked


def test_all_known_catalogs_are_searched_the_embedded_one_first(
    folder, tmp_path, put, item, http, watch, monkeypatch
) -> None:
    monkeypatch.setattr(catalogs, "EMBEDDED", folder / "1.json")
    assert [c["name"] for c in search(Query(), http, watch, home=tmp_path)["catalogs"]] == ["Built-in"]
    put(tmp_path / "my-models/catalog.json", {"type": "Catalog", "links": [{"rel": "item", "href": "mine.json"}]})
    put(tmp_path / "my-models/mine.json", item("mine"))
    found = search(Query(), http, watch, home=tmp_path)
    assert [c["name"] for c in found["catalogs"]] == ["Built-in", "My Models"]
    assert [(m["catalog"], m["id"]) for m in found["models"]] == [("Built-in", "water"), ("My Models", "mine")]


def test_results_are_handed_on_as_they_come(folder: Path, http, watch) -> None:
    seen: list[str] = []
    search(Query(), http, watch, catalogs=[str(folder)], on_result=lambda m: seen.append(m["id"]))
    assert sorted(seen) == ["old", "trees", "water"]


def test_cancel_ends_a_search(server, http) -> None:
    server.routes["/slow"] = lambda _: time.sleep(0.9) or b"{}"
    watch = Watch()
    watch.cancel()
    with pytest.raises(Cancelled):
        search(Query(), http, watch, catalogs=[f"{server.url}/slow"])
