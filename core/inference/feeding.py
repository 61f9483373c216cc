"""Prepared windows become what the file's inputs take: arranged, resized, of their element type, batches filled up."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import numpy as np

from ..errors import NotRunnable
from .layout import Entry, Layout
from .resize import resize
from .session import Network

Prepared = Sequence[np.ndarray]
"""What one window gives to each entry: float32 (times, channels, height, width)."""


def fed(windows: Sequence[Prepared], layout: Layout, network: Network) -> dict[str, np.ndarray]:
    """Return the arrays for all inputs of the file, by their names, for a batch of windows."""
    feeds = {e.name: tensor([w[place] for w in windows], e) for place, e in enumerate(layout.entries)}
    kinds = {t.name: (t.shape, t.data_type) for t in network.inputs}
    count = next(iter(feeds.values())).shape[0]
    for name, value in layout.constants.items():
        feeds[name] = _constant(name, value, kinds[name][0], kinds[name][1], count)
    return feeds


def tensor(windows: Sequence[np.ndarray], entry: Entry) -> np.ndarray:
    """Return prepared windows (times, channels, height, width) as one batch in the order and type of a file's input."""
    batch = np.stack(windows)
    size = sides(entry)
    if entry.resize and size is not None and batch.shape[-2:] != size:
        batch = resize(batch, size, entry.resize)
    axes = ["batch", "time", "channel", "height", "width"]
    if entry.per_pixel:
        count, times, channels = batch.shape[:3]
        batch = batch.transpose(0, 3, 4, 1, 2).reshape(-1, times, channels)
        axes = axes[:3]
    for name in [a for a in axes if a not in entry.order]:
        place = axes.index(name)
        if batch.shape[place] != 1:
            raise NotRunnable(
                f"The file's input {entry.name!r} has no dimension for {batch.shape[place]} of {name}. "
                "Ask the item's publisher to correct dim_order."
            )
        batch = batch.squeeze(place)
        axes.remove(name)
    arranged = batch.transpose([axes.index(name) for name in entry.order])
    return _as(arranged, entry.data_type)


def sides(entry: Entry) -> Optional[tuple[int, int]]:
    """Return height and width where the file fixes both."""
    height, width = entry.sizes.get("height"), entry.sizes.get("width")
    return None if height is None or width is None else (height, width)


def _as(values: np.ndarray, data_type: str) -> np.ndarray:
    """Return values in an element type; whole numbers are never wrapped round: 300 for bytes is 255, and 2.7 is 3.

    Raises `NotRunnable` where float16 would make infinity of a value.
    """
    kind = np.dtype("float32" if data_type == "bfloat16" else data_type)
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        wide = kind.itemsize > 2  # float32 does not hold the last numbers of 32 bits, nor float64 those of 64
        values = np.rint(values.astype(np.float64) if wide else values)
        most = np.nextafter(float(limits.max), 0) if kind.itemsize == 8 else limits.max
        values = np.clip(values, limits.min, most)
    elif kind == np.float16 and values.size:
        most = float(np.finfo(kind).max)
        if np.abs(values).max() > most:
            raise NotRunnable(
                f"A value is {values.flat[np.abs(values).argmax()]:g}, and the model's file takes float16, which ends "
                f"at {most:g}. Check in what units the values are read."
            )
    return np.ascontiguousarray(values, dtype=kind)


def _constant(name: str, value: Any, shape: Sequence[Optional[int]], data_type: str, count: int) -> np.ndarray:
    """Return the value of an input without bands in the file's shape; its first free dimension is the batch."""
    sized = tuple(count if size is None and place == 0 else size or 1 for place, size in enumerate(shape))
    given = np.asarray(value, dtype=np.float64)
    try:
        return _as(np.broadcast_to(given, sized), data_type)
    except ValueError:
        raise NotRunnable(
            f"The item gives {value} for the input {name!r}, which the file takes as {' x '.join(map(str, sized))}. "
            "Ask the publisher to correct it."
        ) from None
