"""Where and when the publisher recommends a model (MLM best practices: the item's geometry, bbox and times)."""

from __future__ import annotations

from typing import Iterator, Optional

from .model import Domain, Note
from .node import Node

ANY_START, ANY_END = "1900-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
"""The times that stand for any (MLM best practices)."""


def domain(node: Node, notes: list[Note]) -> Domain:
    """Return the domain of use of the item `node`; without a time it is any."""
    properties = node["properties"]
    bbox = _bbox(node["bbox"], notes)
    if bbox is None and isinstance(node["geometry"].value, dict):
        bbox = _around(node["geometry"], notes)
    return Domain(
        bbox=bbox,
        geometry=node["geometry"].kept() if isinstance(node["geometry"].value, dict) else None,
        start=properties["start_datetime"].text() or properties["datetime"].text() or ANY_START,
        end=properties["end_datetime"].text() or properties["datetime"].text() or ANY_END,
    )


def _bbox(node: Node, notes: list[Note]) -> Optional[tuple[float, float, float, float]]:
    """Return west, south, east, north in degrees from -180 to 180; a west beyond the east crosses the antimeridian."""
    numbers = [n.required().number() or 0.0 for n in node]
    if len(numbers) not in (4, 6):
        if numbers:
            text = f"A bbox has 4 or 6 numbers, this one has {len(numbers)}; it is ignored."
            notes.append(Note(node.path, text, numbers, None))
        return None
    west, south, east, north = (*numbers[:2], *numbers[3:5]) if len(numbers) == 6 else numbers
    if south > north:
        south, north = north, south
        text = f"The south and the north of the bbox are exchanged: {south:g} to {north:g}."
        notes.append(Note(node.path, text, numbers, None))
    if east - west >= 360:
        return -180.0, south, 180.0, north
    if max(abs(west), abs(east)) > 180:
        west, east = ((x + 180) % 360 - 180 for x in (west, east))
        text = f"The longitudes of the bbox are read as {west:g} to {east:g}."
        notes.append(Note(node.path, text, numbers, None))
    return west, south, east, north


def _around(geometry: Node, notes: list[Note]) -> Optional[tuple[float, float, float, float]]:
    """Return the bbox of an item that gives a geometry alone."""
    points = list(_points(geometry["coordinates"]))
    if not points:
        return None
    eastings, northings = zip(*points)
    found = min(eastings), min(northings), max(eastings), max(northings)
    notes.append(Note("bbox", "The item gives no bbox; it is that of its geometry.", None, found))
    return found


def _points(node: Node, depth: int = 5) -> Iterator[tuple[float, float]]:
    """Yield the positions of a GeoJSON geometry, however its kind nests them."""
    if not isinstance(node.value, list) or not depth:
        return
    if len(node.value) >= 2 and all(isinstance(n, (int, float)) for n in node.value[:2]):
        first, second = (Node(n, node.path).number() or 0.0 for n in node.value[:2])
        yield first, second
        return
    for one in node:
        yield from _points(one, depth - 1)
