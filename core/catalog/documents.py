"""One JSON document of a catalog, from the network or the disk alike, and never larger than a limit.

What comes back is a JSON object and the address it really has; what it means is for others to say.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ..errors import CatalogUnavailable
from ..mlm.read import load_json
from ..watch import Watch
from .hrefs import is_web, scheme, shown, to_path
from .http import Http, TooLarge, refusal

MAX_BYTES = 50_000_000
"""The largest document that is read; the largest Items in circulation have 60 kB."""

ACCEPT = "application/geo+json, application/json;q=0.9, */*;q=0.1"


@dataclass(frozen=True)
class Document:
    """A JSON object and its absolute address, after redirects."""

    href: str
    data: dict[str, Any]

    @property
    def kind(self) -> str:
        """The STAC or GeoJSON `type`; catalogs before STAC 1.0 have none and are told by what they hold."""
        said = self.data.get("type")
        if isinstance(said, str):
            return "FeatureCollection" if said == "ItemCollection" else said
        return "Collection" if "extent" in self.data else "Catalog" if isinstance(self.data.get("links"), list) else ""


def read_document(href: str, http: Http, watch: Watch, max_bytes: int = MAX_BYTES) -> Document:
    """Return the document at a path or URL.

    Raises `CatalogUnavailable` where nothing is got, `ItemUnreadable` where what is got is no JSON object.
    """
    watch.check()
    if is_web(href):
        return _from_web(href, http, watch, max_bytes)
    path = to_path(href)
    if path is None:
        raise CatalogUnavailable(
            f"{shown(href)} is a {scheme(href)}: address; http, https and file addresses are read."
        )
    return _from_disk(path, max_bytes)


def local_file(href: str) -> Path | None:
    """Return the path of a local address, as it is written or with its %20 and the like decoded; None on the web."""
    path = to_path(href)
    if path is not None and "%" in href and not path.exists():
        decoded = Path(unquote(str(path)))
        return decoded if decoded.exists() else path
    return path


def _from_web(href: str, http: Http, watch: Watch, max_bytes: int) -> Document:
    try:
        response = http.fetch(href, headers={"Accept": ACCEPT}, max_bytes=max_bytes, watch=watch)
    except TooLarge as error:
        raise CatalogUnavailable(str(error)) from None
    if not response.ok:
        raise CatalogUnavailable(refusal(response, href))
    if not response.body.strip():
        raise CatalogUnavailable(f"{shown(href)} answers with nothing.")
    return Document(response.url or href, load_json(response.body, shown(href)))


def _from_disk(path: Path, max_bytes: int) -> Document:
    path = Path(os.path.abspath(local_file(str(path)) or path))
    try:
        if path.is_dir():
            raise CatalogUnavailable(f"{path} is a folder, and a file was expected.")
        if path.exists() and not path.is_file():
            raise CatalogUnavailable(f"{path} is no ordinary file.")
        with open(path, "rb") as file:
            content = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise CatalogUnavailable(f"There is no file {path}. Check the path.") from None
    except (OSError, ValueError) as error:
        raise CatalogUnavailable(f"{path} can't be read: {_os_reason(error)}.") from None
    if len(content) > max_bytes:
        raise CatalogUnavailable(f"{path} has more than {max_bytes:,} bytes, which is the limit here.")
    return Document(str(path), load_json(content, str(path)))


def _os_reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
