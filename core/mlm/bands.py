"""Which raster band feeds which model band: by hand, by name, by common name, by wavelength; never guessed, none used
twice.

Common names are those of the STAC EO extension 2.0. A match must be the only one possible at its stage; where two
bands answer to the same name, nothing is chosen and the user is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Callable, Mapping, Optional, Sequence

from ..errors import UsageError
from .model import Band
from .raster import RasterBand

COMMON_NAMES = frozenset(
    [
        "pan",
        "coastal",
        "blue",
        "green",
        "green05",
        "yellow",
        "red",
        "rededge",
        "rededge071",
        "rededge075",
        "rededge078",
        "nir",
        "nir08",
        "nir09",
        "cirrus",
        "swir16",
        "swir22",
        "lwir",
        "lwir11",
        "lwir12",
    ]
)
ALIASES = {
    "coastalaerosol": "coastal",
    "aerosol": "coastal",
    "nearinfrared": "nir",
    "nearir": "nir",
    "infrared": "nir",
    "nirbroad": "nir",
    "nirnarrow": "nir08",
    "watervapour": "nir09",
    "watervapor": "nir09",
    "rededge1": "rededge071",
    "rededge2": "rededge075",
    "rededge3": "rededge078",
    "swir1": "swir16",
    "swir2": "swir22",
    "shortwaveinfrared1": "swir16",
    "shortwaveinfrared2": "swir22",
    "panchromatic": "pan",
    "thermal": "lwir",
}
"""Words in band descriptions, letters and digits only, and the common name that each stands for."""

_TOLERANCE_UM = 0.03
_TOLERANCE_FRACTION = 0.05


@dataclass(frozen=True)
class Match:
    """A model band and the raster band that feeds it; `raster` is None, and `why` says why, where none was found."""

    model: str
    raster: Optional[RasterBand]
    how: str = ""
    why: str = ""


def match(wanted: Sequence[Band], offered: Sequence[RasterBand], by_hand: Mapping[str, str]) -> tuple[Match, ...]:
    """Return one `Match` for each wanted band, in order; `by_hand` maps model bands to a number, a name or
    FILE:NUMBER.
    """
    unknown = sorted(set(by_hand) - {b.name for b in wanted})
    if unknown:
        names = ", ".join(b.name for b in wanted)
        raise UsageError(f"The model has no band {unknown[0]!r}; its bands are {names}.")
    chosen: dict[int, tuple[RasterBand, str]] = {}
    for position, band in enumerate(wanted):
        if band.name in by_hand:
            chosen[position] = (_named(by_hand[band.name], offered), "by hand")
    doubtful: dict[int, str] = {}
    for how, fits in _STAGES:
        open_bands = [p for p in range(len(wanted)) if p not in chosen and p not in doubtful]
        free = [r for r in offered if all(r is not taken for taken, _ in chosen.values())]
        candidates = {p: [r for r in free if fits(wanted[p], r)] for p in open_bands}
        for position, found in candidates.items():
            rivals = [p for p in open_bands if p != position and any(r in candidates[p] for r in found)]
            if len(found) == 1 and not rivals:
                chosen[position] = (found[0], how)
            elif found:
                doubtful[position] = _ambiguous(wanted[position], found, [wanted[p] for p in rivals], how)
    return tuple(
        Match(band.name, *chosen[position])
        if position in chosen
        else Match(band.name, None, "", doubtful.get(position, f"no band for {band.name}"))
        for position, band in enumerate(wanted)
    )


def common_name(text: str) -> str:
    """Return the common name that a band's name or description stands for, or an empty string."""
    word = _letters(text)
    if word in COMMON_NAMES:
        return word
    return ALIASES.get(word, "")


def _same_name(model: Band, raster: RasterBand) -> bool:
    if not model.name or _plain(model.name) != _plain(raster.name):
        return False
    ours, theirs = _common(model), raster.common_name or common_name(raster.name)
    return not ours or not theirs or ours == theirs


def _same_common_name(model: Band, raster: RasterBand) -> bool:
    ours = _common(model)
    return bool(ours) and ours == (raster.common_name or common_name(raster.name))


def _same_wavelength(model: Band, raster: RasterBand) -> bool:
    if model.center_wavelength is None or raster.center_wavelength is None:
        return False
    tolerance = max(_TOLERANCE_UM, _TOLERANCE_FRACTION * model.center_wavelength)
    if model.full_width_half_max:
        tolerance = min(tolerance, model.full_width_half_max / 2)
    return abs(model.center_wavelength - raster.center_wavelength) <= tolerance


_STAGES: tuple[tuple[str, Callable[[Band, RasterBand], bool]], ...] = (
    ("name", _same_name),
    ("common name", _same_common_name),
    ("wavelength", _same_wavelength),
)


def _common(model: Band) -> str:
    return common_name(model.common_name) or common_name(model.name)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _plain(text: str) -> str:
    """Return a name for comparison: no case, no punctuation, and B04 as B4."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", _letters(text))


def _named(wish: str, offered: Sequence[RasterBand]) -> RasterBand:
    """Return the band that the user named: its place in the stack, its name, or FILE:NUMBER."""
    if wish.isdigit() and 1 <= int(wish) <= len(offered):
        return offered[int(wish) - 1]
    file, _, number = wish.rpartition(":")
    for band in offered:
        if file and number == str(band.index) and file in (band.file, PurePath(band.file).name):
            return band
    found = [b for b in offered if wish and wish in (b.name, b.common_name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{place} ({b.name})" if b.name else str(place) for place, b in enumerate(offered, 1))
    many = "several bands" if found else "no band"
    raise UsageError(f"The raster has {many} called {wish!r}; choose one of {names}.")


def _ambiguous(band: Band, found: Sequence[RasterBand], rivals: Sequence[Band], how: str) -> str:
    if len(found) > 1:
        return f"{len(found)} bands have the {how} of {band.name}"
    return f"{found[0].label} has the {how} of {band.name} and of {', '.join(r.name for r in rivals)}"
