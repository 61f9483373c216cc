"""Writes the result while it is being made: rows of blocks are compressed in a thread of their own, overviews come
last.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any, Callable, Mapping, Optional

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.windows import Window as FileWindow

from .area import pixel_areas
from .coding import Coding
from .scratch import writing_failed

BLOCK = 256
OVERVIEW_SIDE = 512
"""Overviews are made until the smallest has no side longer than this."""
_QUEUED = 4


class ClassRaster:
    """A GeoTIFF of classes under construction; a context manager. `put` takes blocks from left to right, top to
    bottom.
    """

    def __init__(
        self, path: Path, width: int, height: int, crs: str, transform: Affine, coding: Coding, tags: Mapping[str, str]
    ) -> None:
        self._path, self._width, self._height, self._coding = path, width, height, coding
        self._tags = dict(tags)
        self._profile = {
            "driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": coding.data_type,
            "crs": crs or None, "transform": transform, "nodata": coding.nodata, "compress": "deflate",
            "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "bigtiff": "IF_SAFER",
        }  # fmt: skip
        self._rows = np.full((0, width), coding.nodata, coding.data_type)
        self._first = 0
        self._counts: dict[int, int] = {}
        self._areas: dict[int, float] = {}
        self._pixel_areas = pixel_areas(crs, transform, height)
        self._queue: queue.Queue[Optional[tuple[int, np.ndarray]]] = queue.Queue(_QUEUED)
        self._failure: Optional[Exception] = None
        self._thread: Optional[threading.Thread] = None
        self._file: Any = None

    def __enter__(self) -> ClassRaster:
        try:
            self._file = rasterio.open(self._path, "w", **self._profile)
            self._file.update_tags(**self._tags)
            if self._coding.data_type == "uint8":
                self._file.write_colormap(1, _colormap(self._coding))
        except (RasterioError, OSError) as error:
            raise writing_failed(self._path, error) from error
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        self._join()
        if self._file is not None and not self._file.closed:
            if kind is None:
                self._close()
            else:
                _close_quietly(self._file)

    def put(self, row: int, col: int, block: np.ndarray) -> None:
        """Take pixels at a place; what reaches over the raster's edge is cut."""
        height = min(block.shape[0], self._height - row)
        width = min(block.shape[1], self._width - col)
        missing = row + height - self._first - self._rows.shape[0]
        if missing > 0:
            more = np.full((missing, self._width), self._coding.nodata, self._coding.data_type)
            self._rows = np.concatenate((self._rows, more))
        start = row - self._first
        self._rows[start : start + height, col : col + width] = block[:height, :width]

    def rows_done(self, row: int) -> None:
        """Say that everything above `row` is final; whole rows of blocks go to the disk."""
        self._raise()
        ready = min(row, self._height) - self._first
        ready = ready if row >= self._height else ready // BLOCK * BLOCK
        if ready > 0:
            self._hand_over(self._rows[:ready])
            self._rows = self._rows[ready:].copy()

    def finish(self, check: Callable[[], None]) -> None:
        """Write what is left, close, and add overviews; `check` may raise to stop."""
        self.rows_done(self._height)
        self._join()
        self._raise()
        self._close()
        self._overviews(check)

    @property
    def areas(self) -> Optional[dict[int, float]]:
        """Square metres for each value written; None where the CRS gives none."""
        return dict(self._areas) if self._pixel_areas is not None else None

    @property
    def counts(self) -> dict[int, int]:
        """Pixels for each value written, nodata left out."""
        return dict(self._counts)

    def _hand_over(self, rows: np.ndarray) -> None:
        for offset in range(rows.shape[0]):
            self._count(self._first + offset, rows[offset])
        self._queue.put((self._first, rows))
        self._first += rows.shape[0]

    def _count(self, row: int, pixels: np.ndarray) -> None:
        values, numbers = np.unique(pixels, return_counts=True)
        for value, number in zip(values.tolist(), numbers.tolist()):
            if value == self._coding.nodata:
                continue
            self._counts[value] = self._counts.get(value, 0) + number
            if self._pixel_areas is not None:
                self._areas[value] = self._areas.get(value, 0.0) + number * float(self._pixel_areas[row])

    def _write(self) -> None:
        while True:
            job = self._queue.get()
            if job is None:
                return
            if self._failure is not None:
                continue
            row, rows = job
            try:
                self._file.write(rows, 1, window=FileWindow(0, row, self._width, rows.shape[0]))
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
        while max(self._width, self._height) / 2 ** len(factors) > OVERVIEW_SIDE:
            factors.append(2 ** (len(factors) + 1))
        try:
            with rasterio.open(self._path, "r+" if factors else "r") as file:
                if not factors:
                    file.read(1)
                for factor in factors:
                    check()
                    file.build_overviews([factor], Resampling.nearest)
        except (RasterioError, OSError) as error:
            raise writing_failed(self._path, error) from error


def _close_quietly(file: Any) -> None:
    """Close a file that is about to be deleted: why closing fails has no meaning for anyone."""
    try:
        file.close()
    except (RasterioError, OSError):
        return


def _colormap(coding: Coding) -> dict[int, tuple[int, int, int, int]]:
    colors = {e.value: (*_rgb(e.color), 0 if e.nodata else 255) for e in coding.entries if 0 <= e.value <= 255}
    colors[coding.nodata] = (0, 0, 0, 0)
    return colors


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
