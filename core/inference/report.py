"""What a run did and took for granted, in words that let another person repeat it, and as tags of the result's file."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from typing import Any, Mapping, Optional

import numpy
import onnxruntime
import rasterio

from ..mlm.fit import Fit
from ..mlm.legend import LegendEntry
from ..mlm.model import Model, ValueScaling
from .coding import Coding
from .plan import Plan
from .scorer import Scorer

TAG_PREFIX = "MLM_RUNNER_"


@dataclass(frozen=True)
class Result:
    """What `run` gives back; times in seconds, `area` of a class in square metres (None without a CRS that has
    metres).
    """

    output: str
    model: str
    width: int
    height: int
    classes: tuple[Mapping[str, Any], ...]
    applied: tuple[str, ...]
    assumed: tuple[str, ...]
    seconds: float
    load_seconds: float
    inference_seconds: float
    peak_memory_mb: Optional[float]
    provider: str
    more: Mapping[str, str] = field(default_factory=dict)
    """Files that were asked for besides the output, by what they are."""

    def to_json(self) -> dict[str, Any]:
        out = asdict(self)
        out.update(out.pop("more"))
        for word in ("seconds", "load_seconds", "inference_seconds"):
            out[word] = round(out[word], 3)
        if self.peak_memory_mb is not None:
            out["peak_memory_mb"] = round(self.peak_memory_mb, 1)
        return out


def applied(
    model: Model, fit: Fit, plan: Plan, scorer: Scorer, coded: Optional[Coding], provider: str, skipped: bool
) -> tuple[str, ...]:
    """Return the steps of the run in order, in words."""
    bands = ", ".join(f"{m.model} = {m.raster.label} ({_how(m.how)})" for m in fit.bands if m.raster)
    steps = [f"bands: {bands}", f"units: {_units(fit)}"]
    given, output = model.inputs[0], model.outputs[0]
    steps += [f"computed band: {b.name} = {b.expression.expression}" for b in given.bands if b.expression]
    if not skipped:
        steps += [f"before scaling: {f.expression}" for f in given.pre_processing]
    steps.append(f"value_scaling: {_scalings(model)}")
    height, width = plan.tile
    joined = f"faded into one another over {plan.ramp}" if plan.ramp else "cut where they meet"
    steps.append(f"windows of {height} x {width} pixels with {plan.halo} of context at each side, {joined}")
    if scorer.ends_in:
        steps.append(f"scores: {scorer.ends_in}, by the network itself")
    elif scorer.activation:
        steps.append(f"scores: {scorer.activation} over what the network gives")
    if not skipped:
        steps += [f"after the network: {f.expression}" for f in output.post_processing]
    steps += coded.said if coded is not None else ()
    steps.append(f"onnxruntime {onnxruntime.__version__} on {provider}")
    return tuple(steps)


def assumed(model: Model, fit: Fit, notes: tuple[str, ...], skipped: bool) -> tuple[str, ...]:
    """Return what was taken for granted: doubts that were passed over, choices by comparison, skipped functions,
    repairs.
    """
    taken = [f.text for f in fit.findings if f.level in ("doubt", "note")]
    taken += [f"{n.field}: {n.text}" for n in model.notes if n.assumed]
    taken += notes
    first, output = model.inputs[0], model.outputs[0]
    if skipped:
        functions = [*first.pre_processing, *output.post_processing]
        taken += [f"the data needs no {f.format} function {f.expression}" for f in functions]
    taken.append(
        "pixels without a value in any needed band are 0 after scaling for the network, and nodata in the result"
    )
    return tuple(taken)


def tags(
    model: Model, checksum: str, steps: tuple[str, ...], taken: tuple[str, ...], rasters: tuple[str, ...]
) -> dict[str, str]:
    """Return the provenance as GeoTIFF tags; the words of the MLM best practice for derived products are among them."""
    software = (
        f"MLM Runner; onnxruntime {onnxruntime.__version__}; rasterio {rasterio.__version__}; "
        f"GDAL {rasterio.__gdal_version__}; numpy {numpy.__version__}; Python {platform.python_version()}"
    )
    return {
        f"{TAG_PREFIX}MODEL_ID": model.id,
        f"{TAG_PREFIX}MODEL_ITEM": model.href,
        f"{TAG_PREFIX}MODEL_SHA256": checksum,
        f"{TAG_PREFIX}INPUT": json.dumps(list(rasters)),
        f"{TAG_PREFIX}APPLIED": json.dumps(list(steps)),
        f"{TAG_PREFIX}ASSUMED": json.dumps(list(taken)),
        f"{TAG_PREFIX}SOFTWARE": software,
        "PROCESSING_EXPRESSION": json.dumps({"format": "stac-mlm", "expression": model.href or model.id}),
        "TIFFTAG_IMAGEDESCRIPTION": f"{model.label}: {', '.join(model.outputs[0].tasks)}",
    }


def classes(
    entries: tuple[LegendEntry, ...], counts: Mapping[int, int], areas: Optional[Mapping[int, float]]
) -> tuple[dict[str, Any], ...]:
    """Return the legend with pixels and area; values that no class explains are listed, so that nothing is hidden."""
    known = {e.value: e for e in entries if not e.nodata}
    rows = []
    for value in sorted({*known, *counts}):
        entry = known.get(value, LegendEntry(value, f"value {value}", "#808080"))
        area = None if areas is None else round(areas.get(value, 0.0), 2)
        rows.append(
            {"value": value, "name": entry.label, "color": entry.color, "pixels": counts.get(value, 0), "area": area}
        )
    return tuple(rows)


def _how(word: str) -> str:
    return word if word == "by hand" else f"by {word}"


def _units(fit: Fit) -> str:
    words = {"raw": "as stored", "scaled": "x scale + offset of the file", "divided": f"divided by {fit.units.value}"}
    said = words[fit.units.kind]
    return f"{said} ({fit.units.why})" if fit.units.why else said


def _scalings(model: Model) -> str:
    given = model.inputs[0]
    if not given.value_scaling:
        return "none"
    if len(given.value_scaling) == 1:
        return f"{_scaling(given.value_scaling[0])} for all bands"
    return ", ".join(f"{b.name} {_scaling(s)}" for b, s in zip(given.bands, given.value_scaling))


def _scaling(scaling: Optional[ValueScaling]) -> str:
    if scaling is None:
        return "none"
    numbers = {k: v for k, v in scaling.to_json().items() if k != "type"}
    return (
        f"{scaling.type}({', '.join(f'{k}={v:g}' if isinstance(v, float) else f'{k}={v}' for k, v in numbers.items())})"
    )
