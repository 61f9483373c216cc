"""The legend of a result: which class a value is, and its colour.

Colours that the item does not give come from Paul Tol's palettes "bright" and "muted", which colour-blind people can
read (Tol, Colour Schemes, SRON/EPS/TN/09-002), and stay the same for a class name.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Sequence

from .model import ModelClass

PALETTE = [
    "4477AA",
    "EE6677",
    "228833",
    "CCBB44",
    "66CCEE",
    "AA3377",
    "332288",
    "88CCEE",
    "44AA99",
    "117733",
    "999933",
    "DDCC77",
    "CC6677",
    "882255",
    "AA4499",
    "BBBBBB",
]


@dataclass(frozen=True)
class LegendEntry:
    """A class as it is shown; `color` is #RRGGBB."""

    value: int
    label: str
    color: str
    nodata: bool = False


def legend(classes: Sequence[ModelClass]) -> tuple[LegendEntry, ...]:
    """Return the entries by ascending value; no chosen colour is used twice while the palette lasts."""
    used = {c.color for c in classes if c.color}
    entries = []
    for one in sorted(classes, key=lambda c: c.value):
        color = one.color or _chosen(one.label, used)
        used.add(color)
        entries.append(LegendEntry(one.value, one.label, f"#{color}", one.nodata))
    return tuple(entries)


def _chosen(label: str, used: set[str]) -> str:
    start = zlib.crc32(label.lower().encode())
    for step in range(len(PALETTE)):
        color = PALETTE[(start + step) % len(PALETTE)]
        if color not in used:
            return color
    return f"{zlib.crc32(label.encode()) & 0xFFFFFF:06X}"
