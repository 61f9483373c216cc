"""The legend of a result: which class a value is, and its colour.

Colours that the item does not give come from Paul Tol's schemes "bright", "muted", "vibrant", "light" and "high
contrast", those that are well apart from each other also for colour-blind people (Tol, Colour Schemes,
SRON/EPS/TN/09-002); they stay the same for a class name.
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from typing import Sequence

from .model import ModelClass

PALETTE = [
    "4477AA", "66CCEE", "228833", "CCBB44", "EE6677", "AA3377", "BBBBBB", "332288",
    "44AA99", "EE7733", "EE3377", "CC3311", "004488", "EE8866", "FFAABB", "BBCC33",
]  # fmt: skip
APART = 40
"""How much two colours differ at least, summed over red, green and blue, so that they can be told apart."""


@dataclass(frozen=True)
class LegendEntry:
    """A class as it is shown; `color` is #RRGGBB."""

    value: int
    label: str
    color: str
    nodata: bool = False


def legend(classes: Sequence[ModelClass]) -> tuple[LegendEntry, ...]:
    """Return the entries by ascending value; no chosen colour is one that another class has, or near to it while the
    palette lasts.
    """
    used = {c.color for c in classes if c.color}
    free = [color for color in PALETTE if all(_apart(color, other) for other in used)]
    entries = []
    for one in sorted(classes, key=lambda c: c.value):
        color = one.color or _chosen(one.label, free, used)
        used.add(color)
        free = [other for other in free if _apart(color, other)]
        entries.append(LegendEntry(one.value, one.label, f"#{color}", one.nodata))
    return tuple(entries)


def _chosen(label: str, free: Sequence[str], used: set[str]) -> str:
    """Return the first free colour of the palette from the label's own place on, or one made for the label."""
    start = _hash(label) % len(PALETTE)
    for color in PALETTE[start:] + PALETTE[:start]:
        if color in free:
            return color
    made = (f"{_hash(f'{label} {attempt}') & 0xFFFFFF:06X}" for attempt in itertools.count())
    return next(color for color in made if color not in used)


def _hash(text: str) -> int:
    return zlib.crc32(text.lower().encode())


def _apart(one: str, other: str) -> bool:
    return sum(abs(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) for i in (0, 2, 4)) >= APART
