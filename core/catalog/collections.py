"""What an item leaves to its collection: the description of the bands that its model names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import CatalogUnavailable, ItemUnreadable
from ..mlm.bandinfo import COLLECTION, LISTS
from ..watch import Watch
from .documents import Document, read_document
from .entries import Found, links
from .hrefs import may_follow, shown
from .http import Http

Cache = dict[str, dict[str, Any]]
"""What was read of each collection, by its address."""


def completed(found: Found, http: Http, watch: Watch, cache: Cache) -> Found:
    """Return an item with what its collection says of bands, under `COLLECTION`, where the item itself says nothing.

    A collection that can't be read is no reason to refuse the item; that is remembered there as well.
    """
    if not _names_bands(found.item) or _describes_bands(found.item):
        return found
    address = next((link["href"] for link in links(Document(found.href, found.item), "collection")), "")
    if not address or not may_follow(address, found.href):
        return found
    if address not in cache:
        cache[address] = _read(address, http, watch)
    return replace(found, item={**found.item, COLLECTION: cache[address]})


def _read(address: str, http: Http, watch: Watch) -> dict[str, Any]:
    try:
        return {"href": shown(address), "bands": _bands(read_document(address, http, watch).data)}
    except (CatalogUnavailable, ItemUnreadable) as error:
        return {"href": shown(address), "bands": [], "failed": str(error)}


def _bands(collection: dict[str, Any]) -> list[Any]:
    """Return the band objects of a collection: its own (STAC 1.1), of its summaries, and of its items' assets."""
    assets = collection.get("item_assets")
    places = [collection, collection.get("summaries"), *(assets.values() if isinstance(assets, dict) else ())]
    lists = [place.get(word) for place in places if isinstance(place, dict) for word in LISTS]
    return [band for found in lists if isinstance(found, list) for band in found if isinstance(band, dict)]


def _names_bands(item: dict[str, Any]) -> bool:
    properties = item.get("properties")
    given = properties.get("mlm:input") if isinstance(properties, dict) else None
    inputs = given if isinstance(given, list) else [given]
    return any(isinstance(i, dict) and i.get("bands") for i in inputs)


def _describes_bands(item: dict[str, Any]) -> bool:
    assets = item.get("assets")
    places = [item.get("properties"), *(assets.values() if isinstance(assets, dict) else ())]
    return any(isinstance(place, dict) and place.get(word) for place in places for word in LISTS)
