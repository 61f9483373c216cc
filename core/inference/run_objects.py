"""A run that finds objects: windows give boxes, what several have seen becomes one, a vector file is written."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, Optional

import numpy as np
from rasterio.transform import Affine

from ..errors import UsageError
from ..mlm.legend import legend
from ..mlm.model import ModelClass
from ..watch import Watch
from . import report
from .clock import Clock
from .crew import in_order
from .detectors import Reading
from .feeding import sides
from .job import Job
from .limits import thresholds
from .memory import Peak
from .objects import Found, decode, settled
from .outlines import features
from .plan import Window
from .reader import ReadAhead, Ready
from .scorer import Scorer
from .scratch import Scratch
from .seams import Collector
from .vectors import Features, check_name, write, write_style

Computed = tuple[list[Ready], dict[str, np.ndarray]]
"""Windows, and what the network gives for them, by the outputs' names."""
OPACITY = 0.35
"""Of an object's fill, so that what was found is still to be seen."""


def run_objects(job: Job, watch: Watch) -> report.Result:
    """Compute `job`, whose model gives objects, and write its output; raises errors of `core.errors`.

    The output is a polygon layer with a class, a score and an area for each object. Progress counts windows.
    """
    started = time.perf_counter()
    _only_objects(job)
    check_name(job.output, crs=job.raster.crs)
    score, iou, limits = _limits(job)
    with Peak() as peak, Scratch(job.output, job.scratch) as scratch:
        watch.tell(0.0, "Reading the raster")
        finder = _Finder(job, score, iou)
        clock = Clock(watch, job.plan.rows * job.plan.columns)
        with ReadAhead(job.plan, job.sources, job.raster, watch, job.mask) as windows:
            for batch, made in in_order(finder.computed, windows.batches(), 1, watch, finder.scorer.stop):
                finder.take(made)
                clock.done(len(batch))
        watch.tell(None, "Writing objects")
        found = finder.features()
        steps = (*report.applied(job), *limits, *finder.reading.said)
        assumed = (*report.assumed(job), *([] if finder.any_value else [report.nothing(job)]))
        entries = legend(finder.reading.classes or _numbered(found))
        tags = report.tags(job, steps, assumed)
        kind = "MultiPolygon" if finder.reading.has_masks else "Polygon"
        write(scratch.path(), found, job.raster.crs, kind, tags["TIFFTAG_IMAGEDESCRIPTION"], tags)
        write_style(scratch.path(), [e for e in entries if not e.nodata], "value", OPACITY)
        watch.check()
        scratch.finish()
    counts = Counter(found.fields["value"].tolist())
    areas = _areas(found)
    classes = [
        {
            "value": e.value,
            "name": e.label,
            "color": e.color,
            "count": counts.get(e.value, 0),
            "area": areas.get(e.value),
        }
        for e in entries
        if not e.nodata
    ]
    return report.Result(
        output=str(job.output),
        kind="vector",
        model=job.model.id,
        width=job.plan.area.width,
        height=job.plan.area.height,
        classes=tuple(classes),
        applied=steps,
        assumed=assumed,
        seconds=time.perf_counter() - started,
        load_seconds=job.network.load_seconds,
        inference_seconds=finder.scorer.seconds,
        peak_memory_mb=peak.mb,
        provider=job.network.provider,
    )


class _Finder:
    """Runs the network on batches and collects what it finds, in pixels of the area."""

    def __init__(self, job: Job, score: float, iou: float) -> None:
        if job.layout.objects is None:
            raise TypeError("a model that gives objects has a reading of them")
        self.reading: Reading = job.layout.objects
        self.scorer = Scorer(job.network, job.layout, self.reading.outputs)
        self._job, self._score = job, score
        self.any_value = False
        self._collector = Collector(score, iou)
        self._size = sides(job.layout.entries[0]) if job.layout.entries[0].resize else None

    def computed(self, batch: list[Ready]) -> list[Computed]:
        """Return what the network gives for a batch, in a thread of its own; windows without a value are left out."""
        ready = [window for window in batch if window.values is not None]
        parts = [[w] for w in ready] if self.reading.one_by_one else [ready]
        return [(part, self._raw(part)) for part in parts if part]

    def take(self, computed: list[Computed]) -> None:
        """Take what the network gave for a batch."""
        for windows, raw in computed:
            self.any_value = True
            self._found(windows, raw)

    def features(self) -> Features:
        """Return all objects as features, each once."""
        area, (a, b, c, d, e, f) = self._job.plan.area, self._job.raster.transform
        left, top = c + a * area.col + b * area.row, f + d * area.col + e * area.row
        transform = Affine(a, b, left, d, e, top)
        return features(self._collector.finish(), self.reading.classes, self._job.raster.crs, transform)

    def _raw(self, windows: list[Ready]) -> dict[str, np.ndarray]:
        values = [w.values for w in windows if w.values is not None]
        return dict(zip(self.reading.outputs, self.scorer.raw(values)))

    def _found(self, windows: list[Ready], raw: dict[str, np.ndarray]) -> None:
        self.reading = settled(self.reading, raw, self._score)
        tile = self._size or self._job.plan.tile
        area = self._job.plan.area
        for window, found in zip(windows, decode(self.reading, raw, len(windows), tile, self._score)):
            place = window.window
            self._collector.add(
                _sized(found, tile, self._job.plan.tile),
                place.row - area.row,
                place.col - area.col,
                _inside(place, area),
                window.valid,
            )


def _sized(found: Found, tile: tuple[int, int], window: tuple[int, int]) -> Found:
    """Return boxes of a tensor in the pixels of the window that it was resized from."""
    if tile == window:
        return found
    factors = np.array([window[1] / tile[1], window[0] / tile[0]] * 2, dtype=np.float32)
    return Found(found.boxes * factors, found.scores, found.classes)


def _inside(window: Window, area: Window) -> tuple[int, int, int, int]:
    """Return what of a window lies in the area: first row and column, those after the last, in the window's pixels."""
    return (
        max(0, area.row - window.row),
        max(0, area.col - window.col),
        min(window.height, area.row + area.height - window.row),
        min(window.width, area.col + area.width - window.col),
    )


def _limits(job: Job) -> tuple[float, float, tuple[str, ...]]:
    """Return the least score and the overlap of two finds that are one, and what is to be said of them."""
    score, iou, notes = thresholds(job.model)
    asked = []
    if job.threshold is not None:
        score, notes = job.threshold, notes[1:]
        asked.append(f"objects with a score of at least {score:g}, as you asked for")
    if job.iou is not None:
        iou, notes = job.iou, notes[:-1]
        asked.append(f"boxes are one object from an intersection over union of {iou:g}, as you asked for")
    return score, iou, (*asked, *notes)


def _only_objects(job: Job) -> None:
    """Raise `UsageError` where rasters are asked for that a list of objects can't give."""
    for word in job.wanted.paths():
        raise UsageError(f"The model finds objects, and its result is a vector file already; leave the {word} out.")
    entry = job.layout.entries[0]
    if entry.resize and job.layout.objects is not None and job.layout.objects.has_masks:
        raise UsageError("The model resizes its input and gives masks, which is not supported. Choose another model.")


def _numbered(found: Features) -> tuple[ModelClass, ...]:
    return tuple(ModelClass(int(v), f"class {v}") for v in np.unique(found.fields["value"]))


def _areas(found: Features) -> dict[int, Optional[float]]:
    """Return the area of each class's objects in square metres; None where the CRS gives none."""
    areas: dict[int, Any] = {}
    for value in np.unique(found.fields["value"]).tolist():
        total = float(found.fields["area"][found.fields["value"] == value].sum())
        areas[value] = round(total, 2) if np.isfinite(total) else None
    return areas
