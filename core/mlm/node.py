"""A JSON value that knows its path, so that every complaint about an item names the field it is about."""

from __future__ import annotations

import math
import re
from typing import Any, Iterator, Optional

from ..errors import ItemUnreadable

TEXT_LIMIT = 100_000
LIST_LIMIT = 10_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


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
            yield str(key), self[key]

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
        return _CONTROL.sub("", text).strip()

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
        shown = repr(self.value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        return ItemUnreadable(f"{self.path} must be {wanted}; the item has {shown}.")

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
