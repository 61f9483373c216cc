"""A run: the steps from the raster to the finished files, one after another for each window, overlapping in time."""

from __future__ import annotations

import time
from functools import partial
from typing import Optional

import numpy as np
from rasterio.transform import Affine

from ..errors import UsageError
from ..watch import Watch
from . import report
from .clock import Clock
from .coding import coding
from .crew import in_order
from .head import Head, Heads
from .job import Job
from .memory import Peak
from .products import Products, only_map
from .reader import ReadAhead, Ready
from .rows import Grid
from .scorer import Scorer
from .scoring import Scoring
from .scratch import Scratch

LACKS = {
    "vector": "are no classes to draw",
    "probabilities": "are no probabilities to be had",
    "confidence": "is no confidence to be had",
}


def run(job: Job, watch: Watch) -> report.Result:
    """Compute `job` and write its output; raises errors of `core.errors`, and then leaves nothing behind.

    Progress counts windows.
    """
    if job.layout.objects is not None:
        # Here and not above: a system's Python may be the runtime without what writes vectors.
        from .run_objects import run_objects

        return run_objects(job, watch)
    started = time.perf_counter()
    _scores_exist(job)
    with Peak() as peak:
        watch.tell(0.0, "Reading the raster")
        scorer = Scorer(job.network, job.layout)
        applied, assumed = report.applied(job), report.assumed(job)
        scratch = Scratch(job.output, job.scratch)
        tags = report.tags(job, applied, assumed)
        heads = Heads([_head(job, place, tags, scratch) for place in range(len(job.scorings))])
        windows = ReadAhead(job.plan, job.sources, job.raster, watch, job.mask)
        clock = Clock(watch, job.plan.rows * job.plan.columns)
        with heads, windows:
            work = partial(_scored, scorer, heads)
            for batch, scored in in_order(work, windows.batches(), job.workers, watch, scorer.stop):
                heads.take(batch, scored)
                clock.done(len(batch))
            watch.tell(None, "Writing overviews")
            heads.finish(watch.check)
    first = heads.all[0]
    counted = first.products.classes
    if not first.any_value:
        assumed = (*assumed, report.nothing(job))
    return report.Result(
        output=str(job.output),
        kind="raster",
        model=job.model.id,
        width=first.grid.width,
        height=first.grid.height,
        classes=report.classes(first.coded.entries, counted.counts, counted.areas) if first.coded and counted else (),
        applied=applied,
        assumed=assumed,
        seconds=time.perf_counter() - started,
        load_seconds=job.network.load_seconds,
        inference_seconds=scorer.seconds,
        peak_memory_mb=peak.mb,
        provider=job.network.provider,
        more={name: str(path) for name, path in job.wanted.paths().items()},
        heads={h.scoring.output.name or h.scoring.exit.name: str(h.products.scratch.output) for h in heads.all[1:]},
    )


def _scored(scorer: Scorer, heads: Heads, batch: list[Ready]) -> Optional[list[np.ndarray]]:
    """Return the scores of each head for the windows of a batch that have a value; None where none has."""
    values = [window.values for window in batch if window.values is not None]
    return heads.scores(scorer.raw(values), len(values)) if values else None


def _head(job: Job, place: int, tags: dict[str, str], first: Scratch) -> Head:
    scoring = job.scorings[place]
    coded = None
    if scoring.exit.kind == "classes":
        coded = coding(scoring.output, scoring.exit.labels, scoring.trait.channels, job.threshold)
    grid = grid_of(job, scoring)
    wanted = job.wanted if place == 0 else only_map(job.wanted)
    scratch = first if place == 0 else Scratch(job.further[place - 1], within=first)
    products = Products(scoring.output, coded, scoring.trait.channels, grid, job.layout.scene, tags, scratch, wanted)
    return Head(scoring, coded, job.layout, job.plan, grid, products)


def _scores_exist(job: Job) -> None:
    """Raise `UsageError` where scores are asked for and the model gives labels, or numbers that are no scores."""
    first = job.scorings[0]
    if first.has_scores:
        return
    kind = "class numbers" if first.exit.labels else "numbers"
    if job.threshold is not None:
        raise UsageError(f"The model gives {kind} and no scores, so there is no threshold to be had. Leave that out.")
    for word in job.wanted.paths():
        if word != "vector" or first.exit.kind == "numbers":
            raise UsageError(f"The model gives {kind} and no scores, so there {LACKS[word]}. Leave that out.")


def grid_of(job: Job, scoring: Scoring) -> Grid:
    """Return where a result lies: pixels as large as the output's are, or as a window where it gives one for it."""
    area, (a, b, c, d, e, f) = job.plan.area, job.raster.transform
    left, top = c + a * area.col + b * area.row, f + d * area.col + e * area.row
    if job.layout.scene:
        height, width = job.plan.tile
        transform = Affine(a * width, b * height, left, d * width, e * height, top)
        return Grid(job.plan.columns, job.plan.rows, job.raster.crs, transform)
    scaled = job.plan.scaled(scoring.trait.geometry).area
    size = 1 / float(scoring.trait.geometry.scale)
    transform = Affine(a * size, b * size, left, d * size, e * size, top)
    return Grid(scaled.width, scaled.height, job.raster.crs, transform)
