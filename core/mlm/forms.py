"""Tells in which published form an item describes its model, by content first and its extension's address second."""

from __future__ import annotations

import re

from ..errors import ItemUnreadable
from .model import Note
from .node import Node

NEWEST = "1.5"
_ADDRESS = re.compile(r"/mlm(?:-extension)?/v(\d+)\.(\d+)")


def form_of(item: Node, notes: list[Note]) -> str:
    """Return the form, as "MLM 1.5"; raises `ItemUnreadable` for what is no model Item or in a form that is not read
    yet.
    """
    if not isinstance(item["properties"].value, dict):
        raise ItemUnreadable(_no_item(item))
    words = set(item["properties"].value)
    draft = sorted(w for w in words if w.startswith(("dlm:", "mlm_")))
    if draft and not any(w.startswith("mlm:") for w in words):
        raise ItemUnreadable(f"The item is in a draft form of MLM ({draft[0]}), and forms 1.4 to 1.6 are read.")
    if not {"mlm:input", "mlm:output", "mlm:name"} & words:
        raise ItemUnreadable(
            f"The Item {item['id'].text()!r} describes no model: it has no mlm: field. Choose a model Item."
        )
    version = _version(item)
    if version is None:
        notes.append(Note("stac_extensions", f"No address of the MLM extension is given; read as form {NEWEST}."))
        version = NEWEST
    if version in ("1.0", "1.1", "1.2", "1.3"):
        raise ItemUnreadable(f"The item is in form MLM {version}, and forms 1.4 to 1.6 are read.")
    return f"MLM {version}"


def _version(item: Node) -> str | None:
    for address in item["stac_extensions"].texts():
        match = _ADDRESS.search(address)
        if match:
            return f"{match[1]}.{match[2]}"
    return None


def _no_item(item: Node) -> str:
    kind = item["type"].value
    if kind in ("Catalog", "Collection"):
        return f"This is a {kind}, not a model Item. Search it, or name one of its items: CATALOG#ITEM-ID."
    return (
        f"This is no STAC Item: it has no properties, and its type is {kind!r}. Choose the JSON file of a model Item."
    )
