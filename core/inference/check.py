"""Compares model, raster and the model's own file before a run: the item's fit, then what the ONNX session really
takes and gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Mapping, Optional, Union

from ..errors import DoesNotFit, NotRunnable
from ..mlm.ability import per_pixel
from ..mlm.finding import Finding
from ..mlm.fit import Fit, fit, model_resolution
from ..mlm.model import Model
from ..mlm.raster import RasterInfo
from .grid import on_grid
from .ground import metres_a_unit, pixel_size
from .layout import Layout, layout
from .session import Network, load

SQUARE = 1.25
"""How much wider than high a pixel may be on the ground, or higher than wide, before it is mentioned."""


@dataclass(frozen=True)
class Checked:
    """A fit, the grid that a run computes on, and how the file's tensors lie.

    `network` and `layout` are None where the file is not here or does not go with the item.
    """

    fit: Fit
    raster: RasterInfo
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
    resolution: Union[None, float, str] = None,
) -> Checked:
    """Return how `model`, `raster` and the model's `file` go together; without a file only the item is compared, and
    that is noted. `resolution` is the pixel's size in metres that a run shall have, or "model".
    """
    network = load(file, provider) if file is not None else None
    lies, said = layout(model, network, skip_functions) if network is not None else (None, [])
    fixed = {e.place: e.sizes["time"] for e in lies.entries if e.sizes.get("time")} if lies else {}
    dates = {place: number for place, number in fixed.items() if number}
    found = fit(model, raster, by_hand, units, skip_functions, dates)
    grid = raster
    if found.fits:
        grid = on_grid(raster, found.rasters, resolution, model_resolution(model))
        found = fit(model, replace(raster, resolution_m=grid.resolution_m), by_hand, units, skip_functions, dates)
    found = found.with_findings(_raster_obstacles(grid, model))
    found = found.with_findings([Finding("note", text) for text in grid.notes])
    if file is None:
        text = "The model's file is not on this machine yet, so only its description was compared."
        missing = [Finding("note", text, "Running the model fetches it.")] if found.fits else []
        return Checked(found.with_findings(missing), grid)
    return Checked(found.with_findings(said), grid, network, lies)


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


def _raster_obstacles(raster: RasterInfo, model: Model) -> list[Finding]:
    found = _askew(raster, model)
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
        text = f"{complex_bands[0]} has complex numbers, which no model here takes."
        found.append(Finding("error", text, "Choose a layer of its amplitude.", "complex numbers"))
    if not raster.crs:
        found.append(Finding("note", "The raster has no CRS; the result has none either, and areas are not given."))
    elif metres_a_unit(raster.grid) is None:
        text = "The raster's CRS is neither of a map nor of degrees, so areas and pixel sizes in metres are not given."
        found.append(Finding("note", text))
    return found


def _askew(raster: RasterInfo, model: Model) -> list[Finding]:
    """Return the doubt of a raster whose pixels are not square on the ground, as those of one in degrees."""
    metres = metres_a_unit(raster.grid)
    if metres is None or per_pixel(model.inputs[0]):
        return []
    width, height = pixel_size(raster.grid)
    narrow = width * metres[0] / (height * metres[1])
    if 1 / SQUARE <= narrow <= SQUARE:
        return []
    text = f"On the ground the raster's pixels are {narrow:.2f} times as wide as they are high, and models learn from "
    text += "square ones."
    remedy = "Warp it to a CRS in metres first (Raster > Projections > Warp)."
    return [Finding("doubt", text, remedy, "pixels that are not square")]
