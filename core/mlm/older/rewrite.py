"""An item being rewritten: values are taken out of their old place and put into the new one, and each move is noted."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ..model import Note
from ..node import Node

SHOWN = 120
"""Characters of a value that a note shows."""


class Rewrite:
    """The item (changed in place) and its notes."""

    def __init__(self, item: dict[str, Any], notes: list[Note]) -> None:
        self.item = item
        self.notes = notes

    @property
    def properties(self) -> dict[str, Any]:
        return self.item["properties"]

    @property
    def assets(self) -> dict[str, Any]:
        """The item's assets, an empty object where it has none yet."""
        if self.item.get("assets") is None:
            self.item["assets"] = {}
        if not isinstance(self.item["assets"], dict):
            raise Node(self.item["assets"], "assets").wrong("an object")
        return self.item["assets"]

    def say(self, path: str, old: Any, new: Any, rule: str) -> None:
        """Note that the value at `path` was `old` and is read as `new`, and why."""
        self.notes.append(Note(path, rule, old, new))

    def move(
        self,
        source: dict[str, Any],
        path: str,
        word: str,
        target: dict[str, Any],
        new_word: str,
        change: Optional[Callable[[Node], Any]] = None,
    ) -> None:
        """Move the member `word` of `source` (at `path`) to `target`, changed on the way; what is there already stays.

        An absent member, or null, moves nothing.
        """
        value = source.pop(word, None)
        if value is None:
            return
        old_path = f"{path}.{word}"
        new = change(Node(value, old_path)) if change else value
        if new is None:
            return
        if target.get(new_word) is not None and target[new_word] != new:
            self.say(old_path, value, target[new_word], f"{new_word} is there already and stays.")
            return
        target[new_word] = new
        self.notes.append(Note(old_path, f"{word} is {new_word} now.", value, new, assumed=new != value))


def shown(value: Any) -> str:
    """Return a value as a note shows it."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
