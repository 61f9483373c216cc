"""Which raster band feeds which model band: by hand, by name, by common name, by wavelength; never guessed, none used
twice.

Common names are those of the STAC EO extension 2.0. A match must be the only one possible at its stage; where two
bands answer to the same name, nothing is chosen and the user is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
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
    "narrownir": "nir08",
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

FAMILIES = ("nir", "rededge", "lwir")
"""Common names that stand for several others, whose names begin with them (rededge for rededge071)."""

_NUMBERED = re.compile(r"\b(?:band[ _]?|b)\d{1,2}a?\b", re.IGNORECASE)
"""A band's number in a longer description: "B4, central wavelength 665 nm", "Blue (band 2)"."""

_EXACT_UM = 0.001
"""What is nearer than that is the band itself, though a hyperspectral image has others every 6 to 10 nm."""
_CLOSE_UM = 0.006
"""How far one band lies on two satellites of one series; what is nearer than that is the same band."""
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
            chosen[position] = (named(str(by_hand[band.name]), offered), "by hand")
    doubtful: dict[int, str] = {}
    for how, fits in _STAGES:
        open_bands = [p for p in range(len(wanted)) if p not in chosen and p not in doubtful]
        free = [r for r in offered if all(r is not taken for taken, _ in chosen.values())]
        candidates = {p: [r for r in free if fits(wanted[p], r)] for p in open_bands}
        for position, found in candidates.items():
            if not found:
                continue
            rivals = [p for p in open_bands if p != position and any(r in candidates[p] for r in found)]
            if len(found) == 1 and not rivals:
                chosen[position] = (found[0], how)
            else:
                doubtful[position] = _ambiguous(wanted[position], found, [wanted[p] for p in rivals], how)
    return tuple(
        Match(band.name, *chosen[position])
        if position in chosen
        else Match(band.name, None, "", doubtful.get(position, f"no band for {band.name}"))
        for position, band in enumerate(wanted)
    )


@lru_cache(maxsize=4096)
def common_name(text: str) -> str:
    """Return the common name that a band's name or description stands for, or an empty string."""
    for word in (_letters(text), _letters(_NUMBERED.sub(" ", text))):
        if word in COMMON_NAMES:
            return word
        if word in ALIASES:
            return ALIASES[word]
    return ""


def _same_name(model: Band, raster: RasterBand) -> bool:
    same = _answers(model.name) & _answers(raster.name)
    return bool(same) and not _other_common_name(model, raster) and not _other_wavelength(model, raster)


def _same_common_name(model: Band, raster: RasterBand) -> bool:
    ours = _common(model)
    return bool(ours) and ours == _common(raster) and not _other_wavelength(model, raster)


def _exact_wavelength(model: Band, raster: RasterBand) -> bool:
    distance = _distance(model, raster)
    return distance is not None and distance <= _EXACT_UM


def _close_wavelength(model: Band, raster: RasterBand) -> bool:
    distance = _distance(model, raster)
    return distance is not None and distance <= min(_CLOSE_UM, _tolerance(model))


def _same_wavelength(model: Band, raster: RasterBand) -> bool:
    distance = _distance(model, raster)
    return distance is not None and distance <= _tolerance(model)


_STAGES: tuple[tuple[str, Callable[[Band, RasterBand], bool]], ...] = (
    ("name", _same_name),
    ("common name", _same_common_name),
    ("wavelength", _exact_wavelength),
    ("wavelength", _close_wavelength),
    ("wavelength", _same_wavelength),
)


def _other_common_name(model: Band, raster: RasterBand) -> bool:
    """Whether the common names contradict each other; rededge071 is a rededge, and so no contradiction."""
    ours, theirs = _common(model), _common(raster)
    if not ours or not theirs or ours == theirs:
        return False
    return not any(
        family in (ours, theirs) and ours.startswith(family) and theirs.startswith(family) for family in FAMILIES
    )


def _other_wavelength(model: Band, raster: RasterBand) -> bool:
    """Whether both wavelengths are known and too far apart for one band."""
    distance = _distance(model, raster)
    return distance is not None and distance > max(_TOLERANCE_UM, _tolerance(model))


def _distance(model: Band, raster: RasterBand) -> Optional[float]:
    if model.center_wavelength is None or raster.center_wavelength is None:
        return None
    return abs(model.center_wavelength - raster.center_wavelength)


def _tolerance(model: Band) -> float:
    """How far, in micrometres, the middle of a band may be from the model's: within half its width, and never far."""
    tolerance = max(_TOLERANCE_UM, _TOLERANCE_FRACTION * (model.center_wavelength or 0.0))
    return min(tolerance, model.full_width_half_max / 2) if model.full_width_half_max else tolerance


def _common(band: Band | RasterBand) -> str:
    return common_name(band.common_name) or common_name(band.name)


@lru_cache(maxsize=4096)
def _answers(name: str) -> frozenset[str]:
    """Return what a band may be called by: its whole name, and the number with which it begins ("B4, 665 nm")."""
    number = _NUMBERED.match(name.strip())
    return frozenset(word for word in (plain(name), plain(number[0]) if number else "") if word)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def plain(text: str) -> str:
    """Return a name for comparison: no case, no punctuation, and B04 as B4."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", _letters(text))


def named(wish: str, offered: Sequence[RasterBand]) -> RasterBand:
    """Return the band that the user named: its place in the stack, its name, or FILE:NUMBER."""
    for place, band in enumerate(offered, 1):
        if wish == str(place):
            return band
    file, _, number = wish.rpartition(":")
    for band in offered:
        if file and number == str(band.index) and file in (band.file, PurePath(band.file).name):
            return band
    found = [b for b in offered if wish and wish in (b.name, b.common_name)]
    found = found or [b for b in offered if plain(wish) and plain(wish) in (plain(b.name), plain(b.common_name))]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{place} ({b.name})" if b.name else str(place) for place, b in enumerate(offered, 1))
    many = "several bands" if found else "no band"
    raise UsageError(f"The raster has {many} called {wish!r}; choose one of {names}.")


def _ambiguous(band: Band, found: Sequence[RasterBand], rivals: Sequence[Band], how: str) -> str:
    if len(found) > 1:
        return f"{len(found)} bands of the layer have the {how} of {band.name}"
    if all(r.name == band.name for r in rivals):
        return f"the model takes {band.name} {len(rivals) + 1} times, and the layer has it once"
    return f"{found[0].label} has the {how} of {band.name} and of {', '.join(r.name for r in rivals)}"
