"""Static catalogs and folders, on the disk and over HTTP: what is found, and what hostile or broken ones end in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlm_runner.core.catalog.contents import contents
from mlm_runner.core.catalog.entries import Found, Limits, Problem
from mlm_runner.core.errors import CatalogUnavailable, ItemUnreadable


@pytest.fixture
def walk(http, watch):
    """Walk a catalog; give the ids with their addresses, and the problems."""

    def go(href, limits: Limits | None = None) -> tuple[dict[str, str], list[Problem]]:
        entries = list(contents(str(href), http, watch, limits or Limits()))
        found = {e.item["id"]: e.href for e in entries if isinstance(e, Found)}
        assert len(found) == len([e for e in entries if isinstance(e, Found)]), "an item came twice"
        return found, [e for e in entries if isinstance(e, Problem)]

    return go


def test_a_tree_of_files_gives_its_items_with_their_own_addresses(tmp_path: Path, put, item, catalog, walk) -> None:
    root = put(tmp_path / "catalog.json", catalog(("child", "./land/collection.json"), ("item", "water.json")))
    put(tmp_path / "land/collection.json", catalog(("item", "./a/crops.json"), ("root", "../x"), kind="Collection"))
    put(tmp_path / "land/a/crops.json", item("crops"))
    put(tmp_path / "water.json", item("water"))
    expected = {"water": str(tmp_path / "water.json"), "crops": str(tmp_path / "land/a/crops.json")}
    assert walk(root) == (expected, [])
    assert walk(tmp_path) == (expected, [])


def test_the_same_tree_over_http_gives_urls(server, item, catalog, walk) -> None:
    server.routes["/m/catalog.json"] = catalog(("child", "land/collection.json"), ("item", f"{server.url}/w.json"))
    server.routes["/m/land/collection.json"] = catalog(("item", "./crops.json"), kind="Collection")
    server.routes["/m/land/crops.json"] = item("crops")
    server.routes["/w.json"] = item("water")
    expected = {"water": f"{server.url}/w.json", "crops": f"{server.url}/m/land/crops.json"}
    assert walk(f"{server.url}/m/catalog.json") == (expected, [])


def test_relative_links_are_read_against_where_a_redirect_ended(server, item, catalog, walk) -> None:
    server.routes["/short"] = (302, {"Location": "/deep/down/catalog.json"}, b"")
    server.routes["/deep/down/catalog.json"] = catalog(("item", "water.json"))
    server.routes["/deep/down/water.json"] = item("water")
    assert walk(f"{server.url}/short") == ({"water": f"{server.url}/deep/down/water.json"}, [])


def test_what_two_addresses_lead_to_is_found_once(server, item, catalog, walk) -> None:
    server.routes["/catalog.json"] = catalog(("item", "latest"), ("item", "newest"), ("item", "water.json"))
    server.routes["/latest"] = server.routes["/newest"] = (302, {"Location": "/water.json"}, b"")
    server.routes["/water.json"] = item("water")
    assert walk(f"{server.url}/catalog.json") == ({"water": f"{server.url}/water.json"}, [])


def test_an_item_of_a_web_file_is_believed_its_own_address_only_on_its_host(server, item, walk) -> None:
    here, elsewhere = item("here"), item("elsewhere")
    here["links"] = [{"rel": "self", "href": f"{server.url}/here.json"}]
    elsewhere["links"] = [{"rel": "self", "href": "https://example.org/elsewhere.json"}]
    server.routes["/all.json"] = {"type": "FeatureCollection", "features": [here, elsewhere]}
    expected = {"here": f"{server.url}/here.json", "elsewhere": f"{server.url}/all.json#elsewhere"}
    assert walk(f"{server.url}/all.json") == (expected, [])


def test_a_folder_without_index_gives_the_items_in_and_below_it(tmp_path: Path, put, item, walk) -> None:
    put(tmp_path / "water.json", item("water"))
    put(tmp_path / "sub/crops.geojson", item("crops"))
    put(tmp_path / "package.json", {"name": "something else"})
    put(tmp_path / ".hidden/secret.json", item("secret"))
    put(tmp_path / "notes.txt", b"no JSON")
    found, problems = walk(tmp_path)
    assert (set(found), problems) == ({"water", "crops"}, [])


@pytest.mark.parametrize("kind", ["FeatureCollection", "ItemCollection"])
def test_items_in_one_file_are_named_within_it(kind: str, tmp_path: Path, put, item, walk) -> None:
    file = put(tmp_path / "all.json", {"type": kind, "features": [item("water"), item("a/b"), "nonsense"]})
    assert walk(file) == ({"water": f"{file}#water", "a/b": f"{file}#a%2Fb"}, [])


def test_a_single_item_is_a_catalog_of_one(tmp_path: Path, put, item, walk) -> None:
    file = put(tmp_path / "water.json", item("water"))
    assert walk(file) == ({"water": str(file)}, [])


def test_a_broken_item_is_reported_and_the_good_stay(server, item, catalog, walk) -> None:
    names = ["good.json", "broken.json", "page.json", "latin1.json", "gone.json", "fails.json", "list.json", "odd.json"]
    server.routes["/catalog.json"] = catalog(*(("item", name) for name in names), ("item", "last.json"))
    server.routes["/good.json"] = item("good")
    server.routes["/broken.json"] = b'{"type": "Feature"'
    server.routes["/page.json"] = (200, {"Content-Type": "application/json"}, b"<!DOCTYPE html><title>Login</title>")
    server.routes["/latin1.json"] = '{"id": "Wälder"}'.encode("latin-1")
    server.routes["/fails.json"] = (500, {}, b"oops")
    server.routes["/list.json"] = b"[1, 2]"
    server.routes["/odd.json"] = {"type": "Topology"}
    server.routes["/last.json"] = (200, {"Content-Type": "text/plain"}, b"\xef\xbb\xbf" + str_json(item("last")))
    found, problems = walk(f"{server.url}/catalog.json")
    assert set(found) == {"good", "last"}
    assert [p.href.rpartition("/")[2] for p in problems] == names[1:]
    reasons = ["no JSON", "web page", "no UTF-8", "404", "500", "list", "neither"]
    assert all(reasons[n] in p.why for n, p in enumerate(problems))


def test_a_loop_of_links_ends(tmp_path: Path, put, item, catalog, walk) -> None:
    put(tmp_path / "catalog.json", catalog(("child", "a/catalog.json"), ("child", "catalog.json"), ("item", "w.json")))
    put(tmp_path / "a/catalog.json", catalog(("child", "../catalog.json"), ("item", "../w.json")))
    put(tmp_path / "w.json", item("water"))
    assert walk(tmp_path) == ({"water": str(tmp_path / "w.json")}, [])


def test_a_catalog_without_end_is_cut_with_a_reason(server, catalog, walk) -> None:
    class Endless(dict):
        def get(self, path, default=None):
            return catalog(("child", f"{path}/a"), ("child", f"{path}/b"))

    server.routes = Endless()
    _, deep = walk(f"{server.url}/c", Limits(depth=3, documents=1000))
    assert {"more than 3 levels" in p.why for p in deep} == {True}
    assert len(server.asked) == 1 + 2 + 4 + 8
    _, wide = walk(f"{server.url}/c", Limits(depth=1000, documents=20))
    assert [p.why for p in wide] == [f"{server.url}/c has more than 20 files; the rest was not read."]


def test_links_from_the_network_into_this_machine_are_not_followed(
    server, tmp_path: Path, put, item, catalog, walk
) -> None:
    secret = put(tmp_path / "secret.json", item("secret"))
    server.routes["/catalog.json"] = catalog(("item", f"file://{secret}"), ("item", "ftp://127.0.0.1/a"))
    found, problems = walk(f"{server.url}/catalog.json")
    assert found == {}
    assert len(problems) == 2
    assert all("not followed" in p.why for p in problems)


def test_a_huge_document_is_not_read(server, catalog, walk, tmp_path: Path) -> None:
    server.routes["/catalog.json"] = catalog(("item", "huge.json"))
    server.routes["/huge.json"] = (200, {"Content-Length": str(2 << 30)}, b"{")
    _, problems = walk(f"{server.url}/catalog.json")
    assert "more than 50,000,000 bytes" in problems[0].why
    with open(tmp_path / "huge.json", "wb") as file:
        file.truncate(50_000_001)
    _, problems = walk(tmp_path)
    assert "more than 50,000,000 bytes" in problems[0].why


@pytest.mark.parametrize("links", [None, "text", [None, 1, {"rel": "item"}, {"href": "a"}, {"rel": "item", "href": 3}]])
def test_links_of_no_shape_lead_nowhere(links, tmp_path: Path, put, walk) -> None:
    file = put(tmp_path / "c.json", {"type": "Catalog", "links": links})
    assert walk(file) == ({}, [])


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"no JSON", ItemUnreadable, "no JSON"),
        (b"<html>", ItemUnreadable, "a web page"),
        (b'{"name": "something else"}', CatalogUnavailable, "no STAC catalog"),
    ],
)
def test_a_root_that_is_no_catalog_is_an_error(content: bytes, error, words: str, tmp_path: Path, put, walk) -> None:
    with pytest.raises(error, match=words):
        walk(put(tmp_path / "c.json", content))


def test_what_is_not_there_is_an_error(tmp_path: Path, server, walk) -> None:
    with pytest.raises(CatalogUnavailable, match="There is no file"):
        walk(tmp_path / "none.json")
    with pytest.raises(CatalogUnavailable, match=r"/none\.json is not there \(HTTP status 404\)"):
        walk(f"{server.url}/none.json")


def test_a_device_is_not_read_as_a_file(walk) -> None:
    with pytest.raises(CatalogUnavailable, match="no ordinary file"):
        walk("/dev/zero")


def str_json(data: dict) -> bytes:
    import json

    return json.dumps(data).encode()
