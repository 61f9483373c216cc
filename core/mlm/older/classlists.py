"""Class lists of drafts and of items in circulation become `classification:classes`, a list of objects with value and
name.
"""

from __future__ import annotations

import re
from typing import Any, Optional

from ..classes import SPELLINGS
from ..node import Node
from ..slug import class_name
from .rewrite import Rewrite

_WHOLE = re.compile(r"-?[0-9]{1,9}")
"""A class's value written as text."""


def class_objects(output: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    """Rewrite the class list of one output (at `path`), and mark the class that its `dont_care_index` names."""
    for word in (*SPELLINGS, "class_name_mapping"):
        node = Node(output, path)[word]
        if not node.present or _are_objects(node):
            continue
        pairs = _pairs(node)
        if pairs is None:
            continue
        made = [{"value": value, "name": class_name(name), "title": name} for value, name in sorted(pairs)]
        output.pop(word)
        output[SPELLINGS[0]] = made
        rewrite.say(node.path, node.value, made, f"{word} is {SPELLINGS[0]}, a list of objects with value and name.")
        break
    _ignored(output, path, rewrite)


def _are_objects(node: Node) -> bool:
    """Whether a list holds class objects already."""
    return isinstance(node.value, list) and all(isinstance(e, dict) and "value" in e for e in node.value)


def _pairs(node: Node) -> Optional[list[tuple[int, str]]]:
    """Return (value, name) pairs of any of the spellings, or None where it is none of them."""
    if isinstance(node.value, dict):
        return [_pair(key, entry) for key, entry in node.members()]
    entries = list(node)
    if all(isinstance(e.value, str) for e in entries):
        return [(index, e.text()) for index, e in enumerate(entries)]
    pairs = []
    for entry in entries:
        if entry["class_name"].present:
            pairs.append((entry["index"].required().integer() or 0, entry["class_name"].text()))
            continue
        pairs += [_pair(key, value) for key, value in entry.members()]
    return pairs


def _pair(key: str, node: Node) -> tuple[int, str]:
    """Return value and name of one member; the numeric side is the value, whichever side that is."""
    if _WHOLE.fullmatch(key) and isinstance(node.value, str):
        return int(key), node.text()
    if isinstance(node.value, bool) or not isinstance(node.value, (int, str)):
        raise node.wrong("a class's name or value")
    if isinstance(node.value, str) and not _WHOLE.fullmatch(node.value):
        raise node.wrong("a number, as the other side is a name")
    return int(node.value), key


def _ignored(output: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    """Mark the class of `dont_care_index` as nodata."""
    node = Node(output, path)["dont_care_index"]
    index = node.integer()
    output.pop("dont_care_index", None)
    if index is None:
        return
    marked = [c for c in output.get(SPELLINGS[0]) or [] if isinstance(c, dict) and c.get("value") == index]
    for entry in marked:
        entry["nodata"] = True
    said = "is a class with nodata: true now" if marked else "names no class of the list, and is ignored"
    rewrite.say(node.path, index, [c["value"] for c in marked], f"dont_care_index {said}.")
