"""The catalogs that have a name, the plugin's own and the user's; any other is meant by its address or path."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import CatalogUnavailable
from .hrefs import is_web, scheme, shown, to_path

EMBEDDED = Path(__file__).resolve().parents[2] / "resources" / "catalog" / "catalog.json"
BUILT_IN = "Built-in"
MY_MODELS = "My Models"


@dataclass(frozen=True)
class Catalog:
    """A catalog as a list shows it; `href` is a URL, or a path of a file or folder."""

    name: str
    href: str


def known(home: Optional[Path] = None) -> tuple[Catalog, ...]:
    """Return the named catalogs, the embedded one first; `home` is the folder that all the user's things are under."""
    catalogs = [Catalog(BUILT_IN, str(EMBEDDED))]
    own = home / "my-models" / "catalog.json" if home else None
    if own is not None and own.is_file():
        catalogs.append(Catalog(MY_MODELS, str(own)))
    return tuple(catalogs)


def find(wanted: str, home: Optional[Path] = None) -> Catalog:
    """Return the catalog called `wanted`, whatever the case of its letters, or the one at that URL or path."""
    for catalog in known(home):
        if catalog.name.casefold() == wanted.strip().casefold():
            return catalog
    path = to_path(wanted)
    if is_web(wanted):
        return Catalog(shown(wanted), wanted)
    if path is None:
        raise CatalogUnavailable(
            f"{shown(wanted)} is a {scheme(wanted)}: address; give an http, https or file address, or a path."
        )
    if not path.exists():
        names = ", ".join(c.name for c in known(home))
        raise CatalogUnavailable(
            f"{wanted!r} is no catalog's name ({names}), no address, and there is no such file or folder."
        )
    path = Path(os.path.abspath(path))
    folder = path.parent if path.name in ("catalog.json", "collection.json") else path
    return Catalog(folder.name or str(path), str(path))
