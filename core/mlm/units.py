"""How stored values become what the model was trained on: as stored, times scale plus offset, or divided by a number.

MLM has one Value Scaling Object a band and no chain, so publishers leave this step out (an ImageNet mean of 0.485 for
8-bit images). It is found by comparing the raster's sampled statistics with what the model declares, and always said.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Optional, Sequence

from ..errors import UsageError
from .finding import Finding
from .model import Band, ValueScaling
from .raster import RasterBand

PLAUSIBLE = 2.0
"""The largest cost (see `_cost`) of a reading that is taken without a word."""
IMPOSSIBLE = 5.0
"""The cost above which no reading is taken at all."""

DIVISORS = {
    "uint8": (255.0,),
    "int16": (10000.0,),
    "uint16": (10000.0, 65535.0, 255.0),
    "int32": (10000.0,),
    "uint32": (10000.0,),
}
FLOAT_DIVISORS = (10000.0, 255.0, 1 / 10000.0, 1 / 255.0)
"""Numbers that publishers divide by without saying so: 8 and 16 bits, reflectance x 10000, and the reverse of them."""


@dataclass(frozen=True)
class Units:
    """The chosen reading; `value` is the divisor where `kind` is "divided"."""

    kind: str
    value: Optional[float] = None
    why: str = ""

    def apply_to(self, number: float, band: RasterBand) -> float:
        """Return what a stored `number` of `band` becomes."""
        factor, offset = self.linear(band)
        return number * factor + offset

    def linear(self, band: RasterBand) -> tuple[float, float]:
        """Return (factor, offset) so that the value is stored x factor + offset."""
        if self.kind == "scaled":
            return band.scale, band.offset
        if self.kind == "divided" and self.value:
            return 1.0 / self.value, 0.0
        return 1.0, 0.0


@dataclass(frozen=True)
class Expected:
    """What a model band's values are like: their middle, and about one standard deviation around it."""

    middle: float
    spread: float


def expected(band: Band, scaling: Optional[ValueScaling]) -> Optional[Expected]:
    """Return what the item says of a band's values before scaling, or None where it says nothing."""
    if scaling is not None:
        if scaling.type == "z-score" and scaling.mean is not None and scaling.stddev:
            return Expected(scaling.mean, abs(scaling.stddev))
        if scaling.type in ("min-max", "clip") and scaling.minimum is not None and scaling.maximum is not None:
            return _between(scaling.minimum, scaling.maximum)
    if band.mean is not None and band.stddev:
        return Expected(band.mean, abs(band.stddev))
    if band.minimum is not None and band.maximum is not None and band.maximum > band.minimum:
        return _between(band.minimum, band.maximum)
    return None


def choose(
    bands: Sequence[Band], scalings: Sequence[Optional[ValueScaling]], rasters: Sequence[RasterBand], wish: str
) -> tuple[Units, tuple[Finding, ...]]:
    """Return the reading for matched bands (three sequences of one length), and what is to be said about it.

    `wish` is auto, raw, scaled or a divisor.
    """
    pairs = [(e, r) for b, s, r in zip(bands, scalings, rasters) if (e := expected(b, s)) and r.median is not None]
    if wish != "auto":
        units = _wished(wish, rasters)
        cost = _cost(units, pairs) if pairs else 0.0
        if cost > PLAUSIBLE:
            return units, (Finding("doubt", f"{_shown(units, pairs)}, as you asked for.", "Check the units."),)
        return units, ()
    if not pairs:
        return _unknown(rasters, bands)
    ranked = sorted(((_cost(u, pairs), i, u) for i, u in enumerate(_readings(rasters))), key=lambda c: c[:2])
    cost, _, units = ranked[0]
    shown = _shown(units, pairs)
    if cost > IMPOSSIBLE:
        remedy = "Choose another layer, or say how the values are to be read (raw, scaled, or a number to divide by)."
        return Units("raw", None, shown), (
            Finding("error", f"The values are not what the model expects: {shown}.", remedy),
        )
    chosen = Units(units.kind, units.value, shown)
    if cost > PLAUSIBLE:
        return chosen, (Finding("doubt", f"The values are unusual for this model: {shown}.", "Check the units."),)
    others = [u for c, _, u in ranked[1:] if c <= PLAUSIBLE and u.kind != units.kind]
    if others:
        text = f"The values can be read {_words(units)} or {_words(others[0])}; {_words(units)} is nearer: {shown}."
        return chosen, (Finding("doubt", text, "Choose the units by hand if this is wrong."),)
    if chosen.kind == "raw":
        return chosen, ()
    return chosen, (Finding("note", f"Values are {_words(chosen)} before use: {shown}.", ""),)


def _between(low: float, high: float) -> Expected:
    return Expected((low + high) / 2, (high - low) / 4)


def _readings(rasters: Sequence[RasterBand]) -> list[Units]:
    readings = [Units("raw")]
    if any((r.scale, r.offset) != (1.0, 0.0) for r in rasters):
        readings.append(Units("scaled"))
    kinds = {r.data_type for r in rasters}
    divisors = DIVISORS.get(kinds.pop(), FLOAT_DIVISORS) if len(kinds) == 1 else FLOAT_DIVISORS
    return readings + [Units("divided", d) for d in divisors]


def _cost(units: Units, pairs: Sequence[tuple[Expected, RasterBand]]) -> float:
    """Return how unlikely a reading is: the median over bands of how far the middle is off, in standard deviations /
    4, and how far the spread is off, in powers of ten. A perfect match costs 0; another unit costs 2.4 (a factor of
    255) or more.
    """
    costs = []
    for want, band in pairs:
        factor, offset = units.linear(band)
        median, low, high = band.median or 0.0, band.low or 0.0, band.high or 0.0
        off = abs(median * factor + offset - want.middle) / want.spread / 4
        spread = (high - low) * abs(factor) / 4
        costs.append(off + (abs(math.log10(spread / want.spread)) if spread > 0 else 0.0))
    return statistics.median(costs)


def _wished(wish: str, rasters: Sequence[RasterBand]) -> Units:
    if wish == "raw":
        return Units("raw", None, "as you asked for")
    if wish == "scaled":
        if all((r.scale, r.offset) == (1.0, 0.0) for r in rasters):
            raise UsageError(
                "The raster declares no scale and offset, so its values can't be taken as scaled. Give a divisor."
            )
        return Units("scaled", None, "as you asked for")
    try:
        divisor = float(wish)
    except ValueError:
        divisor = 0.0
    if not math.isfinite(divisor) or divisor <= 0:
        raise UsageError(f"Units {wish!r} mean nothing; use auto, raw, scaled, or a number above 0 to divide by.")
    return Units("divided", divisor, "as you asked for")


def _unknown(rasters: Sequence[RasterBand], bands: Sequence[Band]) -> tuple[Units, tuple[Finding, ...]]:
    """Return the reading where the item does not say what values it expects: as stored, with a doubt where that
    matters.
    """
    units = Units("raw", None, "the model does not say what values it expects")
    if any((r.scale, r.offset) != (1.0, 0.0) for r in rasters):
        text = "The layer declares a scale and offset, and the model does not say whether to apply them; "
        text += "values are as stored."
        return units, (Finding("doubt", text, "Choose scaled units if the model expects physical values."),)
    wanted = {b.data_type for b in bands if b.data_type}
    stored = {r.data_type for r in rasters}
    if wanted and any(w.startswith("float") for w in wanted) and not any(s.startswith("float") for s in stored):
        ours, theirs = ", ".join(sorted(wanted)), ", ".join(sorted(stored))
        text = f"The model expects {ours}, the layer has {theirs}; values are as stored."
        return units, (Finding("doubt", text, "Choose a number to divide by if the model expects scaled values."),)
    return units, ()


def _words(units: Units) -> str:
    if units.kind == "divided" and units.value is not None:
        return f"multiplied by {1 / units.value:g}" if units.value < 1 else f"divided by {units.value:g}"
    return {"raw": "as stored", "scaled": "scaled as the file says"}[units.kind]


def _shown(units: Units, pairs: Sequence[tuple[Expected, RasterBand]]) -> str:
    """Return the comparison in numbers, for the first band."""
    want, band = pairs[0]
    name = band.name or f"band {band.index}"
    median = band.median or 0.0
    now = units.apply_to(median, band)
    became = "" if units.kind == "raw" else f", {now:.4g} {_words(units)}"
    about = f"{want.middle:.4g} ± {want.spread:.2g}"
    return f"the middle value of {name} is {median:.4g}{became}; the model expects about {about}"
