"""One-click remedies: changes of a choice that were tried and make the model fit better. Nothing is offered that does
not help."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from ..core.mlm.raster import RasterInfo
from .found import Choice, Found, fit_of

DIVISORS = (255.0, 10000.0, 65535.0)
"""Numbers that rasters are commonly multiplied by: 8 and 16 bits, and reflectance x 10000."""

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
    for remedy in _candidates(raster, choice):
        then = fit_of(found, raster, remedy.choice)
        left = sum(f.level != "note" for f in then.findings)
        if (_RANK[then.state], left) < (_RANK[now.state], doubts):
            gone = {f.text for f in now.findings} - {f.text for f in then.findings}
            found_better.append((_RANK[then.state], left, replace(remedy, solves=frozenset(gone))))
    return tuple(remedy for _, _, remedy in sorted(found_better, key=lambda entry: entry[:2]))


def units_label(units: str) -> str:
    """Return how a wish for units is called in a list or on a button."""
    fixed = {"auto": "Automatic", "raw": "As Stored", "scaled": "Scaled as the File Says"}
    return fixed.get(units) or f"Divided by {float(units):g}"


def units_offered(raster: Optional[RasterInfo]) -> tuple[str, ...]:
    """Return the wishes that make sense for a raster; scaled is one only where the file declares a scale."""
    scaled = raster is not None and any((b.scale, b.offset) != (1.0, 0.0) for b in raster.bands)
    return ("auto", "raw", *(("scaled",) if scaled else ()), *(f"{d:g}" for d in DIVISORS))


def _candidates(raster: RasterInfo, choice: Choice) -> list[Remedy]:
    verbs = {"auto": "Choose Units Automatically", "raw": "Use Values as Stored", "scaled": "Use the File's Scale"}
    made = [
        Remedy(verbs.get(units) or f"Divide by {float(units):g}", replace(choice, units=units))
        for units in units_offered(raster)
        if units != choice.units
    ]
    if not choice.skip_functions:
        made.append(Remedy("Run Without the Functions", replace(choice, skip_functions=True)))
    if choice.bands:
        made.append(Remedy("Match Bands Automatically", replace(choice, bands={})))
    return made
