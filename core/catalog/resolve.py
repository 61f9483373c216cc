"""From MODEL, as a user writes it, to the Item: a path, a file or web address, or CATALOG#ITEM-ID."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional
from urllib.parse import unquote

from ..errors import CatalogUnavailable, ItemUnreadable
from ..watch import Watch
from .catalogs import find
from .collections import completed
from .contents import contents, is_api, within
from .documents import Document, local_file, read_document
from .entries import Entry, Found
from .hrefs import shown, with_id
from .http import Http

NAMED = 10
"""Items that a message lists before it says how many more there are."""

LOOKED_AT = 1_000
"""Entries of a catalog that are looked through for a message."""


def resolve(model: str, http: Http, watch: Watch, home: Optional[Path] = None) -> tuple[dict[str, Any], str]:
    """Return the Item that `model` means, as it was published, and its absolute address.

    Raises `ItemUnreadable` where there is something else, `CatalogUnavailable` where there is nothing to be got.
    """
    text = model.strip()
    if not text:
        raise ItemUnreadable("No model is given. Give the path or address of a model Item, or CATALOG#ITEM-ID.")
    if "#" in text and not _is_file(text):
        catalog, _, item_id = text.rpartition("#")
        found = _by_id(find(catalog, home).href if catalog else "", item_id, text, http, watch)
    else:
        found = _by_address(text, http, watch, home)
    found = completed(found, http, watch, {})
    return found.item, found.href


def _is_file(text: str) -> bool:
    path = local_file(text)
    try:
        return path is not None and path.is_file()
    except (OSError, ValueError):
        return False


def _by_address(text: str, http: Http, watch: Watch, home: Optional[Path]) -> Found:
    path = local_file(text)
    if path is not None and not path.exists():
        href = _catalog_or_fail(text, home)
    elif path is not None and path.is_dir():
        href = text
    else:
        document = read_document(text, http, watch)
        if document.kind == "Feature":
            return Found(document.data, document.href)
        raise ItemUnreadable(_not_one(document, text, http, watch))
    raise ItemUnreadable(f"{text} is a whole catalog, not one model. {_lists(_ids(href, http, watch), text)}")


def _catalog_or_fail(text: str, home: Optional[Path]) -> str:
    try:
        return find(text, home).href
    except CatalogUnavailable:
        raise CatalogUnavailable(
            f"There is no file {text}. Give the path or address of a model Item, or CATALOG#ITEM-ID."
        ) from None


def _by_id(catalog: str, item_id: str, text: str, http: Http, watch: Watch) -> Found:
    if not catalog or not item_id:
        raise ItemUnreadable(f"{text!r} is not complete: before the # stands the catalog, behind it the item's id.")
    wanted = {item_id, unquote(item_id)}
    found: list[Found] = []
    others: list[str] = []
    for entry in _listing(catalog, unquote(item_id), http, watch):
        if isinstance(entry, Found):
            if entry.item.get("id") in wanted:
                found.append(entry)
            elif len(others) < LOOKED_AT:
                others.append(str(entry.item.get("id")))
    if not found:
        raise ItemUnreadable(
            f"{shown(catalog)} has no item {unquote(item_id)!r}. {_lists(others, text.rpartition('#')[0])}"
        )
    if len({f.href for f in found}) > 1:
        places = ", ".join(shown(f.href) for f in found[:NAMED])
        raise ItemUnreadable(
            f"{shown(catalog)} has {len(found)} items {item_id!r}. Give the address of the one you mean: {places}"
        )
    return found[0]


def _listing(catalog: str, item_id: str, http: Http, watch: Watch) -> Iterable[Entry]:
    """Return what is looked through for an item; an API is asked for it, and only walked if it gives none."""
    path = local_file(catalog)
    if path is not None and path.is_dir():
        return contents(catalog, http, watch)
    document = read_document(catalog, http, watch)
    if is_api(document):
        from . import api  # late, as in contents.py

        found = api.by_id(document, item_id, http, watch)
        if found:
            return found
    return within(document, http, watch)


def _not_one(document: Document, text: str, http: Http, watch: Watch) -> str:
    """Return why a document is not the one Item wanted, and how to say which is."""
    try:
        listing = within(document, http, watch)
    except CatalogUnavailable as error:
        return f"{error} Give the JSON file of a model Item."
    kind = "Catalog" if is_api(document) else document.kind
    return f"{shown(text)} is a {kind}, not one model. {_lists(_found_ids(listing), text)}"


def _ids(href: str, http: Http, watch: Watch) -> list[str]:
    return _found_ids(contents(href, http, watch))


def _found_ids(listing: Iterable[Entry]) -> list[str]:
    ids = []
    for number, entry in enumerate(listing):
        if isinstance(entry, Found):
            ids.append(str(entry.item.get("id")))
        if number >= LOOKED_AT:
            break
    return ids


def _lists(ids: list[str], catalog: str) -> str:
    """Return what a catalog lists, and how one of it is named."""
    if not ids:
        return "It lists no item that can be read."
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return f"It lists {', '.join(ids[:NAMED])}{more}. Name one as {with_id(shown(catalog), ids[0])}"
