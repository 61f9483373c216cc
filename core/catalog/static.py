"""Walks a static catalog: a tree of files that link to each other, or a folder of Items without any link.

A catalog is untrusted: cycles end; endless chains, dead links and links from the network into this machine are each a
`Problem`, and the walk goes on.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from ..errors import CatalogUnavailable, ItemUnreadable
from ..watch import Watch
from .documents import Document, read_document
from .entries import LIMITS, Entry, Found, Limits, Problem, inside, links
from .hrefs import may_follow, shown
from .http import Http

FOLLOWED = {
    "Catalog": ("child", "item", "items"),
    "Collection": ("child", "item", "items"),
    "FeatureCollection": ("next",),
    "Feature": (),
}
"""The relations that lead further down, for each type of document."""

INDEXES = ("catalog.json", "collection.json")
"""Files that speak for the folder they are in."""

SUFFIXES = (".json", ".geojson")


def walk(start: Document, http: Http, watch: Watch, limits: Limits = LIMITS) -> Iterator[Entry]:
    """Yield the items of the tree that hangs on `start`, level by level."""
    seen = {start.href}
    waiting = deque([(link, 1) for link in _followed(start)])
    yield from _items(start)
    read = 1
    while waiting:
        (link, source), depth = waiting.popleft()
        if link in seen:
            continue
        seen.add(link)
        if not may_follow(link, source):
            yield Problem(
                link, f"{shown(source)} links to {shown(link)}, which is not on the network; it was not followed."
            )
            continue
        if depth > limits.depth:
            yield Problem(
                link, f"{shown(link)} lies more than {limits.depth} levels below the catalog; it was not read."
            )
            continue
        if read >= limits.documents:
            yield Problem(
                start.href, f"{shown(start.href)} has more than {limits.documents} files; the rest was not read."
            )
            return
        read += 1
        try:
            document = read_document(link, http, watch)
        except (CatalogUnavailable, ItemUnreadable) as error:
            yield Problem(link, str(error))
            continue
        if document.href in seen and document.href != link:
            continue
        seen.add(document.href)
        if document.kind not in FOLLOWED:
            yield Problem(link, f"{shown(link)} is neither a STAC Item nor a Catalog; it was left out.")
            continue
        yield from _items(document)
        waiting.extend((further, depth + 1) for further in _followed(document))


def folder(path: Path, http: Http, watch: Watch, limits: Limits = LIMITS) -> Iterator[Entry]:
    """Yield the items that a folder's catalog.json or collection.json leads to, or else every Item in and below it."""
    for name in INDEXES:
        if (path / name).is_file():
            yield from walk(read_document(str(path / name), http, watch), http, watch, limits)
            return
    for number, file in enumerate(_files(path, limits.depth)):
        if number >= limits.documents:
            yield Problem(str(path), f"{path} has more than {limits.documents} JSON files; the rest was not read.")
            return
        try:
            document = read_document(str(file), http, watch)
        except (CatalogUnavailable, ItemUnreadable) as error:
            yield Problem(str(file), str(error))
            continue
        if document.kind in ("Feature", "FeatureCollection"):
            yield from _items(document)


def _items(document: Document) -> Iterator[Found]:
    if document.kind == "Feature":
        yield Found(document.data, document.href)
    elif document.kind == "FeatureCollection":
        yield from inside(document)


def _followed(document: Document) -> list[tuple[str, str]]:
    """Return the addresses to follow, each with the address of the document that names it."""
    return [(link["href"], document.href) for link in links(document, *FOLLOWED.get(document.kind, ()))]


def _files(path: Path, depth: int) -> Iterator[Path]:
    """Yield the JSON files in and below a folder in a fixed order; links to other folders are not followed."""
    for here, folders, names in os.walk(path):
        level = len(Path(here).relative_to(path).parts)
        folders[:] = sorted(f for f in folders if not f.startswith(".")) if level < depth else []
        yield from (Path(here) / name for name in sorted(names) if name.lower().endswith(SUFFIXES))
