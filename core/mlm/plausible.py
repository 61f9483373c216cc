"""How well values go with what a model expects of them, as one number: the cost of a reading.

A perfect match costs 0. The numbers below were set with Sentinel-2 and Landsat images under published statistics, whole
and in pieces that are all cloud or all shadow.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Optional, Sequence

from .model import Band, ValueScaling
from .raster import RasterBand
from .readings import Units

PLAUSIBLE = 2.0
"""The largest cost of a reading that is taken without a word; images read rightly cost 0 to 2."""
IMPOSSIBLE = 5.0
"""The cost above which no reading is taken at all; the brightest cloud costs less."""
REACH = 4.0
"""How far below the expected middle, in standard deviations, a guess may leave the middle of the values: clouds are far
brighter than what models are trained on, and nothing is as much darker."""
NARROW = 3.0
"""The most that little contrast costs: open water or a single cloud is no reason to refuse an image."""
SCALE_RANGE = 100.0
"""From here on the number of a `scale` is the top of the expected values (255, 10000); smaller ones mean anything."""


@dataclass(frozen=True)
class Expected:
    """What a model band's values are like: their middle, and about one standard deviation around it."""

    middle: float
    spread: float


@dataclass(frozen=True)
class Pair:
    """What is expected of a band, and the raster band that feeds it; `place` counts the input's bands from 0."""

    want: Expected
    band: RasterBand
    place: int

    @property
    def median(self) -> float:
        return self.band.median or 0.0


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


def cost(units: Units, pairs: Sequence[Pair]) -> float:
    """Return how unlikely a reading is: the median over bands of how far the middle is off, in standard deviations /
    4, and how far the spread is off, in powers of ten. With a factor of 255 between them the spread alone costs 2.4.
    """
    return statistics.median(_off(units, pair) + _contrast(units, pair) for pair in pairs)


def reaches(units: Units, pairs: Sequence[Pair]) -> bool:
    """Whether a guess brings the values to where the model's are, and does not make next to nothing of them."""
    below = [(p.want.middle - units.apply_to(p.median, p.band, p.place)) / p.want.spread for p in pairs]
    return statistics.median(below) <= REACH


def shown(units: Units, pairs: Sequence[Pair]) -> str:
    """Return the comparison in numbers, for the first band."""
    first = pairs[0]
    value = units.apply_to(first.median, first.band, first.place)
    became = "" if units.kind == "raw" else f" ({digits(value)} {units.words})"
    about = f"{digits(first.want.middle)} ± {digits(first.want.spread, 2)}"
    name = first.band.name or f"band {first.band.index}"
    return f"the middle value of {name} is {digits(first.median)}{became}, the model expects {about}"


def digits(number: float, count: int = 4) -> str:
    """Return a number with its first digits, and a large one whole: 0.1256, 40000."""
    return f"{number:.0f}" if 10**count <= abs(number) < 1e15 else f"{number:.{count}g}"


def _off(units: Units, pair: Pair) -> float:
    return abs(units.apply_to(pair.median, pair.band, pair.place) - pair.want.middle) / pair.want.spread / 4


def _contrast(units: Units, pair: Pair) -> float:
    spread = ((pair.band.high or 0.0) - (pair.band.low or 0.0)) * abs(units.step(pair.band, pair.place)[0]) / 4
    ratio = math.log10(spread / pair.want.spread) if spread > 0 else -NARROW
    return max(ratio, min(-ratio, NARROW))


def _between(low: float, high: float) -> Expected:
    return Expected((low + high) / 2, (high - low) / 4)
