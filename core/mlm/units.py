"""How stored values become what the model was trained on: as stored, times scale plus offset, or divided by a number.

MLM has one Value Scaling Object a band and no chain, so publishers leave this step out (an ImageNet mean of 0.485 for
8-bit images). It is found by comparing the raster's sampled statistics with what the model declares, and always said.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from ..errors import UsageError
from .finding import Finding
from .model import Band, ValueScaling
from .raster import RasterBand

PLAUSIBLE = 2.0
"""The largest cost (see `_cost`) of a reading that is taken without a word; Sentinel-2 and Landsat images, whole and in
pieces, read rightly cost 0 to 2 under published statistics."""
IMPOSSIBLE = 5.0
"""The cost above which no reading is taken at all; the brightest cloud costs less."""
RIVAL = 1.0
"""How much more another plausible reading may cost and still be mentioned."""
REACH = 4.0
"""How far below the expected middle, in standard deviations, a guess may leave the middle of the values: clouds are far
brighter than what models are trained on, and nothing is as much darker."""
NARROW = 3.0
"""The most that little contrast costs: open water or a single cloud is no reason to refuse an image."""

GUESSES = (
    (255.0, 1.5, 255.0),
    (10000.0, 3.0, 20000.0),
    (65535.0, 20000.0, 65535.0),
    (1 / 255.0, 0.0, 1.5),
    (1 / 10000.0, 0.0, 2.0),
)
"""Numbers that publishers divide by without saying so, each with the range in which the brightest values (98th
percentile of all bands) must lie: 8 bits, reflectance x 10000, 16 bits, and the reverse of the first two. The ranges
keep a cloud of 8000 from being read as 0.12 of 65535."""
REFLECTANCE_DIVISOR = 10000.0
"""The one number by which products of reflectance are commonly stored; another one makes no reflectance of a value."""
REFLECTANCE_UNITS = ("1", "reflectance")
"""What an item calls the unit of reflectance (UCUM's "1", or the word)."""
SCALE_RANGE = 100.0
"""From here on the number of a `scale` is the top of the expected values (255, 10000); smaller ones mean anything."""


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
        if scaling.type == "scale" and scaling.value is not None and scaling.value >= SCALE_RANGE:
            return _between(0.0, scaling.value)
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
    hopes = [(e, r) for b, s, r in zip(bands, scalings, rasters) if (e := expected(b, s))]
    pairs = [(e, r) for e, r in hopes if r.median is not None]
    if wish != "auto":
        units = _wished(str(wish), rasters)
        if pairs and _cost(units, pairs) > PLAUSIBLE:
            text = f"You asked for values {_words(units)}, which are unusual for this model: {_shown(units, pairs)}."
            return units, (Finding("doubt", text, "Check the units.", "unusual values"),)
        return units, ()
    if not hopes:
        return _unknown(rasters, bands)
    if not pairs:
        text = "No valid value of the layer is known, so its units could not be compared with the model's."
        return Units("raw", None, "no valid value of the layer is known"), (Finding("note", text),)
    guesses = [u for u in _guessed(rasters) if _reaches(u, pairs)]
    costs = {u: _cost(u, pairs) for u in (*_stated(rasters), *guesses)}
    units = _nearest(costs, rasters)
    shown = _shown(units, pairs)
    if costs[units] > IMPOSSIBLE:
        text = f"The values are not what the model expects: {shown}."
        remedy = "Choose another layer, or say how the values are to be read (raw, scaled, or a number to divide by)."
        return Units("raw", None, shown), (Finding("error", text, remedy, "other values than the model's"),)
    return Units(units.kind, units.value, shown), _doubts(units, costs, shown, _shaky(units, bands, rasters))


def _nearest(costs: Mapping[Units, float], rasters: Sequence[RasterBand]) -> Units:
    """Return the reading of least cost; a divisor is a guess, for where none that the file states will do."""
    stated = min(_stated(rasters), key=lambda u: costs[u])
    enough = IMPOSSIBLE if stated.kind == "scaled" else PLAUSIBLE
    return stated if costs[stated] <= enough else min(costs, key=lambda u: costs[u])


def _doubts(units: Units, costs: Mapping[Units, float], shown: str, shaky: str) -> tuple[Finding, ...]:
    if costs[units] > PLAUSIBLE:
        text = f"The values are unusual for this model: {shown}."
        return (Finding("doubt", text, "Check the units.", "unusual values"),)
    guess = units.kind == "divided"
    near = min(PLAUSIBLE, costs[units] + RIVAL)
    rivals = [u for u, cost in costs.items() if u != units and cost <= near and (u.kind == "divided") == guess]
    if rivals:
        text = f"The values can be taken {_words(units)} or {_words(rivals[0])}; the first is nearer: {shown}."
        return (Finding("doubt", text, "Choose the units by hand if this is wrong.", "units unclear"),)
    if shaky:
        text = f"Values are taken {_words(units)}, which is a guess: {shaky}; {shown}."
        return (Finding("doubt", text, "Choose the units by hand if this is wrong.", "units"),)
    if units.kind == "raw":
        return ()
    return (Finding("note", f"Values are taken {_words(units)}: {shown}."),)


def _shaky(units: Units, bands: Sequence[Band], rasters: Sequence[RasterBand]) -> str:
    """Return why a divisor is a weak guess although its numbers are plausible, or an empty string."""
    if units.kind != "divided":
        return ""
    if units.value != REFLECTANCE_DIVISOR and any(_is_reflectance(b) for b in bands):
        return "the model expects reflectance, and the layer does not say that its values are such"
    if any(r.data_type.startswith("float") for r in rasters):
        return "the layer's numbers are floating-point, whose range does not tell how they were made"
    return ""


def _is_reflectance(band: Band) -> bool:
    """Whether the item declares a band of the physical quantity, and no bare number between 0 and 1."""
    low, high = band.minimum, band.maximum
    fraction = low is not None and high is not None and 0.0 <= low < high <= 1.0
    return band.unit.strip().lower() in REFLECTANCE_UNITS or fraction


def _between(low: float, high: float) -> Expected:
    return Expected((low + high) / 2, (high - low) / 4)


def _stated(rasters: Sequence[RasterBand]) -> list[Units]:
    """Return the readings that the file itself gives."""
    declared = any((r.scale, r.offset) != (1.0, 0.0) for r in rasters)
    return [Units("raw"), Units("scaled")] if declared else [Units("raw")]


def _guessed(rasters: Sequence[RasterBand]) -> list[Units]:
    """Return the divisors that publishers use and that the values' range allows."""
    bright = max((r.high for r in rasters if r.high is not None), default=0.0)
    if all(r.data_type in ("uint8", "int8") for r in rasters):
        return [Units("divided", 255.0)]
    whole = all(r.data_type.startswith(("int", "uint")) for r in rasters)
    return [Units("divided", d) for d, low, high in GUESSES if low <= bright <= high and not (whole and d < 1)]


def _reaches(units: Units, pairs: Sequence[tuple[Expected, RasterBand]]) -> bool:
    """Whether a guess brings the values to where the model's are, and does not make next to nothing of them."""
    below = [(want.middle - units.apply_to(band.median or 0.0, band)) / want.spread for want, band in pairs]
    return statistics.median(below) <= REACH


def _cost(units: Units, pairs: Sequence[tuple[Expected, RasterBand]]) -> float:
    """Return how unlikely a reading is: the median over bands of how far the middle is off, in standard deviations /
    4, and how far the spread is off, in powers of ten. A perfect match costs 0; with a factor of 255 between them the
    spread alone costs 2.4.
    """
    return statistics.median(_off(units, want, band) + _contrast(units, want, band) for want, band in pairs)


def _off(units: Units, want: Expected, band: RasterBand) -> float:
    return abs(units.apply_to(band.median or 0.0, band) - want.middle) / want.spread / 4


def _contrast(units: Units, want: Expected, band: RasterBand) -> float:
    spread = ((band.high or 0.0) - (band.low or 0.0)) * abs(units.linear(band)[0]) / 4
    ratio = math.log10(spread / want.spread) if spread > 0 else -NARROW
    return max(ratio, min(-ratio, NARROW))


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
        remedy = "Choose scaled units if the model expects physical values."
        return units, (Finding("doubt", text, remedy, "units unclear"),)
    wanted = {b.data_type for b in bands if b.data_type}
    stored = {r.data_type for r in rasters}
    if wanted and any(w.startswith("float") for w in wanted) and not any(s.startswith("float") for s in stored):
        ours, theirs = ", ".join(sorted(wanted)), ", ".join(sorted(stored))
        text = f"The model expects {ours}, the layer has {theirs}; values are as stored."
        remedy = "Choose a number to divide by if the model expects scaled values."
        return units, (Finding("doubt", text, remedy, "units unclear"),)
    return units, ()


def _words(units: Units) -> str:
    if units.kind == "divided" and units.value is not None:
        return f"multiplied by {1 / units.value:g}" if units.value < 1 else f"divided by {units.value:g}"
    return {"raw": "as stored", "scaled": "scaled as the file says"}[units.kind]


def _shown(units: Units, pairs: Sequence[tuple[Expected, RasterBand]]) -> str:
    """Return the comparison in numbers, for the first band."""
    want, band = pairs[0]
    median = band.median or 0.0
    became = "" if units.kind == "raw" else f" ({_digits(units.apply_to(median, band))} {_words(units)})"
    about = f"{_digits(want.middle)} ± {_digits(want.spread, 2)}"
    name = band.name or f"band {band.index}"
    return f"the middle value of {name} is {_digits(median)}{became}, the model expects {about}"


def _digits(number: float, digits: int = 4) -> str:
    """Return a number with its first digits, and a large one whole: 0.1256, 40000."""
    return f"{number:.0f}" if 10**digits <= abs(number) < 1e15 else f"{number:.{digits}g}"
