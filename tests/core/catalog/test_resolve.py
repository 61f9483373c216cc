"""MODEL as users write it, and the sentence they get where it is no model."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlm_runner.core.catalog import catalogs
from mlm_runner.core.catalog.resolve import resolve
from mlm_runner.core.errors import CatalogUnavailable, ItemUnreadable


@pytest.fixture
def ask(http, watch, tmp_path: Path):
    return lambda model: resolve(str(model), http, watch, home=tmp_path / "home")


@pytest.fixture
def models(tmp_path: Path, put, item, catalog) -> Path:
    """A folder with a catalog of two models."""
    put(tmp_path / "m/catalog.json", catalog(("item", "water.json"), ("item", "sub/crops.json")))
    put(tmp_path / "m/water.json", item("water"))
    put(tmp_path / "m/sub/crops.json", item("crops"))
    return tmp_path / "m"


def test_a_path_a_file_url_and_an_id_in_a_catalog_mean_the_same_item(models: Path, ask, item) -> None:
    expected = (item("crops"), str(models / "sub/crops.json"))
    assert ask(models / "sub/crops.json") == expected
    assert ask(f"file://{models}/sub/crops.json") == expected
    assert ask(f"{models}#crops") == expected
    assert ask(f"{models}/catalog.json#crops") == expected


def test_a_relative_path_gets_an_absolute_address(models: Path, ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(models / "sub")
    assert ask("../water.json")[1] == str(models / "water.json")


def test_a_web_address_and_an_id_on_the_web(server, ask, item, catalog) -> None:
    server.routes["/catalog.json"] = catalog(("item", "water.json"))
    server.routes["/water.json"] = item("water")
    expected = (item("water"), f"{server.url}/water.json")
    assert ask(f"{server.url}/water.json") == expected
    assert ask(f"{server.url}/catalog.json#water") == expected


def test_a_named_catalog_may_stand_before_the_id(models: Path, ask, put, item, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogs, "EMBEDDED", models / "catalog.json")
    assert ask("built-in#water")[1] == str(models / "water.json")


def test_an_item_in_a_collection_file_is_found_by_the_address_search_gives(tmp_path: Path, ask, put, item) -> None:
    file = put(tmp_path / "all.json", {"type": "FeatureCollection", "features": [item("a/b"), item("c")]})
    assert ask(f"{file}#a%2Fb") == (item("a/b"), f"{file}#a%2Fb")


def test_a_file_with_a_hash_in_its_name_is_a_file(tmp_path: Path, ask, put, item) -> None:
    file = put(tmp_path / "model#1.json", item("one"))
    assert ask(file)[0] == item("one")


def test_a_percent_in_an_address_is_decoded_where_only_that_file_is_there(tmp_path: Path, ask, put, item) -> None:
    put(tmp_path / "my model.json", item("mine"))
    assert ask(tmp_path / "my%20model.json")[0] == item("mine")


@pytest.mark.parametrize("what", ["", "/catalog.json"])
def test_a_whole_catalog_is_refused_with_what_it_lists_and_how_to_name_one(what: str, models: Path, ask) -> None:
    with pytest.raises(ItemUnreadable, match="It lists water, crops. Name one as .*#water"):
        ask(f"{models}{what}")


def test_an_id_that_is_not_there_is_refused_with_those_that_are(models: Path, ask) -> None:
    with pytest.raises(ItemUnreadable, match="has no item 'forest'. It lists water, crops"):
        ask(f"{models}#forest")


def test_an_id_that_two_items_have_is_not_guessed(tmp_path: Path, ask, put, item) -> None:
    put(tmp_path / "d/a.json", item("same"))
    put(tmp_path / "d/b.json", item("same"))
    with pytest.raises(ItemUnreadable, match=r"2 items 'same'.*a\.json, .*b\.json"):
        ask(f"{tmp_path / 'd'}#same")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n", "no JSON"),
        (b"<html><body>404</body></html>", "a web page"),
        (b"[]", "holds a list"),
        (b'{"name": "x"}', "no STAC catalog, collection or item.*model Item"),
        (b'{"a": ' * 100_000, "."),
    ],
)
def test_a_file_that_is_no_item_is_one_sentence(content: bytes, words: str, tmp_path: Path, ask, put) -> None:
    with pytest.raises(ItemUnreadable, match=words) as caught:
        ask(put(tmp_path / "x.json", content))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", ["none.json", "nowhere#water", "Built-in-typo"])
def test_what_is_not_there_is_refused_with_what_to_give(model: str, ask) -> None:
    with pytest.raises(CatalogUnavailable, match="no file|no catalog's name"):
        ask(model)


@pytest.mark.parametrize("model", ["", "  ", "#water", "x#"])
def test_half_a_name_is_refused(model: str, ask) -> None:
    with pytest.raises((ItemUnreadable, CatalogUnavailable)):
        ask(model)


def test_another_scheme_is_refused_by_name(ask) -> None:
    with pytest.raises(CatalogUnavailable, match="s3: address"):
        ask("s3://bucket/item.json")
