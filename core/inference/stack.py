"""Reads windows of the matched bands, in the model's order, with what is valid; beyond the edge the raster goes on as
in a mirror.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Optional, Sequence

import numpy as np
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.windows import Window as FileWindow

from ..mlm.raster import RasterBand
from .inspect import damaged, open_raster
from .plan import Window


class Stack:
    """The opened files of `bands`; a context manager, to be used from one thread (GDAL's handles are not shared)."""

    def __init__(self, bands: Sequence[RasterBand]) -> None:
        self._bands = bands
        self._places: dict[str, list[int]] = {}
        for place, band in enumerate(bands):
            self._places.setdefault(band.file, []).append(place)
        self._files: dict[str, Any] = {}
        self._exit = ExitStack()

    def __enter__(self) -> Stack:
        with ExitStack() as opening:
            self._files = {name: opening.enter_context(open_raster(name)) for name in self._places}
            self._exit = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Return the stored values (bands, height, width) and where all bands are valid (height, width).

        Raises `RasterUnreadable` where the file is damaged.
        """
        first = next(iter(self._files.values()))
        rows = mirrored(window.row, window.height, first.height)
        cols = mirrored(window.col, window.width, first.width)
        box = FileWindow.from_slices((int(rows.min()), int(rows.max()) + 1), (int(cols.min()), int(cols.max()) + 1))
        parts: list[tuple[list[int], np.ndarray]] = []
        valid: Optional[np.ndarray] = None
        for name, file in self._files.items():
            places = self._places[name]
            indexes = [self._bands[p].index for p in places]
            try:
                values = file.read(indexes, window=box)
                where = _valid(file, indexes, values, box)
            except RasterioError as error:
                raise damaged(name, error, f" at row {window.row}, column {window.col}") from error
            parts.append((places, values))
            valid = where if valid is None else valid & where
        data = np.empty((len(self._bands), *parts[0][1].shape[1:]), dtype=np.result_type(*(v.dtype for _, v in parts)))
        for places, values in parts:
            data[places] = values
        grid = np.ix_(rows - rows.min(), cols - cols.min())
        return data[(slice(None), *grid)], np.asarray(valid)[grid]


def mirrored(start: int, count: int, size: int) -> np.ndarray:
    """Return the positions in 0..size-1 that stand for start..start+count-1, the edge pixel not repeated."""
    if size == 1:
        return np.zeros(count, dtype=np.intp)
    period = 2 * (size - 1)
    positions = np.arange(start, start + count) % period
    return np.where(positions < size, positions, period - positions)


def _valid(file: Any, indexes: Sequence[int], values: np.ndarray, box: FileWindow) -> np.ndarray:
    """Return where every band has a value: by nodata, alpha or mask band, and a finite one."""
    valid = np.ones(values.shape[1:], dtype=bool)
    for position, index in enumerate(indexes):
        flags = file.mask_flag_enums[index - 1]
        if MaskFlags.all_valid not in flags:
            nodata = file.nodatavals[index - 1]
            if flags == [MaskFlags.nodata] and nodata is not None and np.isfinite(nodata):
                valid &= values[position] != nodata
            else:
                valid &= file.read_masks(index, window=box) > 0
        if values.dtype.kind in "fc":
            valid &= np.isfinite(values[position])
    return valid
