"""Tells in which published form an item describes its model, by content first and its extension's address second."""

from __future__ import annotations

import re
from typing import Any, Optional

from ...errors import ItemUnreadable
from ..model import Note
from ..node import Node

NEWEST = "1.5"
_ADDRESS = re.compile(r"/mlm(?:-extension)?/v(\d{1,4})\.(\d{1,4})")
_BETA_WORDS = frozenset({"mlm:inputs", "mlm:outputs", "mlm:data", "mlm:archive"})


def recognise(item: dict[str, Any], notes: list[Note]) -> tuple[str, str]:
    """Return the form as it is shown ("MLM 1.3"), and the family of forms that decides how it is read.

    Raises `ItemUnreadable` where the item describes no model.
    """
    words = item["properties"]
    version = _version(item)
    if "signatures" in words:
        return "draft of December 2023", "signatures"
    if _BETA_WORDS & set(words):
        return f"dlm {_beta(item)}", "dlm beta"
    if isinstance(words.get("mlm:architecture"), dict) or isinstance(words.get("mlm:runtime"), (dict, list)):
        return "MLM draft of 2024", "draft"
    if not {"mlm:input", "mlm:output", "mlm:name"} & set(words):
        raise ItemUnreadable(_no_model(item))
    if _draft_arrays(words):
        return "MLM draft of 2024", "draft"
    if version is None:
        notes.append(Note("stac_extensions", f"No address of the MLM extension is given; read as form {NEWEST}."))
    return f"MLM {version or NEWEST}", "flat"


def _no_model(item: dict[str, Any]) -> str:
    if any(str(word).startswith("ml-model:") for word in item["properties"]):
        return "The item is in the form of the ml-model extension, which came before MLM and says too little to run it."
    name = Node(item.get("id"), "id").text()
    return f"The Item {name!r} describes no model: it has no mlm: field. Choose a model Item."


def _version(item: dict[str, Any]) -> Optional[str]:
    for address in Node(item.get("stac_extensions"), "stac_extensions").texts():
        match = _ADDRESS.search(address)
        if match:
            return f"{match[1]}.{match[2]}"
    return None


def _beta(item: dict[str, Any]) -> str:
    addresses = " ".join(Node(item.get("stac_extensions"), "stac_extensions").texts())
    return "v1.0.0-beta3" if "beta.3" in addresses else "v1.0.0-beta2"


def _draft_arrays(words: dict[str, Any]) -> bool:
    given = words.get("mlm:input")
    entries = given if isinstance(given, list) else [given]
    return any(isinstance(e, dict) and {"input_array", "input_arrays"} & set(e) for e in entries)
