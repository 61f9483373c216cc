"""Scaling constants that stand in another order than their bands, told from the layer or from the item alone.

The published EuroSAT items have it: their statistics are those of B01 to B12 with B8A last, their bands have B8A before
B09. Nothing else would notice: the units are right, and most bands get plausible values.
"""

from __future__ import annotations

import math
import re
import statistics
from dataclasses import dataclass
from typing import Optional, Sequence

from .bands import common_name
from .finding import Finding
from .model import Band
from .plausible import Expected, Pair, digits
from .readings import Units

FAR = 3.0
"""How many times brighter than expected one band must be, and how many times darker another. Clouds make all brighter,
shadow makes all darker; rightly ordered constants of published models never did both by more than 1.9."""
MUCH_BETTER = 10.0
"""How many times nearer to one another the bands' brightness (against what is expected of them) must come in another
order. Under right constants another order gained at most 2.2 in pieces of real images, and 6 over open water."""
CLOSE = 10.0
"""How far apart it may be in the other order; else that is no explanation either."""
NEARLY_BLACK = 0.1
"""A mean below this part of the bands' median mean belongs to the cirrus band, where the ground gives no light."""

_SENTINEL2 = re.compile(r"b0?(\d{1,2}a?)", re.IGNORECASE)
_REMEDY = (
    "Compare them with the training code, or ask the publisher; write the item anew with the constants in the order of "
    "its bands."
)


@dataclass(frozen=True)
class _Wanted:
    """What the item expects of a band, and what the layer has."""

    name: str
    middle: float
    value: float


def misordered(
    bands: Sequence[Band], expectations: Sequence[Optional[Expected]], pairs: Sequence[Pair], units: Units
) -> tuple[Finding, ...]:
    """Return a doubt that names the bands whose constants seem to be those of others; nothing where none seem so.

    `expectations` has an entry for each of `bands`, `pairs` those that the layer has values for.
    """
    once = [(b, e) for n, (b, e) in enumerate(zip(bands, expectations)) if e is not None and b not in bands[:n]]
    said = _by_cirrus([b for b, _ in once], [e.middle for _, e in once if e is not None]) or _by_layer(
        bands, pairs, units
    )
    return (Finding("doubt", said, _REMEDY, "constants in another order"),) if said else ()


def _by_cirrus(bands: Sequence[Band], middles: Sequence[float]) -> str:
    """Return what the item alone tells: the nearly black constants are not those of the cirrus band."""
    cirrus = [n for n, band in enumerate(bands) if _is_cirrus(band, bands)]
    if len(cirrus) != 1 or len(bands) < 4 or min(middles) <= 0 or not all(map(_spectral, bands)):
        return ""
    limit = NEARLY_BLACK * statistics.median(middles)
    black = [n for n, middle in enumerate(middles) if middle < limit]
    if len(black) != 1 or black == cirrus or middles[cirrus[0]] < FAR * limit:
        return ""
    names = [band.name for band in bands]
    by_name = sorted(names)
    sorted_too = by_name[black[0]] == names[cirrus[0]]
    moved = [a for a, b in zip(names, by_name) if a != b] if sorted_too else [names[n] for n in (*black, *cirrus)]
    text = f"{_beginning(moved)} {names[cirrus[0]]}, the cirrus band, is nearly black and has "
    text += f"{digits(middles[cirrus[0]])}, while {names[black[0]]} has {digits(middles[black[0]])}"
    return f"{text}; sorted by name ({', '.join(by_name)}) they would fit." if sorted_too else f"{text}."


def _by_layer(bands: Sequence[Band], pairs: Sequence[Pair], units: Units) -> str:
    """Return what the layer's values tell: in another order the constants would fit them much better."""
    wanted = [
        _Wanted(bands[p.place].name, p.want.middle, units.apply_to(p.median, p.band, p.place))
        for p in pairs
        if _spectral(bands[p.place])
    ]
    wanted = [w for w in wanted if w.middle > 0 and w.value > 0]
    if len(wanted) < 3:
        return ""
    off = [math.log(w.value / w.middle) for w in wanted]
    # Matching by rank brings the ratios nearest to one another that any order can.
    ranked = zip(sorted(w.value for w in wanted), sorted(w.middle for w in wanted))
    healed = [math.log(value / middle) for value, middle in ranked]
    far, apart = math.log(FAR), max(healed) - min(healed)
    if max(off) < far or min(off) > -far or apart > math.log(CLOSE):
        return ""
    if max(off) - min(off) - apart < math.log(MUCH_BETTER):
        return ""
    brightness = statistics.median(off)
    strange = [w for w, ratio in zip(wanted, off) if abs(ratio - brightness) >= far]
    each = [f"{w.name} is {digits(w.value)} and {digits(w.middle)} is expected" for w in strange]
    return (
        f"{_beginning(list(dict.fromkeys(w.name for w in strange)))} {', '.join(each)}; in another order all would fit."
    )


def _beginning(names: Sequence[str]) -> str:
    return f"The scaling constants of {', '.join(names)} seem to stand in another order than the bands:"


def _is_cirrus(band: Band, bands: Sequence[Band]) -> bool:
    """Whether a band is the cirrus band by its common name, or is B10 of Sentinel-2, which alone has a B8A."""
    if "cirrus" in (band.common_name, common_name(band.name)):
        return True
    return _number(band) == "10" and any(_number(b) == "8A" for b in bands)


def _spectral(band: Band) -> bool:
    """Whether a band is light of some wavelength; the middles of other quantities (elevation, dB) can't be compared."""
    return bool(band.common_name or band.center_wavelength or common_name(band.name) or _number(band))


def _number(band: Band) -> str:
    """Return the number of a band that is called by one: "8A" of "B8A", "4" of "B04"."""
    found = _SENTINEL2.fullmatch(band.name.strip())
    return found[1].upper() if found else ""
