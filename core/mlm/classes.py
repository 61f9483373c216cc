"""The classes of an output, from any of the spellings in circulation."""

from __future__ import annotations

import re
from typing import Optional

from ..errors import ItemUnreadable
from .model import ModelClass, Note
from .node import Node, shown
from .slug import class_name

SPELLINGS = ("classification:classes", "classification_classes", "classes")


def classes(output: Node, notes: list[Note]) -> tuple[ModelClass, ...]:
    """Return the classes by ascending value; raises `ItemUnreadable` where a value stands twice."""
    found: dict[int, ModelClass] = {}
    for word in SPELLINGS:
        node = output[word]
        if not node.present:
            continue
        if word != SPELLINGS[0]:
            notes.append(Note(node.path, f"{word} is read as {SPELLINGS[0]}.", word, SPELLINGS[0]))
        names = [entry["name"].text() for entry in node]
        if any(name and class_name(name) != name for name in names):
            made = [class_name(name) if name else "" for name in names]
            text = "A class's name has letters, digits, - and _ only; what else is written there is its title."
            notes.append(Note(node.path, text, names, made))
        for entry in node:
            one = _class(entry, notes)
            if one.value in found:
                raise ItemUnreadable(f"{entry.path} has the value {one.value}, which another class has already.")
            found[one.value] = one
        break
    return tuple(found[value] for value in sorted(found))


def _class(entry: Node, notes: list[Note]) -> ModelClass:
    """Read a Class Object; a name with spaces is a title, and a description that repeats it says nothing."""
    value = entry["value"].required().integer()
    name, title, description = (entry[word].text() for word in ("name", "title", "description"))
    if name and class_name(name) != name:
        title = title or name
        name = class_name(name)
    return ModelClass(
        value=0 if value is None else value,
        name=name,
        title=title,
        description="" if description in (name, title) else description,
        color=color(entry["color_hint"], notes),
        nodata=entry["nodata"].flag(),
    )


def color(node: Node, notes: list[Note]) -> Optional[str]:
    """Read a colour: six hexadecimal digits, with or without #, or a list of three numbers from 0 to 255."""
    if not node.present:
        return None
    if isinstance(node.value, str):
        digits = node.text().lstrip("#")
        if re.fullmatch(r"[0-9A-Fa-f]{6}", digits):
            return digits.upper()
    elif isinstance(node.value, list):
        numbers = node.value
        if len(numbers) == 3 and all(type(n) is int and 0 <= n <= 255 for n in numbers):
            text = "".join(f"{n:02X}" for n in numbers)
            notes.append(Note(node.path, "A colour is six hexadecimal digits.", numbers, text))
            return text
    notes.append(Note(node.path, f"{shown(node.value)} is no colour; one is chosen instead.", node.kept(), None))
    return None
