"""What a run did and took for granted, in words that let another person repeat it, and as tags of the result's file."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field
from typing import Any, Mapping, Optional

import numpy
import onnxruntime
import rasterio

from ..mlm.feeds import Feed
from ..mlm.legend import LegendEntry
from ..mlm.model import ModelInput, ValueScaling
from ..mlm.raster import file_names
from ..mlm.units import Units
from .coding import coding
from .feeding import sides
from .job import Job
from .products import Wanted
from .scoring import Scoring

TAG_PREFIX = "MLM_RUNNER_"


@dataclass(frozen=True)
class Result:
    """What `run` gives back; times in seconds, `area` of a class in square metres (None without a CRS that has
    metres).
    """

    output: str
    kind: str
    """"raster" or "vector"."""
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
    heads: Mapping[str, str] = field(default_factory=dict)
    """Files of the model's further outputs, by the outputs' names."""

    def to_json(self) -> dict[str, Any]:
        out = asdict(self)
        out.update(out.pop("more"))
        for word in ("seconds", "load_seconds", "inference_seconds"):
            out[word] = round(out[word], 3)
        if self.peak_memory_mb is not None:
            out["peak_memory_mb"] = round(self.peak_memory_mb, 1)
        return out


def applied(job: Job) -> tuple[str, ...]:
    """Return the steps of the run in order, in words."""
    steps = []
    files = file_names(job.fit.rasters)
    for feed in job.fit.feeds:
        given = job.model.inputs[feed.place]
        steps += _input(given, feed, files, len(job.fit.feeds) > 1, job.skipped_functions)
    steps += [f"raster: {note}" for note in job.raster.notes]
    if job.mask is not None:
        steps.append(f"mask: only what lies in the polygons of {job.mask_name}")
    height, width = job.plan.tile
    steps.append(f"windows of {height} x {width} pixels {_joined(job)}")
    steps += [
        f"resized by {e.resize} from {height} x {width} to {to[0]} x {to[1]}"
        for e, to in ((e, sides(e)) for e in job.layout.entries if e.resize)
        if to is not None and to != job.plan.tile
    ]
    steps += [f"input {name}: {value}" for name, value in job.layout.constants.items()]
    for scoring in job.scorings:
        steps += _output(job, scoring)
    steps += _polygons(job.wanted, job.layout.scene)
    steps.append(f"onnxruntime {onnxruntime.__version__} on {job.network.provider}")
    return tuple(steps)


def _input(given: ModelInput, feed: Feed, files: Mapping[str, str], several: bool, skipped: bool) -> list[str]:
    of = {file: f" of {name}" if len(files) > 1 else "" for file, name in files.items()}
    fed = [(m, m.raster) for m in feed.matches if m.raster is not None]
    bands = ", ".join(f"{m.model} = {band.label}{of[band.file]} ({_how(m.how)})" for m, band in fed)
    steps = [f"bands: {bands}", f"units: {_units(feed.units)}"]
    steps += [f"computed band: {b.name} = {b.expression.expression}" for b in given.fed if b.expression]
    if not skipped:
        steps += [f"before scaling: {f.expression}" for f in given.pre_processing]
    steps.append(f"value_scaling: {_scalings(given)}")
    return [f"{given.name}: {step}" for step in steps] if several else steps


def _joined(job: Job) -> str:
    if job.layout.objects is not None:
        return f"that share {job.plan.ramp} with their neighbours; what several have seen is one object"
    if job.layout.scene:
        tile, area = job.plan.tile, job.plan.area
        over = area.height % tile[0] or area.width % tile[1]
        return "side by side" + (", the last beyond the edge, where the raster goes on as in a mirror" if over else "")
    joined = f"faded into one another over {job.plan.ramp}" if job.plan.ramp else "cut where they meet"
    return f"with {job.plan.halo} of context at each side, {joined}"


def _polygons(wanted: Wanted, scene: bool) -> list[str]:
    if wanted.vector is None:
        return []
    if scene:
        wishes = ["polygons of all windows, each with its class and scores"]
        if wanted.min_area or wanted.simplify:
            wishes.append("no minimum area and no simpler outlines, which windows can't have")
        return wishes
    steps = ["polygons of classes along the pixels' edges"]
    if wanted.min_area:
        steps.append(f"polygons below {wanted.min_area:g} m2 went to their largest neighbour")
    if wanted.simplify:
        steps.append(f"outlines simplified by {wanted.simplify:g} pixels, with shared borders kept")
    return steps


def _output(job: Job, scoring: Scoring) -> list[str]:
    steps = []
    if scoring.exit.kind == "classes" and scoring.trait.ends_in:
        steps.append(f"scores: {scoring.trait.ends_in}, by the network itself")
    elif scoring.activation:
        steps.append(f"scores: {scoring.activation} over what the network gives")
    geometry = scoring.trait.geometry
    if geometry.scale > 1:
        steps.append(f"the result has {geometry.scale} x {geometry.scale} pixels for one of the raster's")
    if geometry.scale < 1:
        steps.append(f"a pixel of the result stands for {geometry.unit} x {geometry.unit} of the raster's")
    if geometry.margin:
        steps.append(f"the network cuts {geometry.margin} pixels off at each side, which windows overlap by")
    if not job.skipped_functions:
        steps += [f"after the network: {f.expression}" for f in scoring.output.post_processing]
    if scoring.exit.kind == "classes":
        steps += coding(scoring.output, scoring.exit.labels, scoring.trait.channels, job.threshold).said
    name = scoring.output.name or scoring.exit.name
    return [f"{name}: {step}" for step in steps] if len(job.scorings) > 1 else steps


def assumed(job: Job) -> tuple[str, ...]:
    """Return what was taken for granted: doubts that were passed over, choices by comparison, skipped functions,
    repairs.
    """
    taken = [f.text for f in job.fit.findings if f.level in ("doubt", "note") and f.text not in job.raster.notes]
    taken += [f"{n.field}: {n.text}" for n in job.model.notes if n.assumed]
    taken += job.notes
    if job.skipped_functions:
        functions = [f for i in job.model.inputs for f in i.pre_processing]
        functions += [f for o in job.model.outputs for f in o.post_processing]
        taken += [f"the data needs no {f.format} function {f.expression}" for f in functions]
    if any(scoring.trait.guessed and scoring.trait.ends_in for scoring in job.scorings):
        taken.append("the network's scores are finished probabilities, since on trial they lay between 0 and 1")
    taken.append(
        "pixels without a value in any needed band are 0 after scaling for the network, and "
        + ("no object has its middle there" if job.layout.objects is not None else "nodata in the result")
    )
    return tuple(taken)


def nothing(job: Job) -> str:
    """Return the sentence on a run that has found no pixel to compute."""
    where = f" within the mask {job.mask_name}" if job.mask is not None else ""
    return f"no pixel of the extent{where} has a value in all needed bands, so the result is empty"


def tags(job: Job, steps: tuple[str, ...], taken: tuple[str, ...]) -> dict[str, str]:
    """Return the provenance as GeoTIFF tags; the words of the MLM best practice for derived products are among them."""
    software = (
        f"MLM Runner; onnxruntime {onnxruntime.__version__}; rasterio {rasterio.__version__}; "
        f"GDAL {rasterio.__gdal_version__}; numpy {numpy.__version__}; Python {platform.python_version()}"
    )
    model = job.model
    rasters = list(dict.fromkeys(band.file for band in job.fit.rasters))
    return {
        f"{TAG_PREFIX}MODEL_ID": model.id,
        f"{TAG_PREFIX}MODEL_ITEM": model.href,
        f"{TAG_PREFIX}MODEL_SHA256": job.checksum,
        f"{TAG_PREFIX}INPUT": json.dumps(rasters),
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


def _units(units: Units) -> str:
    return f"{units.words} ({units.why})" if units.why else units.words


def _scalings(given: ModelInput) -> str:
    if not given.value_scaling:
        return "none"
    if len(given.value_scaling) == 1:
        return f"{_scaling(given.value_scaling[0])} for all bands"
    return ", ".join(f"{b.name} {_scaling(s)}" for b, s in zip(given.fed, given.value_scaling))


def _scaling(scaling: Optional[ValueScaling]) -> str:
    if scaling is None:
        return "none"
    numbers = {k: v for k, v in scaling.to_json().items() if k != "type"}
    return (
        f"{scaling.type}({', '.join(f'{k}={v:g}' if isinstance(v, float) else f'{k}={v}' for k, v in numbers.items())})"
    )
