"""Compares model, raster and the model's own file before a run: the item's fit, then what the ONNX session really
takes and gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional

from ..errors import DoesNotFit, NotRunnable
from ..mlm.finding import Finding
from ..mlm.fit import Fit, fit
from ..mlm.model import Model
from ..mlm.raster import RasterInfo
from .layout import Layout, layout
from .session import Network, load


@dataclass(frozen=True)
class Checked:
    """A fit, and how the file's tensors lie; `network` and `layout` are None where the file is not here or does not go
    with the item.
    """

    fit: Fit
    network: Optional[Network] = None
    layout: Optional[Layout] = None


def check(
    model: Model,
    raster: RasterInfo,
    file: Optional[Path],
    by_hand: Optional[Mapping[str, str]] = None,
    units: str = "auto",
    provider: str = "cpu",
    skip_functions: bool = False,
) -> Checked:
    """Return how `model`, `raster` and the model's `file` go together; without a file only the item is compared, and
    that is noted.
    """
    found = fit(model, raster, by_hand, units, skip_functions)
    found = found.with_findings(_raster_obstacles(raster))
    if file is None:
        text = "The model's file is not on this machine yet, so only its description was compared."
        return Checked(
            found.with_findings([Finding("note", text, "Running the model fetches it.")] if found.fits else [])
        )
    network = load(file, provider)
    lies, said = layout(model, network, skip_functions)
    fixed = {e.place: e.sizes["time"] for e in lies.entries if e.sizes.get("time")} if lies else {}
    if any(fixed.get(feed.place, feed.dates) != feed.dates for feed in found.feeds):
        again = fit(model, raster, by_hand, units, skip_functions, {p: n for p, n in fixed.items() if n})
        found = again.with_findings(_raster_obstacles(raster))
    return Checked(found.with_findings(said), network, lies)


def required(checked: Checked, model: Model) -> tuple[Network, Layout]:
    """Return what a run needs; raises `NotRunnable` or `DoesNotFit` with the first error's sentence and remedy."""
    if not model.runnable:
        raise NotRunnable(f"{model.label} can't be run: {model.why_not}")
    for finding in checked.fit.findings:
        if finding.level == "error":
            raise DoesNotFit(f"{finding.text} {finding.remedy}".strip())
    if checked.network is None or checked.layout is None:
        raise DoesNotFit(f"{model.label}: the model's file was not compared with the raster.")
    return checked.network, checked.layout


def _raster_obstacles(raster: RasterInfo) -> list[Finding]:
    found = []
    _, b, _, d, _, _ = raster.transform
    if b or d:
        text = "The raster is rotated: its rows do not run along the axes of its CRS."
        found.append(
            Finding(
                "error", text, "Warp it to an upright grid first (Raster > Projections > Warp).", "a rotated raster"
            )
        )
    complex_bands = [band.label for band in raster.bands if band.data_type.startswith("complex")]
    if complex_bands:
        found.append(
            Finding(
                "error", f"{complex_bands[0]} has complex numbers, which no model here takes.", "", "complex numbers"
            )
        )
    if not raster.crs:
        found.append(Finding("note", "The raster has no CRS; the result has none either, and areas are not given."))
    return found
