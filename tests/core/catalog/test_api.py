"""STAC APIs of several kinds, answered by a real server: complete ones, poor ones, and ones that lie."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from mlm_runner.core.catalog.contents import contents
from mlm_runner.core.catalog.entries import Found, Limits, Problem
from mlm_runner.core.catalog.resolve import resolve
from mlm_runner.core.errors import CatalogUnavailable, ItemUnreadable

SEARCH = "https://api.stacspec.org/v1.0.0/item-search"


class Api:
    """A STAC API of a few collections, with pages of two; `post`, `search` and `listed` say what it offers."""

    def __init__(self, server: Any, collections: dict[str, list[dict]], *, post=True, search=True, listed=True) -> None:
        self.server, self.collections, self.url = server, collections, f"{server.url}/api"
        links = [{"rel": "data", "href": "collections"}] if listed else []
        if search:
            methods = ("GET", "POST") if post else (None,)
            links += [{"rel": "search", "href": f"{self.url}/search", **({"method": m} if m else {})} for m in methods]
        server.routes["/api/"] = {"type": "Catalog", "id": "api", "conformsTo": [SEARCH] * search, "links": links}
        server.routes["/api/search"] = self.search if search else (404, {}, b"")
        if listed:
            server.routes["/api/collections"] = self.list
        for name, items in collections.items():
            server.routes[f"/api/collections/{name}/items"] = self.items
            for item in items:
                item["collection"] = name
                server.routes[f"/api/collections/{name}/items/{item['id']}"] = item

    def list(self, _: Any) -> dict:
        return {"collections": [{"id": n, "type": "Collection", "links": []} for n in self.collections], "links": []}

    def search(self, request: Any) -> Any:
        if request.method == "POST":
            asked = json.loads(request.body)
        else:
            asked = {k: v[0] for k, v in parse_qs(request.query).items()}
            asked.update({k: asked[k].split(",") for k in ("collections", "ids") if k in asked})
        names = asked.get("collections") or list(self.collections)
        found = [i for n in names for i in self.collections.get(n, []) if i["id"] in asked.get("ids", [i["id"]])]
        start = int(asked.get("token", 0))
        size = min(2, int(asked.get("limit", 2)))
        links = []
        if start + size < len(found):
            token = start + size
            links.append(
                {"rel": "next", "href": "/api/search", "method": "POST", "merge": True, "body": {"token": token}}
                if request.method == "POST"
                else {"rel": "next", "href": f"search?{request.query}&token={token}".replace(f"&token={start}&", "&")}
            )
        return {"type": "FeatureCollection", "features": found[start : start + size], "links": links}

    def items(self, request: Any) -> dict:
        name = request.path.split("/")[-2]
        start = int(parse_qs(request.query).get("offset", ["0"])[0])
        links = []
        if start + 2 < len(self.collections[name]):
            links.append({"rel": "next", "href": f"?limit=2&offset={start + 2}"})
        return {"type": "FeatureCollection", "features": self.collections[name][start : start + 2], "links": links}


@pytest.fixture
def walk(http, watch):
    def go(href: str, limits: Limits | None = None) -> tuple[dict[str, str], list[str]]:
        entries = list(contents(href, http, watch, limits or Limits()))
        found = {e.item["id"]: e.href for e in entries if isinstance(e, Found)}
        assert len(found) == len([e for e in entries if isinstance(e, Found)]), "an item came twice"
        return found, [e.why for e in entries if isinstance(e, Problem)]

    return go


@pytest.fixture
def holdings(item) -> dict[str, list[dict]]:
    """Five models in two collections, and a collection of images."""
    image = {"type": "Feature", "properties": {"eo:cloud_cover": 3}, "links": [], "assets": {}}
    return {
        "models": [item(f"m{n}") for n in range(4)],
        "sentinel-2": [{**image, "id": f"s{n}"} for n in range(3)],
        "misc": [item("hidden-here")],
    }


MODELS = {"m0", "m1", "m2", "m3", "hidden-here"}


@pytest.mark.parametrize("offers", [{}, {"post": False}, {"search": False}, {"listed": False}], ids=str)
def test_the_models_are_found_whatever_the_api_offers(offers: dict, server, holdings, walk) -> None:
    api = Api(server, holdings, **offers)
    server.routes["/api/"]["conformsTo"].append("https://api.stacspec.org/v1.0.0/core")
    found, problems = walk(f"{api.url}/")
    assert (set(found), problems) == (MODELS, [])


def test_images_are_not_paged_through(server, holdings, walk) -> None:
    api = Api(server, holdings)
    walk(f"{api.url}/")
    bodies = [json.loads(r.body) for r in server.asked if r.method == "POST"]
    assert [b["limit"] for b in bodies if b["collections"] == ["sentinel-2"]] == [1]


def test_an_item_is_named_by_its_own_address_or_by_the_one_it_must_have(server, holdings, walk, http, watch) -> None:
    api = Api(server, holdings)
    own = f"{server.url}/elsewhere/m0.json"
    holdings["models"][0]["links"] = [{"rel": "self", "href": own}]
    holdings["models"][1]["links"] = [{"rel": "self", "href": "http://internal.example:8080/items/m1"}]
    found, _ = walk(f"{api.url}/")
    assert found["m0"] == own
    assert found["m1"] == f"{api.url}/collections/models/items/m1"
    assert resolve(found["m1"], http, watch)[0]["id"] == "m1"


def test_items_come_back_as_the_server_wrote_them(server, item, http, watch) -> None:
    # pystac's own objects rewrite this address to that of the newest form, and with it the meaning of the fields.
    old = item("old")
    old["stac_version"] = "1.0.0"
    old["stac_extensions"] = ["https://crim-ca.github.io/mlm-extension/v1.2.0/schema.json"]
    old["assets"]["model"]["raster:bands"] = [{"name": "B04"}]
    expected = json.loads(json.dumps({**old, "collection": "models"}))
    api = Api(server, {"models": [old]})
    assert [e.item for e in contents(f"{api.url}/", http, watch)] == [expected]


@pytest.mark.parametrize("offers", [{}, {"post": False}, {"search": False}], ids=str)
def test_an_id_in_an_api_means_that_item(offers: dict, server, holdings, http, watch) -> None:
    api = Api(server, holdings, **offers)
    server.routes["/api/"]["conformsTo"].append("https://api.stacspec.org/v1.0.0/core")
    found, href = resolve(f"{api.url}/#m3", http, watch)
    assert (found["id"], href) == ("m3", f"{api.url}/collections/models/items/m3")
    if offers.get("search", True):
        assert len(server.asked) == 2  # the landing page, and the one question for that id
    with pytest.raises(ItemUnreadable, match="has no item 'forest'"):
        resolve(f"{api.url}/#forest", http, watch)


def test_an_api_that_answers_with_other_items_than_asked_is_not_believed(server, holdings, walk) -> None:
    api = Api(server, holdings)
    everything = [i for name in ("sentinel-2", "misc", "models") for i in holdings[name]]
    server.routes["/api/search"] = {"type": "FeatureCollection", "features": everything, "links": []}
    found, problems = walk(f"{api.url}/")
    assert (set(found), problems) == (MODELS, [])


def test_a_search_that_fails_is_replaced_by_the_collections_own_lists(server, holdings, walk) -> None:
    api = Api(server, holdings)
    server.routes["/api/search"] = (500, {}, b"oops")
    assert set(walk(f"{api.url}/")[0]) == MODELS


def test_paging_in_circles_ends_with_a_reason_and_what_came_stays(server, item, walk) -> None:
    api = Api(server, {"models": [item("m0")]})
    page = {"type": "FeatureCollection", "features": [{**item("m0"), "collection": "models"}]}
    server.routes["/api/search"] = {**page, "links": [{"rel": "next", "href": f"{api.url}/search", "method": "GET"}]}
    found, problems = walk(f"{api.url}/")
    assert set(found) == {"m0"}
    assert ["without end" in p for p in problems] == [True]
    assert len(server.asked) < 20


@pytest.mark.parametrize("href", ["/etc/hostname", "file:///etc/hostname", "file:/etc/hostname"])
def test_a_server_cannot_make_us_read_our_own_files(href: str, server, item, walk) -> None:
    api = Api(server, {"models": [item("m0")]})
    page = {"type": "FeatureCollection", "features": [{**item("m0"), "collection": "models"}]}
    server.routes["/api/search"] = {**page, "links": [{"rel": "next", "href": href}]}
    found, problems = walk(f"{api.url}/")
    assert set(found) == {"m0"}
    assert len(problems) == 1
    assert "not on the network" in problems[0] or "404" in problems[0]


def test_headers_of_a_next_link_do_not_travel_to_another_host(server, item, walk) -> None:
    api = Api(server, {"models": [item("m0"), item("m1")]})
    other = server.url.replace("127.0.0.1", "localhost")
    headers = {"X-Secret": "1"}
    page = {"type": "FeatureCollection", "features": [{**item("m0"), "collection": "models"}]}
    server.routes["/api/search"] = {**page, "links": [{"rel": "next", "href": f"{other}/far", "headers": headers}]}
    server.routes["/far"] = {**page, "links": [{"rel": "next", "href": f"{other}/near", "headers": headers}]}
    server.routes["/near"] = page
    walk(f"{api.url}/")
    sent = {r.path: r.headers.get("X-Secret") for r in server.asked}
    assert (sent["/far"], sent["/near"]) == (None, "1")


def test_collections_without_sign_of_models_beyond_the_samples_are_said(server, holdings, walk) -> None:
    api = Api(server, holdings)
    found, problems = walk(f"{api.url}/", Limits(samples=1))
    assert set(found) == {"m0", "m1", "m2", "m3"}  # its name speaks for it
    assert problems == ["2 collections that give no sign of models were not looked into."]


def test_a_dead_api_is_an_error_with_its_reason(server, holdings, http, watch) -> None:
    api = Api(server, holdings, search=False)
    server.routes["/api/"]["conformsTo"].append("https://api.stacspec.org/v1.0.0/core")
    server.routes["/api/collections"] = (503, {}, b"")
    with pytest.raises(CatalogUnavailable, match=r"collections is not available now.*503"):
        list(contents(f"{api.url}/", http, watch))


@pytest.mark.parametrize("collections", [None, "x", {}, [None, 3, {"id": 5}, {}]])
@pytest.mark.parametrize("features", [None, "x", {}, [None, 3, {}]])
def test_answers_of_no_shape_hold_no_models(collections, features, server, walk) -> None:
    api = Api(server, {})
    server.routes["/api/collections"] = {"collections": collections, "links": "none"}
    server.routes["/api/search"] = {"features": features, "links": [None, {"rel": "next"}]}
    assert walk(f"{api.url}/")[0] == {}
