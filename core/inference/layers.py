"""What a run writes from finished scores: the map of classes, the confidence in it, all scores, or plain numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Mapping, Optional, Protocol, Sequence

import numpy as np
from rasterio.enums import Resampling

from ..mlm.model import Band
from .area import pixel_areas
from .coding import HALF, Coding
from .rows import Grid, RowsFile

NAN = float("nan")
"""Nodata of layers of numbers."""


class Layer(Protocol):
    """A file that takes scores (channels, rows, columns) and where they are valid; a context manager."""

    def __enter__(self) -> Layer: ...

    def __exit__(self, *error: object) -> None: ...

    def put(self, row: int, col: int, scores: np.ndarray, valid: np.ndarray) -> None: ...

    def done(self, row: int) -> None: ...

    def finish(self, check: Callable[[], None]) -> None: ...


class _File:
    """What all layers do alike: they hold a file."""

    def __init__(self, file: RowsFile) -> None:
        self._file = file

    def __enter__(self) -> Layer:
        self._file.__enter__()
        return self  # type: ignore[return-value]  # the subclasses have the rest of the protocol

    def __exit__(self, *error: object) -> None:
        self._file.__exit__(*error)

    def done(self, row: int) -> None:
        """Say that everything above `row` is final."""
        self._file.done(row)

    def finish(self, check: Callable[[], None]) -> None:
        """Close the file and add overviews; `check` may raise to stop."""
        self._file.finish(check)


class ClassLayer(_File):
    """The class of each pixel, with its colours; counts pixels and areas while they pass."""

    def __init__(self, path: Path, grid: Grid, coding: Coding, tags: Mapping[str, str]) -> None:
        colors = _colormap(coding) if coding.data_type == "uint8" else None
        super().__init__(RowsFile(path, grid, coding.data_type, coding.nodata, tags, colormap=colors))
        self._coding = coding
        self._row = 0
        self._pixel_areas = pixel_areas(grid.crs, grid.transform, grid.height)
        self.counts: dict[int, int] = {}
        """Pixels for each value written, nodata left out."""
        self.areas: Optional[dict[int, float]] = None if self._pixel_areas is None else {}
        """Square metres for each value written; None where the CRS gives none."""

    def put(self, row: int, col: int, scores: np.ndarray, valid: np.ndarray) -> None:
        """Take scores at a place."""
        self._file.put(row, col, self._coding.encode(scores, valid)[None])

    def done(self, row: int) -> None:
        """Say that everything above `row` is final, and count what goes to the disk."""
        rows = self._file.done(row)[0]
        if not rows.size:
            return
        areas = None if self._pixel_areas is None else self._pixel_areas[self._row : self._row + len(rows)]
        self._row += len(rows)
        if areas is None or (areas == areas[0]).all():
            self._count(rows, None if areas is None else float(areas[0]))
            return
        for pixels, area in zip(rows, areas.tolist()):
            self._count(pixels, area)

    def _count(self, pixels: np.ndarray, area: Optional[float]) -> None:
        """Count pixels of one size on the ground."""
        if pixels.dtype == np.uint8:
            numbers = np.bincount(pixels.ravel(), minlength=256)
            found = [(int(value), int(numbers[value])) for value in np.flatnonzero(numbers)]
        else:
            values, counts = np.unique(pixels, return_counts=True)
            found = list(zip(values.tolist(), counts.tolist()))
        for value, number in found:
            if value == self._coding.nodata:
                continue
            self.counts[value] = self.counts.get(value, 0) + number
            if self.areas is not None and area is not None:
                self.areas[value] = self.areas.get(value, 0.0) + number * area


class ValueLayer(_File):
    """Numbers, a band for each channel: probabilities of classes, or what a regression gives."""

    def __init__(
        self, path: Path, grid: Grid, names: Sequence[str], tags: Mapping[str, str], meant: Sequence[Band] = ()
    ) -> None:
        file = RowsFile(path, grid, "float32", NAN, tags, names, resampling=Resampling.average, meant=meant)
        super().__init__(file)

    def put(self, row: int, col: int, scores: np.ndarray, valid: np.ndarray) -> None:
        """Take scores at a place."""
        self._file.put(row, col, np.where(valid, scores, np.float32(NAN)))


class ConfidenceLayer(ValueLayer):
    """The score of the class that each pixel got, from 0 to 1."""

    def __init__(self, path: Path, grid: Grid, coding: Optional[Coding], tags: Mapping[str, str]) -> None:
        super().__init__(path, grid, ("confidence",), tags)
        self._least = HALF if coding is None or coding.threshold is None else coding.threshold

    def put(self, row: int, col: int, scores: np.ndarray, valid: np.ndarray) -> None:
        """Take scores at a place; a single score is that of one of two classes, and what it lacks the other's."""
        single = scores.shape[0] == 1
        best = np.where(scores >= self._least, scores, 1 - scores) if single else scores.max(axis=0, keepdims=True)
        super().put(row, col, best, valid)


def _colormap(coding: Coding) -> dict[int, tuple[int, int, int, int]]:
    colors = {e.value: (*_rgb(e.color), 0 if e.nodata else 255) for e in coding.entries if 0 <= e.value <= 255}
    colors[coding.nodata] = (0, 0, 0, 0)
    return colors


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
