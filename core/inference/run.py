"""A run: the steps from the raster to the finished file, one after another for each window, overlapping in time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
from rasterio.transform import Affine

from ..errors import UsageError
from ..mlm.ability import is_regression
from ..mlm.expression import Parsed, parse
from ..mlm.fit import Fit
from ..mlm.model import Model
from ..mlm.raster import RasterInfo
from ..watch import Watch
from . import report
from .coding import coding
from .layout import Layout
from .memory import Peak
from .mosaic import Mosaic, Scenes
from .plan import Plan
from .prepare import recipe
from .products import Products, Wanted
from .reader import ReadAhead, Ready
from .rows import Grid
from .scorer import Scorer
from .scratch import Scratch
from .session import Network

SCENE_VALID = 0.5
"""The share of a window's pixels that must have a value for it to get a class."""


@dataclass(frozen=True)
class Job:
    """All that a run needs to know, decided and checked before."""

    model: Model
    network: Network
    layout: Layout
    raster: RasterInfo
    fit: Fit
    plan: Plan
    output: Path
    checksum: str = ""
    notes: tuple[str, ...] = ()
    wanted: Wanted = Wanted()
    threshold: Optional[float] = None
    skipped_functions: bool = False
    scratch: Optional[Path] = None


def run(job: Job, watch: Watch) -> report.Result:
    """Compute `job` and write its output; raises errors of `core.errors`, and then leaves nothing behind.

    The output's grid is the raster's own pixels. Progress counts windows.
    """
    started = time.perf_counter()
    _scores_exist(job)
    plan, bands = job.plan, job.fit.rasters
    output = job.model.outputs[0]
    steps = recipe(job.model.inputs[0], job.fit.units.steps(bands), job.skipped_functions)
    grid = _grid(job)
    with Peak() as peak, Scratch(job.output, job.scratch) as scratch:
        watch.tell(0.0, "Reading the raster")
        scorer = Scorer(job.network, job.layout, plan, len(steps.scaling), post(job), numbers=is_regression(output))
        coded = None if is_regression(output) else coding(output, job.layout, scorer.channels, job.threshold)
        mosaic = Scenes() if job.layout.scene else Mosaic(plan, scorer.channels, scorer.data_type)
        applied = report.applied(job.model, job.fit, plan, scorer, coded, job.network.provider, job.skipped_functions)
        assumed = report.assumed(job.model, job.fit, job.notes, job.skipped_functions)
        tags = report.tags(job.model, job.checksum, applied, assumed, tuple(dict.fromkeys(b.file for b in bands)))
        clock = _Clock(watch, plan.rows * plan.columns)
        products = Products(output, coded, scorer.channels, grid, tags, scratch, job.wanted)
        with products, ReadAhead(plan, bands, steps, watch) as windows:
            for batch in windows.batches():
                for window, scores in zip(batch, scorer.scores(batch)):
                    row, col, finished = mosaic.add(window.i, window.j, scores)
                    products.put(row, col, finished, _valid(window, finished, job))
                    if window.j == plan.columns - 1:
                        products.done(row + finished.shape[1])
                clock.done(len(batch))
            watch.tell(None, "Writing overviews")
            products.done(grid.height)
            products.finish(watch.check)
    counted = products.classes
    if counted is not None and not counted.counts:
        assumed = (*assumed, "no pixel of the extent has a value in all needed bands, so none has a class")
    return report.Result(
        output=str(job.output),
        model=job.model.id,
        width=grid.width,
        height=grid.height,
        classes=report.classes(coded.entries, counted.counts, counted.areas) if coded and counted else (),
        applied=applied,
        assumed=assumed,
        seconds=time.perf_counter() - started,
        load_seconds=job.network.load_seconds,
        inference_seconds=scorer.seconds,
        peak_memory_mb=peak.mb,
        provider=job.network.provider,
        more={name: str(path) for name, path in job.wanted.paths().items()},
    )


def _scores_exist(job: Job) -> None:
    """Raise `UsageError` where scores are asked for and the model gives labels, or numbers that are no scores."""
    if not (job.layout.labels or is_regression(job.model.outputs[0])):
        return
    asked = next(iter(job.wanted.paths()), "threshold" if job.threshold is not None else "")
    if asked:
        kind = "class numbers" if job.layout.labels else "numbers"
        raise UsageError(f"The model gives {kind} and no scores, so there is no {asked} to be had. Leave that out.")


def post(job: Job) -> tuple[Parsed, ...]:
    """Return the item's functions for the output, as what can be computed."""
    return () if job.skipped_functions else tuple(parse(f) for f in job.model.outputs[0].post_processing)


def _grid(job: Job) -> Grid:
    """Return the result's grid: the raster's own pixels, or one pixel for each window where it gives one class."""
    area, (a, b, c, d, e, f) = job.plan.area, job.raster.transform
    left, top = c + a * area.col + b * area.row, f + d * area.col + e * area.row
    if not job.layout.scene:
        return Grid(area.width, area.height, job.raster.crs, Affine(a, b, left, d, e, top))
    height, width = job.plan.tile
    transform = Affine(a * width, b * height, left, d * width, e * height, top)
    return Grid(job.plan.columns, job.plan.rows, job.raster.crs, transform)


def _valid(window: Ready, finished: np.ndarray, job: Job) -> np.ndarray:
    """Return where finished scores are valid; a scene is, where at least half of its pixels are."""
    if job.layout.scene:
        return np.full((1, 1), window.valid.mean() >= SCENE_VALID)
    inside = window.valid[job.plan.halo :, job.plan.halo :]
    return inside[: finished.shape[1], : finished.shape[2]]


class _Clock:
    """Counts windows and tells how long the rest will take, at the speed so far."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch, self._total, self._count = watch, total, 0
        self._started = time.perf_counter()

    def done(self, windows: int) -> None:
        self._count += windows
        spent = time.perf_counter() - self._started
        left = spent / self._count * (self._total - self._count)
        self._watch.tell(self._count / self._total, f"Window {self._count} of {self._total}", left)
