"""What a catalog holds, whatever kind it is of: an API, a static catalog, a single file, a folder."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import CatalogUnavailable
from ..watch import Watch
from . import static
from .documents import Document, local_file, read_document
from .entries import LIMITS, Entry, Limits, links
from .hrefs import is_web, shown
from .http import Http


def contents(href: str, http: Http, watch: Watch, limits: Limits = LIMITS) -> Iterator[Entry]:
    """Yield what the catalog at a URL or path holds.

    Raises `CatalogUnavailable` or `ItemUnreadable` if it can't even be opened.
    """
    path = local_file(href)
    if path is not None and path.is_dir():
        return static.folder(path, http, watch, limits)
    return within(read_document(href, http, watch), http, watch, limits)


def within(document: Document, http: Http, watch: Watch, limits: Limits = LIMITS) -> Iterator[Entry]:
    """Yield what a catalog holds whose root document is read already."""
    if is_api(document):
        # Imported here because pystac-client takes half a second to load, and the catalogs at hand need it not.
        from . import api

        return api.entries(document, http, watch, limits)
    if document.kind not in static.FOLLOWED:
        raise CatalogUnavailable(f"{shown(document.href)} is JSON, but no STAC catalog, collection or item.")
    return static.walk(document, http, watch, limits)


def is_api(document: Document) -> bool:
    """Whether a root document is the landing page of an API; a static catalog has neither of its signs."""
    return is_web(document.href) and (bool(document.data.get("conformsTo")) or bool(links(document, "search")))
