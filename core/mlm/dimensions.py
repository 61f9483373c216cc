"""The names that items give to dimensions, and what each is to a run."""

from __future__ import annotations

from typing import Optional, Sequence

DIMENSIONS = {
    "batch": "batch", "b": "batch", "n": "batch",
    "time": "time", "t": "time", "times": "time", "time_step": "time", "time_steps": "time", "timestep": "time",
    "timesteps": "time", "temporal": "time", "date": "time", "dates": "time",
    "channel": "channel", "channels": "channel", "band": "channel", "bands": "channel", "c": "channel",
    "variables": "channel", "variable": "channel", "class": "channel", "classes": "channel", "feature": "channel",
    "features": "channel", "embedding": "channel", "embeddings": "channel", "score": "channel", "scores": "channel",
    "height": "height", "h": "height", "y": "height", "latitude": "height", "lat": "height",
    "width": "width", "w": "width", "x": "width", "longitude": "width", "lon": "width",
    **dict.fromkeys(("token", "tokens", "patch", "patches"), "token"),
}  # fmt: skip


def known(order: Sequence[str]) -> Optional[tuple[str, ...]]:
    """Return the order in this project's words, or None where a name is unknown or a dimension stands twice."""
    words = tuple(DIMENSIONS.get(name, "") for name in order)
    return words if all(words) and len(set(words)) == len(words) else None


def sizes(order: Sequence[str], shape: Sequence[int]) -> dict[str, int]:
    """Return the size of each dimension that has a known name; -1 is free."""
    return {DIMENSIONS[name]: size for name, size in zip(order, shape) if name in DIMENSIONS}


def has_pixels(order: Sequence[str]) -> bool:
    """Whether a tensor has height and width."""
    return {"height", "width"} <= {DIMENSIONS.get(name, "") for name in order}


def is_embedding(order: Sequence[str]) -> bool:
    """Whether the channels are numbers that describe a place, and no scores."""
    return bool({"embedding", "embeddings"} & set(order))
