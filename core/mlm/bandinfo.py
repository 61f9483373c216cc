"""What an item says about its bands outside `mlm:input`: STAC 1.1 `bands`, `eo:bands` and `raster:bands`, found by
name.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any, Callable

from .model import Band, Note
from .node import Node

COLLECTION = "mlm_runner:collection"
"""The member under which an item carries what its collection says of bands: `href`, `bands`, or why it `failed`."""
LISTS = ("bands", "eo:bands", "raster:bands")


def known_bands(item: Node, assets: list[Node]) -> list[Band]:
    """Return what is said about bands on the model's assets, then on the item, in the order of precedence.

    The lists of one place belong together: a band of `eo:bands` and one of `raster:bands` with the same name are one
    band.
    """
    found: dict[str, Band] = {}
    for place in (*assets, item["properties"]):
        for word in LISTS:
            for entry in place[word]:
                if not isinstance(entry.value, dict):
                    continue
                band = described(entry)
                if band.name:
                    found[band.name] = merged(found[band.name], band) if band.name in found else band
    return list(found.values())


def collection_bands(collection: Node, names: set[str], notes: list[Note]) -> list[Band]:
    """Return what the item's collection says of bands that are named in the item, and note where it comes from."""
    if collection["failed"].present:
        notes.append(
            Note("collection", f"Its collection could not be read for its bands: {collection['failed'].text()}")
        )
    found = [described(entry) for entry in collection["bands"] if isinstance(entry.value, dict)]
    used = [band for band in found if band.name in names]
    if used:
        text = (
            f"What is said of {', '.join(dict.fromkeys(b.name for b in used))} comes from {collection['href'].text()}."
        )
        notes.append(Note("collection", text))
    return found


def described(entry: Node) -> Band:
    """Read one band object of any of the three lists."""
    values: dict[str, Any] = {}
    for word, (field, kind) in _WORDS.items():
        node = entry[word]
        if node.present and field not in values:
            values[field] = kind(node)
    statistics = entry["statistics"]
    for word in ("minimum", "maximum", "mean", "stddev"):
        if statistics[word].present:
            values[word] = statistics[word].number()
    return Band(name=values.pop("name", ""), **values)


def merged(first: Band, second: Band) -> Band:
    """Return `first`, with what it leaves open taken from `second`."""
    gaps = {f.name: getattr(second, f.name) for f in fields(Band) if getattr(first, f.name) in ("", None)}
    return replace(first, **gaps)


def complete(band: Band, known: list[Band], path: str, notes: list[Note]) -> Band:
    """Add to `band` what `known` says of a band with its name; a near match ("B04" and "B04 - red") is noted."""
    exact = next((c for c in known if c.name == band.name), None)
    if exact is not None:
        band = merged(band, exact)
        if band.common_name or band.center_wavelength:
            return band
    near = [c for c in known if c.name != band.name and _near(band.name, c)]
    if len(near) == 1:
        notes.append(Note(path, f"Band {band.name!r} is taken to be {near[0].name!r} of the item's band list."))
        return merged(band, near[0])
    return band


def _near(name: str, candidate: Band) -> bool:
    words = {candidate.name.lower(), *candidate.name.lower().replace("-", " ").replace("_", " ").split()}
    return name.lower() in words or name.lower() == candidate.common_name.lower() != ""


def _nodata(node: Node) -> Any:
    """Nodata may be the words nan, inf and -inf (raster extension), and these numbers where the JSON has them bare."""
    bare = isinstance(node.value, float) and not math.isfinite(node.value)
    return float(node.value) if bare or node.value in ("nan", "inf", "-inf") else node.number()


_WORDS: dict[str, tuple[str, Callable[[Node], Any]]] = {
    "name": ("name", Node.text),
    "eo:common_name": ("common_name", Node.text),
    "common_name": ("common_name", Node.text),
    "description": ("description", Node.text),
    "eo:center_wavelength": ("center_wavelength", Node.number),
    "center_wavelength": ("center_wavelength", Node.number),
    "eo:full_width_half_max": ("full_width_half_max", Node.number),
    "full_width_half_max": ("full_width_half_max", Node.number),
    "data_type": ("data_type", Node.text),
    "nodata": ("nodata", _nodata),
    "unit": ("unit", Node.text),
    "raster:scale": ("scale", Node.number),
    "scale": ("scale", Node.number),
    "raster:offset": ("offset", Node.number),
    "offset": ("offset", Node.number),
    "raster:spatial_resolution": ("spatial_resolution", Node.number),
    "spatial_resolution": ("spatial_resolution", Node.number),
    "gsd": ("spatial_resolution", Node.number),
}
