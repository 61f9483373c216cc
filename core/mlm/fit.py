"""Whether a model runs on a raster, from its item and the raster's description alone; quick enough for a list of
hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Mapping, Optional, Sequence

from ..errors import NotRunnable
from .ability import obstacles, remarks
from .bands import Match
from .feeds import Feed, feeds
from .finding import Finding
from .model import Model
from .raster import RasterBand, RasterInfo, file_names
from .sources import source_scalings
from .units import Units, choose, expected

_Box = tuple[float, float, float, float]

MOST_NAMED = 20
"""How many bands a sentence names."""
RESOLUTION_RATIO = 1.6
"""How far the pixel's size may be from the model's before it is mentioned."""


@dataclass(frozen=True)
class Fit:
    """Which raster band feeds which model band, in what units, and what is to be said before a run."""

    feeds: tuple[Feed, ...]
    findings: tuple[Finding, ...]

    @property
    def bands(self) -> tuple[Match, ...]:
        """The bands of all inputs in their order; one that feeds two inputs is listed once."""
        return tuple({m.model: m for feed in self.feeds for m in feed.matches}.values())

    @property
    def units(self) -> Units:
        """How the values of the first input are read; the other inputs' stand in `feeds`."""
        return self.feeds[0].units if self.feeds else Units("raw")

    @property
    def fits(self) -> bool:
        return not any(f.level == "error" for f in self.findings)

    @property
    def state(self) -> str:
        """Return "fits", "look" (there is a doubt) or "no"."""
        if not self.fits:
            return "no"
        return "look" if any(f.level == "doubt" for f in self.findings) else "fits"

    @property
    def why(self) -> str:
        """The shortest true words on why it is not plainly fitting."""
        for level in ("error", "doubt"):
            for finding in self.findings:
                if finding.level == level:
                    return finding.short or finding.text
        return ""

    @property
    def rasters(self) -> tuple[RasterBand, ...]:
        """The raster bands that are used, in the model's order."""
        return tuple(m.raster for m in self.bands if m.raster is not None)

    def with_findings(self, more: list[Finding]) -> Fit:
        return replace(self, findings=self.findings + tuple(more))

    def to_json(self) -> dict[str, Any]:
        """Return the keys that `check` prints."""
        return {
            "fits": self.fits,
            "state": self.state,
            "why": self.why,
            "bands": [
                {
                    "model": m.model,
                    "raster": m.raster.index if m.raster else None,
                    "name": m.raster.name if m.raster else "",
                    "file": m.raster.file if m.raster else "",
                    "how": m.how,
                }
                for m in self.bands
            ],
            "units": self.units.to_json(),
            "findings": [f.to_json() for f in self.findings],
        }


def fit(
    model: Model,
    raster: RasterInfo,
    by_hand: Optional[Mapping[str, str]] = None,
    units: str = "auto",
    skip_functions: bool = False,
    dates: Optional[Mapping[int, int]] = None,
) -> Fit:
    """Return how `model` and `raster` go together; `UsageError` where `by_hand` or `units` name what does not exist.

    `dates` is how many dates an input takes, by the input's place, where the model's own file fixes it.
    """
    findings = obstacles(model, skip_functions)
    try:
        found = feeds(model, raster.bands, by_hand or {}, dates)
    except NotRunnable as error:
        return Fit((), (*findings, Finding("error", str(error), "", "more bands than any model has")))
    matches = Fit(found, ()).bands
    findings += _missing(matches, raster)
    if matches and all(m.raster is not None for m in matches):
        read = []
        for feed in found:
            given = model.inputs[feed.place]
            scalings = source_scalings(given, skip_functions) * feed.dates
            chosen, said = choose(given.sources * feed.dates, scalings, feed.rasters, units)
            read.append(replace(feed, units=chosen))
            findings += said
            known = any(expected(b, s) is not None for b, s in zip(given.sources * feed.dates, scalings))
            if chosen.kind == "divided" and units != "auto" and len(found) > 1 and not known:
                findings.append(_divided_too(given.name, chosen))
        found = tuple(read)
        findings += _used_twice(matches)
        findings += _order(found)
        findings += _resolution(model, raster)
    findings += remarks(model)
    findings += _domain(model, raster)
    return Fit(found, tuple(findings))


def _order(found: tuple[Feed, ...]) -> list[Finding]:
    """Return a note where rasters stand for dates or images, since nothing but their order tells which is which."""
    names = file_names([band for feed in found for band in feed.rasters]).values()
    several = any(feed.dates > 1 or "@" in m.model or "." in m.model for feed in found for m in feed.matches)
    if not several or len(names) < 2:
        return []
    return [Finding("note", f"Dates or images are taken in the order of the layers: {', '.join(names)}.")]


def _divided_too(name: str, units: Units) -> Finding:
    text = f"The input {name!r} is taken {units.words} too, as you asked for, and the item does not say whether that "
    text += "is right."
    return Finding("doubt", text, "Leave the units to be found (automatic) if it is not.", "units of another input")


def _missing(matches: tuple[Match, ...], raster: RasterInfo) -> list[Finding]:
    missing = [m for m in matches if m.raster is None]
    if not missing:
        return []
    has = _some([b.name or f"band {place} without a name" for place, b in enumerate(raster.bands, 1)])
    absent = list(dict.fromkeys(m.model for m in missing))
    names = _some(absent)
    plural = "bands" if len(absent) > 1 else "band"
    unclear = list(dict.fromkeys(m.why for m in missing if not m.why.startswith("no band")))
    text = f"The model wants the {plural} {names}; the layer has {has}."
    text += f" Unclear: {_some(unclear, '; ')}." if unclear else ""
    remedy = "Choose a layer that has them, or map a band by hand."
    return [Finding("error", text, remedy, f"no band for {names}" if not unclear else unclear[0])]


def _some(words: Sequence[str], between: str = ", ") -> str:
    """Return the first words of a list, and how many more there are."""
    more = len(words) - MOST_NAMED
    return between.join(words[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _used_twice(matches: tuple[Match, ...]) -> list[Finding]:
    found = []
    for position, one in enumerate(matches):
        again = [m.model for m in matches[:position] if m.raster == one.raster]
        if again and one.raster is not None:
            text = f"{one.raster.label} feeds both {again[0]} and {one.model}, as you mapped it."
            found.append(Finding("doubt", text, "Map another band.", "a band used twice"))
    return found


def model_resolution(model: Model) -> Optional[float]:
    """Return the size in metres of the pixels that the model was made for, or None where the item says none above 0."""
    sizes = [b.spatial_resolution for i in model.inputs for b in i.fed if b.spatial_resolution]
    return next((s for s in (model.gsd, min(sizes, default=None)) if s is not None and s > 0), None)


def _resolution(model: Model, raster: RasterInfo) -> list[Finding]:
    wanted = model_resolution(model)
    if not wanted or not raster.resolution_m:
        return []
    ratio = raster.resolution_m / wanted
    if 1 / RESOLUTION_RATIO <= ratio <= RESOLUTION_RATIO:
        return []
    text = f"The model was made for pixels of {wanted:g} m, and gets pixels of {raster.resolution_m:.3g} m."
    remedy = "Resample it (resolution: model), or compare the result with what you know."
    return [Finding("doubt", text, remedy, "another resolution")]


def _domain(model: Model, raster: RasterInfo) -> list[Finding]:
    ours, theirs = model.domain.bbox, raster.bbox
    if not ours or not theirs or ours[:2] == ours[2:] or _overlap(ours, theirs):
        return []
    name = PurePath(raster.source).name or "the layer"
    text = f"The model's publisher recommends it for another area than that of {name}."
    return [Finding("doubt", text, "Compare the result with what you know of the place.", "outside the area of use")]


def _overlap(one: _Box, other: _Box) -> bool:
    """Whether two boxes in degrees have a place in common; a west beyond the east crosses the antimeridian."""
    if one[1] > other[3] or other[1] > one[3]:
        return False
    return any(a[0] <= b[1] and b[0] <= a[1] for a in _spans(one) for b in _spans(other))


def _spans(box: _Box) -> list[tuple[float, float]]:
    west, _, east, _ = box
    return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
