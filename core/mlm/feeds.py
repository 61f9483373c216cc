"""What each input of a model needs from the rasters: its source bands, once for each date, named as the user sees them.

A band that stands in two inputs is the same band of the same image, unless the inputs name the same bands in the same
order: those are two images. Bands that occur again, within an input or in the next date, are of another occasion: each
occasion has its own rasters, in the order in which they are given.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Mapping, Optional, Sequence

from ..errors import NotRunnable, UsageError
from .bands import Match, common_name, match, named, plain
from .dimensions import sizes
from .model import VARIABLE, Band, Model, ModelInput
from .raster import RasterBand
from .readings import Units

MOST_INPUTS = 50
MOST_BANDS = 5000
"""A year of images of 13 bands, and more than any instrument has at once."""


@dataclass(frozen=True)
class Feed:
    """What input `place` of a model gets: its source bands in `matches`, date by date, read as `units` says."""

    place: int
    dates: int
    matches: tuple[Match, ...]
    units: Units = Units("raw")

    @property
    def rasters(self) -> tuple[RasterBand, ...]:
        """The raster bands in the input's order; those not found are left out."""
        return tuple(m.raster for m in self.matches if m.raster is not None)


@dataclass(frozen=True)
class _Wish:
    label: str
    band: Band
    occasion: int


def feeds(
    model: Model, offered: Sequence[RasterBand], by_hand: Mapping[str, str], times: Optional[Mapping[int, int]] = None
) -> tuple[Feed, ...]:
    """Return what feeds each input that takes bands; `times` is the number of dates by input, where the file fixes it.

    Raises `UsageError` where `by_hand` names what does not exist, `NotRunnable` where an item wants more than any model
    does: it would keep whoever compares it busy for minutes.
    """
    places = [place for place, given in enumerate(model.inputs) if given.sources]
    count = {p: dates(model.inputs[p], (times or {}).get(p), offered) for p in places}
    _bounded(model, count)
    wishes = {p: _wishes(model, p, count[p]) for p in places}
    matches = _matches([w for p in places for w in wishes[p]], offered, by_hand)
    return tuple(Feed(p, count[p], tuple(matches[w.label] for w in wishes[p])) for p in places)


def _bounded(model: Model, count: Mapping[int, int]) -> None:
    bands = sum(len(model.inputs[place].sources) * number for place, number in count.items())
    for number, most, what in ((len(model.inputs), MOST_INPUTS, "inputs"), (bands, MOST_BANDS, "bands of all dates")):
        if number > most:
            raise NotRunnable(
                f"The model wants {number} {what}, and {most} are the most that are taken. Ask its publisher."
            )


def dates(given: ModelInput, fixed: Optional[int], offered: Sequence[RasterBand]) -> int:
    """Return how many dates an input takes: what the file fixes, what the item says, or what the rasters have."""
    said = sizes(given.tensor.dim_order, given.tensor.shape).get("time")
    if said is None:
        return 1
    if fixed is not None:
        return fixed
    return said if said != VARIABLE else max(1, len(occasions(offered)))


def occasions(offered: Sequence[RasterBand]) -> list[list[RasterBand]]:
    """Return the bands in sets, a new one from where a band comes again: a later date, or another image.

    A file with a band that was there before is of another occasion from its first band on.
    """
    sets: list[list[RasterBand]] = []
    seen: set[object] = set()
    for _, group in groupby(offered, key=lambda band: band.file):
        bands = list(group)
        again = any(_key(band) in seen for band in bands)
        for band in bands:
            if not sets or again or _key(band) in seen:
                sets.append([])
                seen = set()
                again = False
            seen.add(_key(band))
            sets[-1].append(band)
    return sets


def _key(band: RasterBand) -> object:
    """Return what makes a band the same as one of another occasion: what it is called, else its place in its file."""
    return common_name(band.common_name) or plain(band.name) or band.index


def _wishes(model: Model, place: int, count: int) -> list[_Wish]:
    """Return the bands of an input in order, with their labels: nir, nir@2 where it occurs again, after.nir."""
    given = model.inputs[place]
    names = [band.name for band in given.sources]
    before = sum(_names(other) == _names(given) for other in model.inputs[:place])
    twins = sum(_names(other) == _names(given) for other in model.inputs) > 1
    several = count > 1 or len(set(names)) < len(names)
    each = max(Counter(names).values(), default=1)
    wishes = []
    for date in range(count):
        seen: Counter[str] = Counter()
        for band in given.sources:
            seen[band.name] += 1
            number = date * each + seen[band.name]
            label = f"{band.name}@{number}" if several else band.name
            if twins:
                label = f"{given.name or f'input {place + 1}'}.{label}"
            wishes.append(_Wish(label, band, before * count * each + number))
    return wishes


def _names(given: ModelInput) -> list[str]:
    return [plain(band.name) for band in given.sources]


def _matches(wishes: Sequence[_Wish], offered: Sequence[RasterBand], by_hand: Mapping[str, str]) -> dict[str, Match]:
    """Return the match of each label; bands of one occasion are looked for in one set of the rasters' bands."""
    labels = list(dict.fromkeys(w.label for w in wishes))
    unknown = sorted(set(by_hand) - set(labels))
    if unknown:
        raise UsageError(f"The model has no band {unknown[0]!r}; its bands are {', '.join(labels)}.")
    found = {label: Match(label, named(str(wish), offered), "by hand") for label, wish in by_hand.items()}
    last = max((w.occasion for w in wishes), default=1)
    again = {plain(w.band.name) for w in wishes if w.occasion > 1}
    sets = occasions(offered) if last > 1 else []
    if len(sets) > last:
        why = f"the model takes {last} dates or images, and the layers hold {len(sets)}"
        return {label: found.get(label) or Match(label, None, "", why) for label in labels}
    for number in range(1, last + 1 if last > 1 else 1):
        repeated = [w for w in wishes if w.occasion == number and plain(w.band.name) in again]
        pool = sets[number - 1] if number <= len(sets) else []
        _look(repeated, pool, found, f"the layers hold {len(sets)} of {last} dates or images")
    _look([w for w in wishes if plain(w.band.name) not in again], offered, found, "no band is given")
    return found


def _look(wishes: Sequence[_Wish], pool: Sequence[RasterBand], found: dict[str, Match], empty: str) -> None:
    """Add to `found` what is in `pool` for the wishes that have nothing yet; no band is used for two."""
    bands = {w.label: w.band for w in wishes if w.label not in found}
    taken = {label: m.raster for label, m in found.items() if m.raster is not None and m.how == "by hand"}
    free = [band for band in pool if all(band is not m.raster for m in found.values())]
    offered = match(list(bands.values()), free, {})
    every = match(list(bands.values()), pool, {}) if taken else offered
    for label, one, whole in zip(bands, offered, every):
        other = next((word for word, band in taken.items() if band is whole.raster), "")
        why = f"{whole.raster.label} is given to {other} by hand" if other and whole.raster else one.why
        found[label] = replace(one, model=label, why=why if pool else empty)
