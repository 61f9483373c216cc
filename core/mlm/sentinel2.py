"""Sentinel-2 since processing baseline 04.00 (25 January 2022) adds 1000 to every value; whether a layer is such.

Source: Sentinel-2 products specification, RADIO_ADD_OFFSET (L1C) and BOA_ADD_OFFSET (L2A) of -1000.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional, Sequence

from .bands import common_name
from .raster import RasterBand
from .readings import Units

OFFSET = -1000.0
"""What brings values back to reflectance x 10000."""
DARK = 950.0
"""Below that is no more than a hundredth part of a layer with 1000 added: reflectance hardly goes below -0.005."""
NOT_DARK = 1500.0
"""Above that the darkest band proves nothing: clouds and snow are bright without anything added."""
ABSENT = 800.0
"""Where values of a product with 1000 added are below that, someone has taken it off again."""

_BASELINE = re.compile(r"(?<![A-Za-z0-9])N(\d\d)\.?(\d\d)(?![0-9])")
_NAME = re.compile(r"b(0?[1-9]|1[0-2]|8a)\b", re.IGNORECASE)
_FIRST_BASELINE = (4, 0)


@dataclass(frozen=True)
class Added:
    """That 1000 was added to a layer's values: `sure` if its product says so, `why` as a clause."""

    sure: bool
    why: str


def added(rasters: Sequence[RasterBand]) -> Optional[Added]:
    """Return that 1000 was added to the values of `rasters`, or None where nothing tells it."""
    lows = [r.low for r in rasters if r.low is not None]
    whole = all(r.data_type in ("uint16", "int16", "uint32", "int32") for r in rasters)
    if not whole or not lows or any(0 < low < ABSENT for low in lows):
        return None
    baselines = {_baseline(r.product) for r in rasters}
    if baselines and all(b is not None and b >= _FIRST_BASELINE for b in baselines):
        return Added(
            True, "the layer is Sentinel-2 of processing baseline 04.00 or later, which adds 1000 to its values"
        )
    if any(baselines) or not all(_like_sentinel2(r) for r in rasters) or not DARK <= min(lows) <= NOT_DARK:
        return None
    why = f"hardly a value of the layer is below {min(lows):.0f}, as in Sentinel-2 since 2022, where 1000 is added"
    return Added(False, why)


def without_offset(units: Units) -> Optional[Units]:
    """Return what `units` become for values to which 1000 was added, or None where they know nothing of that."""
    if units.kind == "raw":
        return Units("divided", 1.0, offset=OFFSET)
    tenthousandths = units.item and set(units.item) == {(1e-4, 0.0)}
    if tenthousandths or (units.kind == "divided" and units.value == 10000.0 and not units.offset):
        return Units("divided", 10000.0, offset=OFFSET)
    return None


def taken_off(rasters: Sequence[RasterBand], item: Sequence[tuple[float, float]]) -> bool:
    """Whether an item's scale and offset take off 1000 that the values can't have in them."""
    return set(item) == {(1e-4, OFFSET * 1e-4)} and any(r.low is not None and 0 < r.low < ABSENT for r in rasters)


def _baseline(product: str) -> Optional[tuple[int, int]]:
    """Return the processing baseline that a product's name carries ("..._N0509_..." is 5, 9)."""
    found = _BASELINE.search(product.replace("_", " "))
    return (int(found[1]), int(found[2])) if found else None


def _like_sentinel2(band: RasterBand) -> bool:
    return bool(band.common_name or common_name(band.name) or _NAME.match(band.name.strip()))
