"""One-click remedies: changes of a choice that were tried and make the model fit better. Nothing is offered that does
not help."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from ..core.mlm.raster import RasterInfo
from ..core.mlm.readings import file_scales, item_scales
from ..core.mlm.sentinel2 import OFFSET, added
from .found import Choice, Found, fit_of, metres_of

DIVISORS = (255.0, 10000.0, 65535.0)
"""Numbers that rasters are commonly multiplied by: 8 and 16 bits, and reflectance x 10000."""

SHIFTED = (f"{OFFSET:+g}/10000", f"{OFFSET:+g}/1")
"""Sentinel-2 since 2022 has 1000 added to all its values; models want reflectance, or the numbers of before."""

_RANK = {"fits": 0, "look": 1, "no": 2}


@dataclass(frozen=True)
class Remedy:
    """A button: what it says, the choice that it makes, and the texts of the findings that are gone then."""

    label: str
    choice: Choice
    solves: frozenset[str] = frozenset()


def remedies(found: Found, raster: RasterInfo, choice: Choice) -> tuple[Remedy, ...]:
    """Return what would bring the fit a step nearer to fitting, the best first."""
    now = fit_of(found, raster, choice)
    doubts = sum(f.level != "note" for f in now.findings)
    found_better: list[tuple[int, int, Remedy]] = []
    for remedy in _candidates(found, raster, choice):
        then = fit_of(found, raster, remedy.choice)
        left = sum(f.level != "note" for f in then.findings)
        if (_RANK[then.state], left) < (_RANK[now.state], doubts):
            gone = {f.text for f in now.findings} - {f.text for f in then.findings}
            found_better.append((_RANK[then.state], left, replace(remedy, solves=frozenset(gone))))
    return tuple(remedy for _, _, remedy in sorted(found_better, key=lambda entry: entry[:2]))


def units_label(units: str) -> str:
    """Return how a wish for units is called in a list or on a button."""
    fixed = {"auto": "Automatic", "raw": "As Stored", "scaled": "Scaled as Declared"}
    return fixed.get(units) or _numbers_label(units, "Less", "Plus", "Divided by")


def units_offered(found: Optional[Found], raster: Optional[RasterInfo]) -> tuple[str, ...]:
    """Return the wishes that make sense: scaled only where the file or the item declares a scale, an offset only where
    the values look as if one was added."""
    rasters = raster.bands if raster is not None else ()
    model = found.model if found is not None else None
    scaled = file_scales(rasters) or (model is not None and any(item_scales(i.sources) for i in model.inputs))
    shifted = bool(rasters) and added(rasters) is not None
    divided = (f"{d:g}" for d in DIVISORS)
    return ("auto", "raw", *(("scaled",) if scaled else ()), *divided, *(SHIFTED if shifted else ()))


def _candidates(found: Found, raster: RasterInfo, choice: Choice) -> list[Remedy]:
    verbs = {"auto": "Choose Units Automatically", "raw": "Use Values as Stored", "scaled": "Use the File's Scale"}
    made = [
        Remedy(verbs.get(units) or _numbers_label(units, "Subtract", "Add", "Divide by"), replace(choice, units=units))
        for units in units_offered(found, raster)
        if units != choice.units
    ]
    size = metres_of("model", found.model)
    if size is not None and choice.resolution != "model":
        made.append(Remedy(f"Resample to {size:g} m", replace(choice, resolution="model")))
    if choice.resolution is not None:
        made.append(Remedy("Use the Layer's Resolution", replace(choice, resolution=None)))
    if not choice.skip_functions:
        made.append(Remedy("Run Without the Functions", replace(choice, skip_functions=True)))
    if choice.bands:
        made.append(Remedy("Match Bands Automatically", replace(choice, bands={})))
    return made


def _numbers_label(units: str, less: str, plus: str, divided: str) -> str:
    """Return what is done with "255" or "-1000/10000", in words of one's own."""
    offset, slash, divisor = units.rpartition("/")
    number = float(offset) if slash else 0.0
    said = [f"{less if number < 0 else plus} {abs(number):g}"] if number else []
    if float(divisor) != 1 or not said:
        said.append(f"{divided} {float(divisor):g}")
    return ", ".join(said)
