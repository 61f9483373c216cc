"""Something to say before a run: an error stops it, a doubt is shown first, a note is for the record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`level` is error, doubt or note; `text` and `remedy` are sentences; `short` is a few words for a list."""

    level: str
    text: str
    remedy: str = ""
    short: str = ""

    def to_json(self) -> dict[str, str]:
        return {"level": self.level, "text": self.text, "remedy": self.remedy}
