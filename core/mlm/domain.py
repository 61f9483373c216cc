"""Where and when the publisher recommends a model (MLM best practices: the item's geometry, bbox and times)."""

from __future__ import annotations

from typing import Optional

from .model import Domain, Note
from .node import Node

ANY_START, ANY_END = "1900-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
"""The times that stand for any (MLM best practices)."""


def domain(node: Node, notes: list[Note]) -> Domain:
    """Return the domain of use of the item `node`; without a time it is any."""
    properties = node["properties"]
    return Domain(
        bbox=_bbox(node["bbox"], notes),
        geometry=node["geometry"].kept() if isinstance(node["geometry"].value, dict) else None,
        start=properties["start_datetime"].text() or properties["datetime"].text() or ANY_START,
        end=properties["end_datetime"].text() or properties["datetime"].text() or ANY_END,
    )


def _bbox(node: Node, notes: list[Note]) -> Optional[tuple[float, float, float, float]]:
    """Return west, south, east, north in degrees from -180 to 180; a west beyond the east crosses the antimeridian."""
    numbers = [n.required().number() or 0.0 for n in node]
    if len(numbers) not in (4, 6):
        if numbers:
            notes.append(Note(node.path, f"A bbox has 4 or 6 numbers, this one has {len(numbers)}; it is ignored."))
        return None
    west, south, east, north = (*numbers[:2], *numbers[3:5]) if len(numbers) == 6 else numbers
    if south > north:
        south, north = north, south
        notes.append(Note(node.path, f"The south and the north of the bbox are exchanged: {south:g} to {north:g}."))
    if east - west >= 360:
        return -180.0, south, 180.0, north
    if max(abs(west), abs(east)) > 180:
        west, east = ((x + 180) % 360 - 180 for x in (west, east))
        notes.append(Note(node.path, f"The longitudes of the bbox are read as {west:g} to {east:g}."))
    return west, south, east, north
