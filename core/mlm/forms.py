"""Tells in which published form an item describes its model, by content first and its extension's address second."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ItemUnreadable
from .model import Note
from .node import Node, shown

NEWEST = "1.5"
READ = {(1, 4), (1, 5), (1, 6)}
_ONLY = "and only forms 1.4 to 1.6 are read; ask its publisher for a newer description."
_OLD_NORM = ("norm_type", "norm_clip", "statistics")
"""Fields of Model Input up to form 1.3, in which `value_scaling` was unknown."""
_DRAFT_TOP = ("signatures", "runtime_config")
"""Fields of the first draft, which was no Item."""
_ADDRESS = re.compile(r"/mlm(?:-extension)?/v(\d{1,4})\.(\d{1,4})")


def form_of(item: Node, notes: list[Note]) -> str:
    """Return the form, as "MLM 1.5"; raises `ItemUnreadable` for what is no model Item or in a form that is not read
    yet.
    """
    if not isinstance(item["properties"].value, dict):
        raise ItemUnreadable(_no_item(item))
    words = sorted(str(word) for word in item["properties"].value)
    if not any(w.startswith("mlm:") for w in words):
        raise ItemUnreadable(_without_mlm(item, words))
    version = _version(item)
    if version is not None and version not in READ:
        raise ItemUnreadable(f"The item is in form MLM {version[0]}.{version[1]}, {_ONLY}")
    for given in _dicts(item["properties"]["mlm:input"].value):
        old = [w for w in _OLD_NORM if given.get(w)]
        if old and not given.get("value_scaling"):
            raise ItemUnreadable(f"The item scales values as forms MLM 1.0 to 1.3 did ({old[0]}), {_ONLY}")
    if version is None:
        notes.append(Note("stac_extensions", f"No address of the MLM extension is given; read as form {NEWEST}."))
        return f"MLM {NEWEST}"
    return f"MLM {version[0]}.{version[1]}"


def _version(item: Node) -> tuple[int, int] | None:
    for address in item["stac_extensions"].texts():
        match = _ADDRESS.search(address)
        if match:
            return int(match[1]), int(match[2])
    return None


def _dicts(value: Any) -> list[dict[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return [v for v in values if isinstance(v, dict)]


def _without_mlm(item: Node, words: list[str]) -> str:
    draft = [w for w in words if w.startswith(("dlm:", "mlm_"))]
    if draft:
        return f"The item is in a draft form of MLM ({draft[0]}), {_ONLY}"
    if any(w.startswith("ml-model:") for w in words):
        return f"The item is in the form of the ml-model extension, which came before MLM, {_ONLY}"
    return f"The Item {item['id'].text()!r} describes no model: it has no mlm: field. Choose a model Item."


def _no_item(item: Node) -> str:
    top = [str(w) for w in item.value if str(w).startswith(("mlm:", "mlm_", "dlm:")) or w in _DRAFT_TOP]
    if top:
        return f"This is a draft form of MLM ({top[0]}) and no STAC Item, {_ONLY}"
    kind = item["type"].value
    if kind in ("Catalog", "Collection"):
        return f"This is a {kind}, not a model Item. Search it, or name one of its items: CATALOG#ITEM-ID."
    if kind == "FeatureCollection":
        return "This is a FeatureCollection, not a model Item. Search it, or save one of its features as a file."
    said = f"its type is {shown(kind)}" if kind else "it has no type"
    return f"This is no STAC Item: it has no properties, and {said}. Choose the JSON file of a model Item."
