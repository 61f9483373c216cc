"""A JSON value that knows its path, so that every complaint about an item names the field it is about."""

from __future__ import annotations

import math
import re
import reprlib
from typing import Any, Iterator, Optional

from ..errors import ItemUnreadable

TEXT_LIMIT = 100_000
LIST_LIMIT = 10_000
DEPTH_LIMIT = 50
"""How deeply a value may be nested that is kept as it is (an expression, hyperparameters)."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""What turns text around, hides it, drives a terminal or can't be written as UTF-8."""

_SHOWN = reprlib.Repr()
_SHOWN.maxlevel, _SHOWN.maxstring, _SHOWN.maxother, _SHOWN.maxlong = 2, 60, 60, 60
_SHOWN.maxlist = _SHOWN.maxdict = 4


class Node:
    """A value somewhere in an item; reading it as a type gives the value, a default where it is absent, or
    `ItemUnreadable`.
    """

    def __init__(self, value: Any, path: str = "") -> None:
        self.value = value
        self.path = path

    def __getitem__(self, key: str) -> Node:
        """Return the member `key`; absent members, and members of what is absent, are Nodes with the value None."""
        if self.value is None:
            return Node(None, self._below(key))
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return Node(self.value.get(key), self._below(key))

    def __iter__(self) -> Iterator[Node]:
        """Yield the elements of a list; an absent list has none."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        if len(self.value) > LIST_LIMIT:
            raise ItemUnreadable(f"{self.path} has {len(self.value)} entries; more than {LIST_LIMIT} are not read.")
        for index, value in enumerate(self.value):
            yield Node(value, f"{self.path}[{index}]")

    @property
    def present(self) -> bool:
        return self.value is not None

    def members(self) -> Iterator[tuple[str, Node]]:
        """Yield the members of an object; an absent object has none."""
        if self.value is None:
            return
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        for key in self.value:
            yield _clean(str(key)), self[key]

    def required(self) -> Node:
        """Return itself, or raise where the field is absent."""
        if self.value is None:
            raise ItemUnreadable(f"The item has no {self.path}, which a model needs. Ask its publisher to add it.")
        return self

    def text(self, default: str = "") -> str:
        """Return text without control characters; numbers are taken as their text."""
        if self.value is None:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, (str, int, float)):
            raise self.wrong("text")
        text = str(self.value)
        if len(text) > TEXT_LIMIT:
            raise ItemUnreadable(f"{self.path} is {len(text)} characters long; more than {TEXT_LIMIT} are not read.")
        return _clean(text).strip()

    def kept(self) -> Any:
        """Return the value as it is, for showing: text without control characters, and no number that JSON lacks."""
        return self._kept(self.value, DEPTH_LIMIT)

    def number(self) -> Optional[float]:
        """Return a finite number, or None where absent."""
        if self.value is None:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.wrong("a number")
        try:
            number = float(self.value)
        except OverflowError:
            raise self.wrong("a finite number") from None
        if not math.isfinite(number):
            raise self.wrong("a finite number")
        return number

    def integer(self) -> Optional[int]:
        """Return a whole number, or None where absent."""
        number = self.number()
        if number is None:
            return None
        if number != int(number):
            raise self.wrong("a whole number")
        return int(number)

    def flag(self, default: bool = False) -> bool:
        if self.value is None:
            return default
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts; one text alone stands for a list of one."""
        if isinstance(self.value, str):
            return (self.text(),)
        return tuple(element.text() for element in self)

    def wrong(self, wanted: str) -> ItemUnreadable:
        """Return the complaint that this value is not what the field must be."""
        return ItemUnreadable(f"{self.path or 'The item'} must be {wanted}; the item has {shown(self.value)}.")

    def _kept(self, value: Any, depth: int) -> Any:
        if depth == 0:
            raise ItemUnreadable(f"{self.path} is nested more than {DEPTH_LIMIT} deep, which is not read.")
        if isinstance(value, dict):
            return {_clean(str(key)): self._kept(member, depth - 1) for key, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._kept(element, depth - 1) for element in value]
        if isinstance(value, str):
            return _clean(value)
        return str(value) if isinstance(value, float) and not math.isfinite(value) else value

    def _below(self, key: str) -> str:
        key = "".join(c if c.isprintable() else "?" for c in _clean(key))
        key = key if len(key) <= 60 else f"{key[:57]}..."
        return f"{self.path}.{key}" if self.path else key


def shown(value: Any) -> str:
    """Return a value for a message: short, and quick to make however large or deep the value is."""
    return _SHOWN.repr(value)


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)
