"""Finds models in a STAC API with pystac-client: collections that may hold some, then their items, as raw dictionaries.

pystac's objects are not used for items: reading one migrates it and silently rewrites the addresses of its extensions.
What a server filters is only a saving; whether an item is a model is decided here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional
from urllib.parse import quote, urlencode

from pystac_client.item_search import ItemSearch
from pystac_client.stac_api_io import StacApiIO

from ..errors import CatalogUnavailable, ItemUnreadable
from ..mlm.read import load_json
from ..watch import Watch
from .documents import ACCEPT, MAX_BYTES, Document
from .entries import LIMITS, Entry, Found, Limits, Problem, links
from .hrefs import is_web, same_host, shown
from .http import Http, TooLarge, refusal
from .traits import CLEAR, NO_SIGN, describes_model, sign_of_models

PAGE = 200
"""Items asked for at once; servers give fewer if they like."""

SEARCHED_AT_ONCE = 20
"""Collections named in one search: their names may have to fit into an address."""


class AskedStacApiIO(StacApiIO):
    """pystac-client's network, answered by our `Http`: one place for limits, proxies, certificates and Cancel."""

    def __init__(self, http: Http, watch: Watch, limits: Limits = LIMITS) -> None:
        super().__init__(max_retries=None)
        self._http = http
        self._watch = watch
        self._limits = limits

    def request(
        self,
        href: str,
        method: Optional[str] = None,
        headers: Optional[dict[str, str]] = None,
        parameters: Optional[dict[str, Any]] = None,
    ) -> str:
        """Return the text that the server answers."""
        return self._answer(href, method, headers, parameters).decode("utf-8", "replace")

    def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:
        """Return what is at a web address; unlike the parent, never what is in a local file that a server named."""
        return self.request(str(source), *args, **kwargs)

    def get_pages(
        self, url: str, method: Optional[str] = None, parameters: Optional[dict[str, Any]] = None
    ) -> Iterator[dict[str, Any]]:
        """Yield page after page as the parent does, but take relative `next` links and end paging in circles."""
        asked: set[str] = set()
        headers: dict[str, str] = {}
        while True:
            key = json.dumps([url, method, parameters], sort_keys=True, default=str)
            if key in asked or len(asked) >= self._limits.documents:
                raise CatalogUnavailable(f"{shown(url)} gives page after page without end; what came so far is kept.")
            asked.add(key)
            page = Document(url, load_json(self._answer(url, method, headers, parameters), shown(url)))
            if not (page.data.get("features") or page.data.get("collections")):
                return
            yield page.data
            following = links(page, "next")
            if not following:
                return
            url, method, headers, parameters = _next(following[0], url, parameters)

    def _answer(
        self,
        href: str,
        method: Optional[str],
        headers: Optional[Mapping[str, str]],
        parameters: Optional[Mapping[str, Any]],
    ) -> bytes:
        method = (method or "GET").upper()
        asked = {"Accept": ACCEPT, **(headers or {})}
        body = None
        if method == "POST":
            body = json.dumps(parameters or {}).encode()
            asked["Content-Type"] = "application/json"
        elif parameters:
            href += ("&" if "?" in href else "?") + urlencode({k: v for k, v in parameters.items() if v is not None})
        try:
            response = self._http.fetch(
                href, method=method, headers=asked, body=body, max_bytes=MAX_BYTES, watch=self._watch
            )
        except TooLarge as error:
            raise CatalogUnavailable(str(error)) from None
        if not response.ok:
            raise CatalogUnavailable(refusal(response, href))
        return response.body


def entries(landing: Document, http: Http, watch: Watch, limits: Limits = LIMITS) -> Iterator[Entry]:
    """Yield the model items of an API: first of collections that say they hold models, then of those tried out."""
    io = AskedStacApiIO(http, watch, limits)
    seen: set[str] = set()
    collections, problem = _collections(landing, io, limits)
    if problem and not links(landing, "search"):
        raise problem
    if problem or not collections:
        yield from _models(_searched(landing, io, [], limits.items), landing, limits, seen)
        return
    graded = sorted(collections, key=sign_of_models, reverse=True)
    clear = [c for c in graded if sign_of_models(c) == CLEAR]
    unsure = [c for c in graded if sign_of_models(c) != CLEAR]
    yield from _models(_items(landing, io, clear, limits.items), landing, limits, seen)
    tried = []
    for collection in unsure[: limits.samples]:
        try:
            first = next(_items(landing, io, [collection], 1), None)
        except (CatalogUnavailable, ItemUnreadable) as error:
            # A silent collection without any sign of models takes away nothing that anyone knows of.
            if sign_of_models(collection) != NO_SIGN:
                yield Problem(landing.href, f"Collection {collection['id']!r} of {shown(landing.href)}: {error}")
            continue
        if first is not None and describes_model(first):
            tried.append(collection)
    yield from _models(_items(landing, io, tried, limits.items), landing, limits, seen)
    if len(unsure) > limits.samples:
        left = len(unsure) - limits.samples
        yield Problem(landing.href, f"{left} collections that give no sign of models were not looked into.")


def by_id(landing: Document, item_id: str, http: Http, watch: Watch) -> list[Found]:
    """Return the items of that id, of whatever collection; none if the API has no search, and must be walked."""
    io = AskedStacApiIO(http, watch)
    for link in _search_links(landing):
        search = ItemSearch(link["href"], method=link["method"], ids=[item_id], stac_io=io)
        return [_found(i, landing) for i in search.items_as_dicts() if isinstance(i, dict) and i.get("id") == item_id]
    return []


def _collections(
    landing: Document, io: AskedStacApiIO, limits: Limits
) -> tuple[list[dict[str, Any]], Optional[CatalogUnavailable]]:
    """Return the collections, or why there are none: some APIs have a search and no list of collections."""
    found = links(landing, "data")
    url = found[0]["href"] if found else f"{landing.href.split('?')[0].rstrip('/')}/collections"
    out: list[dict[str, Any]] = []
    try:
        for page in io.get_pages(url):
            listed = page.get("collections")
            for collection in listed if isinstance(listed, list) else []:
                if isinstance(collection, dict) and isinstance(collection.get("id"), str):
                    out.append({**collection, "_base": url})
            if len(out) >= limits.documents:
                break
    except (CatalogUnavailable, ItemUnreadable) as error:
        if not out:
            return [], error if isinstance(error, CatalogUnavailable) else CatalogUnavailable(str(error))
    return out, None


def _items(
    landing: Document, io: AskedStacApiIO, collections: list[dict[str, Any]], most: int
) -> Iterator[dict[str, Any]]:
    """Yield the items of these collections, by search where that works, and else collection by collection."""
    if not collections:
        return
    given = 0
    try:
        for first in range(0, len(collections), SEARCHED_AT_ONCE):
            names = [c["id"] for c in collections[first : first + SEARCHED_AT_ONCE]]
            for item in _searched(landing, io, names, most):
                # A server that answers with other items than asked for is not believed.
                if item.get("collection") in names:
                    given += 1
                    yield item
    except (CatalogUnavailable, ItemUnreadable):
        if given:
            raise
    if given:
        return
    for collection in collections:
        own = links(Document(collection["_base"], collection), "items")
        url = own[0]["href"] if own else f"{collection['_base'].split('?')[0]}/{quote(collection['id'], safe='')}/items"
        for page in io.get_pages(url, parameters={"limit": min(PAGE, most)}):
            yield from (i for i in page.get("features") or [] if isinstance(i, dict))


def _searched(landing: Document, io: AskedStacApiIO, names: list[str], most: int) -> Iterator[dict[str, Any]]:
    for link in _search_links(landing):
        search = ItemSearch(
            link["href"],
            method=link["method"],
            collections=names or None,
            limit=min(PAGE, most),
            max_items=most,
            stac_io=io,
        )
        yield from (i for i in search.items_as_dicts() if isinstance(i, dict))
        return


def _search_links(landing: Document) -> list[dict[str, Any]]:
    """Return the search links, POST first: it takes any number of collections; GET is what every search must have."""
    found = [{**link, "method": str(link.get("method") or "GET").upper()} for link in links(landing, "search")]
    return sorted(
        (link for link in found if link["method"] in ("GET", "POST")), key=lambda link: link["method"] != "POST"
    )


def _models(items: Iterable[dict[str, Any]], landing: Document, limits: Limits, seen: set[str]) -> Iterator[Entry]:
    """Yield those that are models, each once; what ends the list early is told after what came before."""
    try:
        for number, item in enumerate(items):
            if number >= limits.items:
                yield Problem(
                    landing.href, f"{shown(landing.href)} has more than {limits.items} items; the rest was not read."
                )
                return
            found = _found(item, landing)
            if describes_model(item) and found.href not in seen:
                seen.add(found.href)
                yield found
    except (CatalogUnavailable, ItemUnreadable) as error:
        yield Problem(landing.href, str(error))


def _found(item: dict[str, Any], landing: Document) -> Found:
    """Return the item with the address where it can be read again."""
    own = links(Document(landing.href, item), "self")
    if own and is_web(own[0]["href"]) and same_host(own[0]["href"], landing.href):
        return Found(item, own[0]["href"])
    root, collection, name = landing.href.split("?")[0].rstrip("/"), item.get("collection"), item.get("id")
    return Found(item, f"{root}/collections/{quote(str(collection), safe='')}/items/{quote(str(name), safe='')}")


def _next(
    link: Mapping[str, Any], url: str, parameters: Optional[dict[str, Any]]
) -> tuple[str, Optional[str], dict[str, str], Optional[dict[str, Any]]]:
    """Return how to ask for the page that a `next` link means: address, method, headers, body (STAC API, Paging)."""
    if not is_web(link["href"]):
        raise CatalogUnavailable(
            f"{shown(url)} sends to {shown(link['href'])}, which is not on the network; not followed."
        )
    method = str(link.get("method") or "GET").upper()
    given = link.get("body")
    body: dict[str, Any] = given if isinstance(given, dict) else {}
    said = link.get("headers") if same_host(link["href"], url) else None
    headers = {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}
    if method != "POST":
        return link["href"], "GET", headers, None
    return link["href"], "POST", headers, {**(parameters or {}), **body} if link.get("merge") else body
