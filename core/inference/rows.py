"""A GeoTIFF under construction: rows come from top to bottom, a thread of its own compresses them, overviews last."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.windows import Window as FileWindow

from ..mlm.model import Band
from .scratch import writing_failed

BLOCK = 256
LEVEL = 2
"""Of deflate: maps of classes become a tenth larger than by its usual 6, in a third of the time."""
OVERVIEW_SIDE = 512
"""Overviews are made until the smallest has no side longer than this."""
_QUEUED = 4
_QUEUED_BYTES = 64e6
"""How many rows of blocks may wait for the disk: four, unless these are large, as of a wide raster or many bands."""


@dataclass(frozen=True)
class Grid:
    """Where a result lies: its size in pixels, CRS and transform."""

    width: int
    height: int
    crs: str
    transform: Affine


class RowsFile:
    """The file; a context manager. `put` takes blocks (bands, rows, columns) from left to right, top to bottom.

    `meant` is what an item says of the bands: scale, offset and unit.
    """

    def __init__(
        self,
        path: Path,
        grid: Grid,
        data_type: str,
        nodata: float,
        tags: Mapping[str, str],
        names: Sequence[str] = ("",),
        colormap: Optional[Mapping[int, tuple[int, int, int, int]]] = None,
        resampling: Resampling = Resampling.nearest,
        meant: Sequence[Band] = (),
    ) -> None:
        self._path, self._grid, self._nodata, self._type = path, grid, nodata, data_type
        self._tags, self._names, self._colormap, self._resampling = dict(tags), names, colormap, resampling
        self._meant = meant
        self._rows = self._empty(0)
        self._first = 0
        room = _QUEUED_BYTES // (BLOCK * len(names) * grid.width * self._rows.itemsize)
        self._queue: queue.Queue[Optional[tuple[int, np.ndarray]]] = queue.Queue(int(min(_QUEUED, max(1, room))))
        self._failure: Optional[Exception] = None
        self._thread: Optional[threading.Thread] = None
        self._file: Any = None

    def __enter__(self) -> RowsFile:
        grid = self._grid
        try:
            self._file = rasterio.open(
                self._path, "w", driver="GTiff", width=grid.width, height=grid.height, count=len(self._names),
                dtype=self._type, crs=grid.crs or None, transform=grid.transform, nodata=self._nodata,
                compress="deflate", zlevel=LEVEL, tiled=True, blockxsize=BLOCK, blockysize=BLOCK, bigtiff="IF_SAFER",
            )  # fmt: skip
            self._file.update_tags(**self._tags)
            for index, name in enumerate(self._names, 1):
                if name:
                    self._file.set_band_description(index, name)
            self._describe()
            if self._colormap is not None:
                self._file.write_colormap(1, self._colormap)
        except (RasterioError, OSError) as error:
            raise writing_failed(self._path, error) from error
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()
        return self

    def _describe(self) -> None:
        """Say what the numbers mean: GDAL's scale, offset and unit, which QGIS applies and shows."""
        if any(band.scale is not None or band.offset is not None for band in self._meant):
            self._file.scales = [1.0 if band.scale is None else band.scale for band in self._meant]
            self._file.offsets = [0.0 if band.offset is None else band.offset for band in self._meant]
        for index, band in enumerate(self._meant, 1):
            if band.unit:
                self._file.set_band_unit(index, band.unit)

    def __exit__(self, kind: object, *error: object) -> None:
        self._join()
        if self._file is not None and not self._file.closed:
            if kind is None:
                self._close()
            else:
                _close_quietly(self._file)

    def put(self, row: int, col: int, block: np.ndarray) -> None:
        """Take pixels at a place; what reaches over the raster's edge is cut."""
        height = min(block.shape[1], self._grid.height - row)
        width = min(block.shape[2], self._grid.width - col)
        self._reach(row + height)
        start = row - self._first
        self._rows[:, start : start + height, col : col + width] = block[:, :height, :width]

    def done(self, row: int) -> np.ndarray:
        """Say that everything above `row` is final; returns the rows of blocks that go to the disk now."""
        self._raise()
        ready = min(row, self._grid.height) - self._first
        ready = ready if row >= self._grid.height else ready // BLOCK * BLOCK
        self._reach(self._first + ready)
        leaving = self._rows[:, : max(0, ready)]
        if ready > 0:
            self._queue.put((self._first, leaving))
            self._first += ready
            self._rows = self._rows[:, ready:].copy()
        return leaving

    def _reach(self, row: int) -> None:
        """Add empty rows, so that those kept go on up to `row`."""
        missing = row - self._first - self._rows.shape[1]
        if missing > 0:
            self._rows = np.concatenate((self._rows, self._empty(missing)), axis=1)

    def finish(self, check: Callable[[], None]) -> None:
        """Close the file, all of whose rows are done, and add overviews; `check` may raise to stop."""
        self._join()
        self._raise()
        self._close()
        self._overviews(check)

    def _empty(self, rows: int) -> np.ndarray:
        return np.full((len(self._names), rows, self._grid.width), self._nodata, self._type)

    def _write(self) -> None:
        while True:
            job = self._queue.get()
            if job is None:
                return
            if self._failure is not None:
                continue
            row, rows = job
            try:
                self._file.write(rows, window=FileWindow(0, row, self._grid.width, rows.shape[1]))
            except Exception as error:  # handed to the thread that waits for the file
                self._failure = error

    def _join(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _close(self) -> None:
        try:
            self._file.close()
        except (RasterioError, OSError) as error:
            raise writing_failed(self._path, error) from error

    def _raise(self) -> None:
        if self._failure is not None:
            raise writing_failed(self._path, self._failure) from self._failure

    def _overviews(self, check: Callable[[], None]) -> None:
        """Add overviews level by level; a raster without any is read once, so that a cut off file is noticed here."""
        factors: list[int] = []
        while max(self._grid.width, self._grid.height) / 2 ** len(factors) > OVERVIEW_SIDE:
            factors.append(2 ** (len(factors) + 1))
        try:
            with rasterio.open(self._path, "r+" if factors else "r") as file:
                if not factors:
                    file.read(1)
                for factor in factors:
                    check()
                    file.build_overviews([factor], self._resampling)
        except (RasterioError, OSError) as error:
            raise writing_failed(self._path, error) from error


def _close_quietly(file: Any) -> None:
    """Close a file that is about to be deleted: why closing fails has no meaning for anyone."""
    try:
        file.close()
    except (RasterioError, OSError):
        return
