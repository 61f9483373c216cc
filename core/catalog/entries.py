"""What walking a catalog gives, as it is found: items, and what could not be read, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

from .documents import Document
from .hrefs import absolute, is_web, same_host, with_id


@dataclass(frozen=True)
class Found:
    """An Item as it was published; `href` is taken as MODEL, and relative addresses in the item are relative to it."""

    item: dict[str, Any]
    href: str


@dataclass(frozen=True)
class Problem:
    """Something that was not read or not followed, and why; the rest of the catalog is not touched by it."""

    href: str
    why: str


Entry = Union[Found, Problem]


@dataclass(frozen=True)
class Limits:
    """How far a catalog is followed: levels of links, documents, items, collections of an API that are tried out."""

    depth: int = 8
    documents: int = 5_000
    items: int = 50_000
    samples: int = 50


LIMITS = Limits()


def links(document: Document, *relations: str) -> list[dict[str, Any]]:
    """Return the well-formed links of these relations, with absolute addresses."""
    found = document.data.get("links")
    out = []
    for link in found if isinstance(found, list) else []:
        if isinstance(link, dict) and link.get("rel") in relations and isinstance(link.get("href"), str):
            out.append({**link, "href": absolute(link["href"], document.href)})
    return out


def inside(document: Document) -> list[Found]:
    """Return the items written into a FeatureCollection."""
    features = document.data.get("features")
    found = []
    for feature in features if isinstance(features, list) else []:
        if isinstance(feature, dict):
            found.append(Found(feature, address(feature, document.href)))
    return found


def address(item: dict[str, Any], base: str) -> str:
    """Return the address of an item found in a longer document: its own, or `BASE#ITEM-ID`.

    An item from the network is believed its own address only on the host it came from: servers behind a proxy give
    internal names.
    """
    own = links(Document(base, item), "self")
    if own and is_web(own[0]["href"]) and (not is_web(base) or same_host(own[0]["href"], base)):
        return str(own[0]["href"])
    return with_id(base.split("#", 1)[0], str(item.get("id", "")))
