"""What a user writes into an algorithm's fields, as values; anything that means nothing is refused in a sentence."""

from __future__ import annotations

import math
from typing import Union

from ...core.errors import UsageError


def bands_by_hand(text: str) -> dict[str, str]:
    """Read "nir=4, red=B04" (commas, semicolons or lines between); raises `UsageError` for anything else."""
    chosen: dict[str, str] = {}
    for part in text.replace(";", ",").replace("\n", ",").split(","):
        if not part.strip():
            continue
        model, sign, raster = (word.strip() for word in part.partition("="))
        if not (model and sign and raster):
            raise UsageError(
                f"Bands by hand: {part.strip()!r} is not MODELBAND=LAYERBAND. Write, for example, nir=4, red=3."
            )
        if model in chosen:
            raise UsageError(f"Bands by hand: {model!r} stands there twice. Give each band of the model once.")
        chosen[model] = raster
    return chosen


def resolution(text: str) -> Union[None, str, float]:
    """Read "", "model" or a number of metres; raises `UsageError` for anything else."""
    word = text.strip().lower()
    if not word:
        return None
    if word == "model":
        return word
    try:
        metres = float(word)
    except ValueError:
        metres = math.nan
    if not 0 < metres < math.inf:
        raise UsageError(f"Resolution: {text.strip()!r} is neither a number of metres nor the word model. Write 10.")
    return metres
