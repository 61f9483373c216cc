"""The ways to read stored values: as stored, times scale plus offset, or an offset added and the sum divided.

Each is a value that says what it does to a number, what it is called, and what a user types to ask for it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Optional, Sequence

from ..errors import UsageError
from .model import Band
from .raster import RasterBand

UNSCALED = (1.0, 0.0)
"""The (scale, offset) of a band that has none."""
WISHES = "auto, raw, scaled, a number above 0 to divide by, or -1000/10000 to subtract 1000 and then divide by 10000"
"""What can be asked for, in words."""

_SHIFTED = re.compile(r"\(?(?P<offset>[+-][0-9.e+]+)\)?/(?P<divisor>[0-9.e+]+)", re.IGNORECASE)
"""The sign is needed: 1/255 would as likely mean "times 1/255" as "plus 1, divided by 255"."""


@dataclass(frozen=True)
class Units:
    """A way to read the bands of one input; `kind` is raw, scaled or divided.

    Where it is divided, `value` is the divisor and `offset` what is added before. Where it is scaled, `item` holds
    (scale, offset) of each band in order if they are the item's, and nothing if they are the file's own.
    """

    kind: str
    value: Optional[float] = None
    why: str = ""
    offset: float = 0.0
    item: tuple[tuple[float, float], ...] = ()

    def steps(self, rasters: Sequence[RasterBand]) -> tuple[tuple[float, float], ...]:
        """Return (factor, offset) for each band of the input, so that its value is stored x factor + offset."""
        return tuple(self.step(band, place) for place, band in enumerate(rasters))

    def step(self, band: RasterBand, place: int = 0) -> tuple[float, float]:
        """Return (factor, offset) of `band`, which is at `place` among the input's bands."""
        if self.kind == "scaled":
            return self.item[place] if self.item else (band.scale, band.offset)
        if self.kind == "divided" and self.value:
            return 1.0 / self.value, self.offset / self.value
        return UNSCALED

    def apply_to(self, number: float, band: RasterBand, place: int = 0) -> float:
        """Return what a stored `number` of `band` becomes."""
        factor, offset = self.step(band, place)
        return number * factor + offset

    @property
    def wish(self) -> str:
        """What a user asks for to have this reading: raw, scaled, 10000 or -1000/10000."""
        if self.kind != "divided" or self.value is None:
            return self.kind
        sign = "+" if self.offset > 0 else ""
        return f"{sign}{_exact(self.offset)}/{_exact(self.value)}" if self.offset else _exact(self.value)

    @property
    def words(self) -> str:
        """How values are taken, as the end of a sentence."""
        if self.kind == "scaled":
            return _scaled_words(self.item)
        if self.kind == "divided" and self.value is not None:
            added = f"{'less' if self.offset < 0 else 'plus'} {abs(self.offset):g}" if self.offset else ""
            by = f"multiplied by {1 / self.value:g}" if self.value < 1 else f"divided by {self.value:g}"
            return added if added and self.value == 1 else " and ".join(word for word in (added, by) if word)
        return "as stored"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "value": self.value,
            "offset": self.offset,
            "wish": self.wish,
            "words": self.words,
            "why": self.why,
        }


def wished(wish: str, bands: Sequence[Band], rasters: Sequence[RasterBand]) -> Units:
    """Return the reading that a user asked for; raises `UsageError` where the words mean nothing here."""
    why = "as you asked for"
    if wish == "raw":
        return Units("raw", None, why)
    if wish == "scaled":
        scales = () if file_scales(rasters) else item_scales(bands)
        if not scales and not file_scales(rasters):
            raise UsageError(
                "Neither the raster nor the model's item declares a scale and offset, so the values can't be taken as "
                "scaled. Give a divisor."
            )
        return Units("scaled", None, why, item=scales)
    shifted = _SHIFTED.fullmatch(wish.replace(" ", ""))
    offset, divisor = (_number(shifted["offset"]), _number(shifted["divisor"])) if shifted else (0.0, _number(wish))
    if not math.isfinite(offset) or not math.isfinite(divisor) or divisor <= 0:
        raise UsageError(f"Units {wish!r} mean nothing; use {WISHES}.")
    return Units("divided", divisor, why, offset)


def file_scales(rasters: Sequence[RasterBand]) -> bool:
    """Whether the file itself declares how its values are scaled."""
    return any((r.scale, r.offset) != UNSCALED for r in rasters)


def item_scales(bands: Sequence[Band]) -> tuple[tuple[float, float], ...]:
    """Return (scale, offset) of each band as the item declares them, or nothing where it declares none.

    A scale of 0 would make one value of all, so that an item with one declares nothing that can be used.
    """
    scales = tuple((1.0 if b.scale is None else b.scale, b.offset or 0.0) for b in bands)
    usable = any(s != UNSCALED for s in scales) and all(scale != 0 for scale, _ in scales)
    return scales if usable else ()


def _scaled_words(item: tuple[tuple[float, float], ...]) -> str:
    if not item:
        return "scaled as the file says"
    if len(set(item)) > 1:
        return "scaled band by band as the model's item says"
    scale, offset = item[0]
    return f"times {scale:g}{f' plus {offset:g}' if offset else ''} as the model's item says"


def _exact(number: float) -> str:
    """Return the shortest text that is the same number again: 10000, 0.00392156862745098."""
    short = f"{number:g}"
    return short if float(short) == number else repr(number)


def _number(text: str) -> float:
    """Return the number that `text` is, or NaN."""
    try:
        return float(text)
    except ValueError:
        return math.nan
