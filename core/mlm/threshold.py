"""The threshold that an item recommends, from the places where publishers put it: MLM itself has no field for one."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from .model import Model

WORDS = ("recommended_threshold", "confidence_threshold", "inference.confidence_threshold", "threshold")


def recommended(model: Model) -> tuple[Optional[float], str]:
    """Return a threshold between 0 and 1 and the name of its field, or (None, "") where the item gives none."""
    for place in (model.outputs[0].more, model.hyperparameters):
        for word in WORDS:
            value = member(place, word)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1:
                return float(value), word
    return None, ""


def member(place: Mapping[str, Any], word: str) -> Any:
    """Return a member, whose name with a dot may also be a member of a member."""
    if word in place:
        return place[word]
    outer, _, inner = word.partition(".")
    nested = place.get(outer)
    return nested.get(inner) if inner and isinstance(nested, Mapping) else None
