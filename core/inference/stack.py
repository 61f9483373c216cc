"""Reads windows of the matched bands, in the model's order, with what is valid; beyond the edge the raster goes on as
in a mirror.

Files whose pixels are the grid's are read as they are; the others are brought to it (`resample.py`).
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Optional, Sequence

import numpy as np
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.windows import Window as FileWindow

from ..mlm.raster import PixelGrid, RasterBand, RasterInfo
from .grid import placed, stacked
from .inspect import damaged, grid_of, open_raster
from .plan import Window
from .resample import resampled, working_type


class Stack:
    """The opened files of `bands` on `grid`, or on that of the finest of them; a context manager, to be used from one
    thread (GDAL's handles are not shared).
    """

    def __init__(self, bands: Sequence[RasterBand], grid: Optional[RasterInfo] = None) -> None:
        self._bands = bands
        self._wanted = grid.grid if grid is not None else None
        self._places: dict[str, list[int]] = {}
        for place, band in enumerate(bands):
            self._places.setdefault(band.file, []).append(place)
        self._files: dict[str, _File] = {}
        self._exit = ExitStack()

    def __enter__(self) -> Stack:
        with ExitStack() as opening:
            opened = {name: opening.enter_context(open_raster(name)) for name in self._places}
            own = {name: grid_of(file) for name, file in opened.items()}
            self._grid = self._wanted or stacked(own)[0]
            for name, places in self._places.items():
                bands = [self._bands[p] for p in places]
                self._files[name] = _File(opened[name], bands, own[name], self._grid)
            self._exit = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Return the values (bands, height, width), stored or resampled, and where all bands are valid (height, width).

        Raises `RasterUnreadable` where the file is damaged.
        """
        rows = mirrored(window.row, window.height, self._grid.height)
        cols = mirrored(window.col, window.width, self._grid.width)
        box = FileWindow.from_slices((int(rows.min()), int(rows.max()) + 1), (int(cols.min()), int(cols.max()) + 1))
        parts: list[tuple[list[int], np.ndarray]] = []
        valid = np.ones((box.height, box.width), dtype=bool)
        for name, file in self._files.items():
            try:
                values, where = file.read(box)
            except (RasterioError, OSError) as error:
                raise damaged(name, error, f" at row {window.row}, column {window.col}") from error
            parts.append((self._places[name], values))
            valid &= where.all(axis=0)
        if len(parts) == 1 and parts[0][0] == list(range(len(self._bands))):
            data = parts[0][1]
        else:
            data = np.empty((len(self._bands), *valid.shape), dtype=np.result_type(*(v.dtype for _, v in parts)))
            for places, values in parts:
                data[places] = values
        if valid.shape == (window.height, window.width) and window.row >= 0 and window.col >= 0:
            return data, valid  # nothing hangs over an edge
        grid = np.ix_(rows - rows.min(), cols - cols.min())
        return data[(slice(None), *grid)], valid[grid]


class _File:
    """Bands of an opened file, and how its pixels come to the grid."""

    def __init__(self, dataset: Any, bands: Sequence[RasterBand], own: PixelGrid, grid: PixelGrid) -> None:
        self._dataset, self._bands, self._own, self._grid = dataset, bands, own, grid
        self._indexes = [band.index for band in bands]
        place = placed(own, grid)
        inside = place is not None and (
            0 <= place[0] <= own.height - grid.height and 0 <= place[1] <= own.width - grid.width
        )
        self._place = place if inside else None
        self._type = working_type(dataset.dtypes[i - 1] for i in self._indexes)

    def read(self, box: FileWindow) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of a window of the grid, and where each band has one."""
        if self._place is not None:
            row, col = self._place
            return self._read(FileWindow(box.col_off + col, box.row_off + row, box.width, box.height))
        values = resampled(self._read, len(self._indexes), self._own, self._grid, box, self._type)
        return values, np.isfinite(values)

    def _read(self, box: FileWindow) -> tuple[np.ndarray, np.ndarray]:
        values = self._dataset.read(self._indexes, window=box)
        return values, np.stack([self._valid(p, values[p], box) for p in range(len(values))])

    def _valid(self, position: int, values: np.ndarray, box: FileWindow) -> np.ndarray:
        """Return where a band has a value: by nodata, alpha or mask band, and a finite one."""
        index = self._indexes[position]
        flags = self._dataset.mask_flag_enums[index - 1]
        nodata = self._dataset.nodatavals[index - 1]
        if MaskFlags.all_valid in flags:
            # The file marks nothing; what its product leaves empty is known from elsewhere.
            fill = self._bands[position].nodata
            valid = values != fill if fill is not None else np.ones(values.shape, dtype=bool)
        elif flags == [MaskFlags.nodata] and nodata is not None and np.isfinite(nodata):
            valid = values != nodata
        else:
            valid = self._dataset.read_masks(index, window=box) > 0
        return valid & np.isfinite(values) if values.dtype.kind in "fc" else valid


def mirrored(start: int, count: int, size: int) -> np.ndarray:
    """Return the positions in 0..size-1 that stand for start..start+count-1, the edge pixel not repeated."""
    if size == 1:
        return np.zeros(count, dtype=np.intp)
    period = 2 * (size - 1)
    positions = np.arange(start, start + count) % period
    return np.where(positions < size, positions, period - positions)
