"""Which reading of stored values is what the model was trained on, and what is to be said about the choice.

MLM has one Value Scaling Object a band and no chain, so publishers leave this step out (an ImageNet mean of 0.485 for
8-bit images). It is found by comparing the raster's sampled statistics with what the model declares, and always said.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Mapping, Optional, Sequence

from . import sentinel2
from .finding import Finding
from .model import Band, ValueScaling
from .plausible import IMPOSSIBLE, PLAUSIBLE, Expected, Pair, cost, expected, reaches, shown
from .raster import RasterBand
from .readings import Units, file_scales, item_scales, wished
from .scaling_order import misordered

__all__ = ["Expected", "Units", "choose", "expected"]

RIVAL = 1.0
"""How much more another plausible reading may cost and still be mentioned."""
NEARER = 0.25
"""How much less a reading must cost (here one standard deviation of the middle) to speak against a known offset."""
SMALLEST_OF_BYTES = 1e-3
"""A smaller scale of the item is no scale of 8-bit values: 0.0001 would make 0.0255 of the largest."""

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

_BY_HAND = "Choose the units by hand if this is wrong."


def choose(
    bands: Sequence[Band], scalings: Sequence[Optional[ValueScaling]], rasters: Sequence[RasterBand], wish: str
) -> tuple[Units, tuple[Finding, ...]]:
    """Return the reading for matched bands (three sequences of one length), and what is to be said about it.

    `wish` is auto, or what `readings.wished` knows. A doubt about the order of the scaling constants is among the
    findings, since it comes from the same comparison.
    """
    hopes = [expected(b, s) for b, s in zip(bands, scalings)]
    known = [(hope, r, n) for n, (hope, r) in enumerate(zip(hopes, rasters)) if hope is not None]
    pairs = [Pair(hope, r, n) for hope, r, n in known if r.median is not None]
    if wish != "auto":
        units, said = _obeyed(wished(str(wish), bands, rasters), pairs)
    elif not known:
        units, said = _unknown(bands, rasters)
    elif not pairs:
        text = "No valid value of the layer is known, so its units could not be compared with the model's."
        units, said = Units("raw", None, "no valid value of the layer is known"), (Finding("note", text),)
    else:
        units, said = _compared(bands, rasters, pairs)
    return units, (*said, *misordered(bands, hopes, pairs, units))


def _obeyed(units: Units, pairs: Sequence[Pair]) -> tuple[Units, tuple[Finding, ...]]:
    if not pairs or cost(units, pairs) <= PLAUSIBLE:
        return units, ()
    text = f"You asked for values {units.words}, which are unusual for this model: {shown(units, pairs)}."
    return units, (Finding("doubt", text, "Check the units.", "unusual values"),)


def _compared(
    bands: Sequence[Band], rasters: Sequence[RasterBand], pairs: Sequence[Pair]
) -> tuple[Units, tuple[Finding, ...]]:
    """Return the reading that brings the values nearest to what is expected of them."""
    guesses = [u for u in _guessed(rasters) if reaches(u, pairs)]
    costs = {u: cost(u, pairs) for u in (*_stated(bands, rasters), *guesses)}
    units = _nearest(costs)
    other, about = _without_added(units, rasters, pairs)
    if other is not None:
        costs[other] = cost(other, pairs)
        units = other
    told = shown(units, pairs)
    if costs[units] > IMPOSSIBLE:
        text = f"The values are not what the model expects: {told}."
        remedy = "Choose another layer, or say how the values are to be read (raw, scaled, or a number to divide by)."
        return Units("raw", None, told), (Finding("error", text, remedy, "other values than the model's"),)
    said = about if about and costs[units] <= PLAUSIBLE else _doubts(units, costs, told, _shaky(units, bands, rasters))
    return replace(units, why=told), said


def _nearest(costs: Mapping[Units, float]) -> Units:
    """Return the reading of least cost; a divisor is a guess, for where none that is stated will do.

    What the file says of its own values is believed although they are unusual; an item speaks of other files.
    """
    stated = min((u for u in costs if u.kind != "divided"), key=lambda u: costs[u])
    enough = IMPOSSIBLE if stated.kind == "scaled" and not stated.item else PLAUSIBLE
    return stated if costs[stated] <= enough else min(costs, key=lambda u: costs[u])


def _without_added(
    units: Units, rasters: Sequence[RasterBand], pairs: Sequence[Pair]
) -> tuple[Optional[Units], tuple[Finding, ...]]:
    """Return the reading to take in place of `units` because 1000 was added to the values, or None, and what is said.

    Where the layer's product tells it, it is taken off unless the values are nearer to the model's with it; where only
    the values look like it, the nearer reading is taken, and the other is always mentioned.
    """
    added = sentinel2.added(rasters)
    other = sentinel2.without_offset(units)
    if added is None or other is None:
        return None, ()
    gain = cost(units, pairs) - cost(other, pairs)
    take = gain > -NEARER if added.sure else gain > 0
    first, second = (other, units) if take else (units, other)
    rival = cost(second, pairs) <= PLAUSIBLE
    if added.sure and take:
        text = f"Values are taken {first.words}, since {added.why}: {shown(first, pairs)}."
        return other, (Finding("note", text),)
    if not rival and not take:
        return None, ()
    text = f"Values are taken {first.words}, which is a guess: {added.why}"
    if rival:
        text = f"The values can be taken {first.words} or {second.words}: {added.why}; the first is nearer"
    text += f"; {shown(first, pairs)}."
    remedy = f"Choose {other.wish} as units if 1000 is to be taken off, {units.wish} if nothing was added."
    return other if take else None, (Finding("doubt", text, remedy, "units unclear"),)


def _doubts(units: Units, costs: Mapping[Units, float], told: str, shaky: str) -> tuple[Finding, ...]:
    if costs[units] > PLAUSIBLE:
        text = f"The values are unusual for this model: {told}."
        return (Finding("doubt", text, "Check the units.", "unusual values"),)
    guess = units.kind == "divided"
    near = min(PLAUSIBLE, costs[units] + RIVAL)
    rivals = [u for u, other in costs.items() if u != units and other <= near and (u.kind == "divided") == guess]
    if rivals:
        text = f"The values can be taken {units.words} or {rivals[0].words}; the first is nearer: {told}."
        return (Finding("doubt", text, _BY_HAND, "units unclear"),)
    if shaky:
        text = f"Values are taken {units.words}, which is a guess: {shaky}; {told}."
        return (Finding("doubt", text, _BY_HAND, "units"),)
    if units.kind == "raw":
        return ()
    return (Finding("note", f"Values are taken {units.words}: {told}."),)


def _shaky(units: Units, bands: Sequence[Band], rasters: Sequence[RasterBand]) -> str:
    """Return why a reading that the layer does not state is weak although its numbers are plausible, or nothing."""
    if units.kind == "raw" or (units.kind == "scaled" and not units.item):
        return ""
    if units.kind == "divided" and units.value != REFLECTANCE_DIVISOR and any(_is_reflectance(b) for b in bands):
        return "the model expects reflectance, and the layer does not say that its values are such"
    if any(r.data_type.startswith("float") for r in rasters):
        return "the layer's numbers are floating-point, whose range does not tell how they were made"
    return ""


def _is_reflectance(band: Band) -> bool:
    """Whether the item declares a band of the physical quantity, and no bare number between 0 and 1."""
    low, high = band.minimum, band.maximum
    fraction = low is not None and high is not None and 0.0 <= low < high <= 1.0
    return band.unit.strip().lower() in REFLECTANCE_UNITS or fraction


def _stated(bands: Sequence[Band], rasters: Sequence[RasterBand]) -> list[Units]:
    """Return the readings that the file gives, or the item where the file has no scale of its own."""
    if file_scales(rasters):
        return [Units("raw"), Units("scaled")]
    scales = item_scales(bands)
    if not scales or not _alike(bands, rasters, scales) or sentinel2.taken_off(rasters, scales):
        return [Units("raw")]
    return [Units("raw"), Units("scaled", item=scales)]


def _alike(bands: Sequence[Band], rasters: Sequence[RasterBand], scales: Sequence[tuple[float, float]]) -> bool:
    """Whether the layer's values can be of the kind that the item's scale is for: bytes are no 16-bit numbers."""
    declared = [b.data_type for b in bands if b.data_type]
    if all(map(_is_byte, (r.data_type for r in rasters))):
        return all(map(_is_byte, declared)) if declared else min(abs(s) for s, _ in scales) >= SMALLEST_OF_BYTES
    return not declared or not all(map(_is_byte, declared))


def _is_byte(data_type: str) -> bool:
    return data_type in ("uint8", "int8")


def _guessed(rasters: Sequence[RasterBand]) -> list[Units]:
    """Return the divisors that publishers use and that the values' range allows."""
    bright = max((r.high for r in rasters if r.high is not None), default=0.0)
    if all(_is_byte(r.data_type) for r in rasters):
        return [Units("divided", 255.0)]
    whole = all(r.data_type.startswith(("int", "uint")) for r in rasters)
    return [Units("divided", d) for d, low, high in GUESSES if low <= bright <= high and not (whole and d < 1)]


def _unknown(bands: Sequence[Band], rasters: Sequence[RasterBand]) -> tuple[Units, tuple[Finding, ...]]:
    """Return the reading where the item does not say what values it expects: as stored, with a doubt where that
    matters.
    """
    units = Units("raw", None, "the model does not say what values it expects")
    text, remedy = _untold(bands, rasters)
    return units, (Finding("doubt", text, remedy, "units unclear"),) if text else ()


def _untold(bands: Sequence[Band], rasters: Sequence[RasterBand]) -> tuple[str, str]:
    """Return why values as stored may not be what such a model expects, and what to choose then."""
    wanted = {b.data_type for b in bands if b.data_type}
    stored = {r.data_type for r in rasters}
    added = sentinel2.added(rasters)
    scaled = "Choose scaled units if the model expects physical values."
    if file_scales(rasters):
        text = "The layer declares a scale and offset, and the model does not say whether to apply them; "
        return f"{text}values are as stored.", scaled
    if added is not None and added.sure:
        text = f"The model does not say what values it expects, and {added.why}; values are as stored."
        return text, "Choose -1000/1 as units, or -1000/10000 for reflectance, if the model expects values without it."
    scales = item_scales(bands)
    if scales and _alike(bands, rasters, scales):
        text = "The item declares a scale for its bands, and does not say whether the model expects scaled values; "
        return f"{text}values are as stored.", scaled
    if wanted and any(w.startswith("float") for w in wanted) and not any(s.startswith("float") for s in stored):
        ours, theirs = ", ".join(sorted(wanted)), ", ".join(sorted(stored))
        text = f"The model expects {ours}, the layer has {theirs}; values are as stored."
        return text, "Choose a number to divide by if the model expects scaled values."
    return "", ""
