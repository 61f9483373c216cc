"""Descriptions that were published without an Item around them, and prefixes of the drafts, become an Item's
properties.
"""

from __future__ import annotations

import re
from typing import Any

from ...errors import ItemUnreadable
from ..model import Note
from ..node import Node, shown
from ..slug import slug

WORDS = (
    "input inputs output outputs architecture runtime name task tasks framework framework_version file_size "
    "memory_size total_parameters pretrained pretrained_source summary batch_size_suggestion accelerator "
    "accelerator_constrained accelerator_summary accelerator_count hyperparameters archive data"
)
_PREFIXED = re.compile(rf"^(?:dlm:|mlm_|mlm:)({'|'.join(WORDS.split())})$")
_MEMBERS_OF_ITEMS = frozenset(
    ("type", "stac_version", "stac_extensions", "id", "geometry", "bbox", "assets", "links", "collection")
)


def wrapped(item: dict[str, Any], notes: list[Note]) -> dict[str, Any]:
    """Return `item` with its model's fields in `properties` under the prefix mlm:, and its assets as an object."""
    if not isinstance(item.get("properties"), dict) and _describes_a_model(item):
        item = _in_an_item(item, notes)
    if not isinstance(item.get("properties"), dict):
        raise ItemUnreadable(_no_item(item))
    item["properties"] = _prefixed(item["properties"], notes)
    if isinstance(item.get("assets"), list):
        item["assets"] = _assets(item["assets"], notes)
    return item


def _describes_a_model(item: dict[str, Any]) -> bool:
    return any(_PREFIXED.match(word) for word in item) or "signatures" in item


def _in_an_item(item: dict[str, Any], notes: list[Note]) -> dict[str, Any]:
    properties = {word: value for word, value in item.items() if word not in _MEMBERS_OF_ITEMS}
    outer = {word: value for word, value in item.items() if word in _MEMBERS_OF_ITEMS}
    name = next(
        (properties[w] for w in ("mlm:name", "mlm_name", "name") if isinstance(properties.get(w), str)), "model"
    )
    notes.append(Note("", "The description stands alone, without a STAC Item around it; one was put around it."))
    return {"type": "Feature", "id": slug(name), "geometry": None, **outer, "properties": properties}


def _prefixed(properties: dict[str, Any], notes: list[Note]) -> dict[str, Any]:
    """Return the properties with mlm: before the drafts' words; dlm:, mlm_ and mlm: are one thing."""
    renamed: dict[str, Any] = {}
    for word, value in properties.items():
        match = _PREFIXED.match(word)
        new = f"mlm:{match[1]}" if match else word
        if new != word and (new in properties or new in renamed):
            notes.append(Note(f"properties.{word}", f"{new} is there already and stays.", value, properties.get(new)))
            continue
        if new != word:
            notes.append(Note(f"properties.{word}", f"{word} is {new} now.", assumed=False))
        renamed[new] = value
    return renamed


def _assets(entries: list[Any], notes: list[Note]) -> dict[str, Any]:
    """Return a list of assets as the object that it is since STAC 1.0; `role` is `roles`."""
    assets: dict[str, Any] = {}
    for entry in Node(entries, "assets"):
        for key, asset in entry.members():
            members = dict(asset.value) if isinstance(asset.value, dict) else {}
            if "role" in members:
                members.setdefault("roles", list(Node(members.pop("role"), f"{asset.path}.role").texts()))
            assets[key] = members
    notes.append(Note("assets", "The list of assets is read as an object of assets, and role as roles."))
    return assets


def _no_item(item: dict[str, Any]) -> str:
    kind = item.get("type")
    if kind in ("Catalog", "Collection"):
        return f"This is a {kind}, not a model Item. Search it, or name one of its items: CATALOG#ITEM-ID."
    if kind == "FeatureCollection":
        return "This is a FeatureCollection, not a model Item. Search it, or save one of its features as a file."
    said = f"its type is {shown(kind)}" if kind else "it has no type"
    return f"This is no STAC Item: it has no properties, and {said}. Choose the JSON file of a model Item."
