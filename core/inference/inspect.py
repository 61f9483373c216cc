"""Describes a raster, or several files that stand for one stack, without changing or converting anything."""

from __future__ import annotations

import math
from contextlib import ExitStack
from pathlib import PurePath
from typing import Any, Iterator, Optional, Sequence

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds

from ..errors import DoesNotFit, RasterUnreadable
from ..mlm.bands import common_name
from ..mlm.raster import RasterBand, RasterInfo

SAMPLE_SIDE = 512
"""Statistics come from at most this many rows and columns, read through overviews where there are any."""

_COLORS = {
    ColorInterp.red: "red",
    ColorInterp.green: "green",
    ColorInterp.blue: "blue",
}
_WAVELENGTHS = ("central_wavelength_um", "center_wavelength", "wavelength")
_METRES_A_DEGREE = 111_320.0
EXACTLY = 100
"""A CRS that is only like one of the EPSG's keeps its own definition, since the result must have the raster's."""


def inspect(rasters: Sequence[str], statistics: bool = True) -> RasterInfo:
    """Return what is known of `rasters` (paths, or anything GDAL opens); several are one stack and must share one grid.

    Raises `RasterUnreadable` where a file can't be opened, `DoesNotFit` where grids differ.
    """
    if not rasters:
        raise RasterUnreadable("No raster is given. Choose a layer or name a file.")
    with ExitStack() as stack:
        opened = [(name, stack.enter_context(open_raster(name))) for name in rasters]
        first = opened[0][1]
        for name, other in opened[1:]:
            _same_grid(rasters[0], first, name, other)
        try:
            bands = tuple(b for name, dataset in opened for b in _bands(name, dataset, statistics))
        except RasterioError as error:
            raise damaged(rasters[0], error) from error
        return RasterInfo(
            bands=bands,
            width=first.width,
            height=first.height,
            transform=tuple(first.transform)[:6],
            crs=_crs_text(first.crs),
            resolution_m=_resolution_m(first),
            bbox=_degrees(first),
            source=rasters[0],
        )


def open_raster(name: str) -> Any:
    """Open `name` for reading; raises `RasterUnreadable` with GDAL's reason."""
    try:
        return rasterio.open(name)
    except RasterioError as error:
        raise RasterUnreadable(f"{name} can't be opened as a raster: {_reason(error, name)}") from error


def damaged(name: str, error: Exception, where: str = "") -> RasterUnreadable:
    """Return the sentence for pixels that can't be read; rasterio keeps GDAL's reason in the error's cause."""
    reason = str(error.__cause__ or error).strip().rstrip(".")
    return RasterUnreadable(f"{name} is damaged or cut off{where}: {reason}. Copy the file again.")


def _reason(error: Exception, name: str) -> str:
    text = str(error).removeprefix(f"'{name}' ").removeprefix(f"{name}: ").strip().rstrip(".")
    return f"{text}. Check the path, or open it in QGIS to see whether it is whole."


def _same_grid(name: str, first: Any, other_name: str, other: Any) -> None:
    same = first.shape == other.shape and first.crs == other.crs
    if not same or not first.transform.almost_equals(other.transform, precision=1e-6 * abs(first.transform.a)):
        raise DoesNotFit(
            f"{PurePath(name).name} ({first.width} x {first.height}) and {PurePath(other_name).name} "
            f"({other.width} x {other.height}) are not on one grid. Warp them to one grid first."
        )


def _bands(name: str, dataset: Any, statistics: bool) -> Iterator[RasterBand]:
    used = [i for i in dataset.indexes if dataset.colorinterp[i - 1] != ColorInterp.alpha]
    sampled = _statistics(dataset, used) if statistics else [{} for _ in used]
    for index, numbers in zip(used, sampled):
        tags = {**dataset.tags(index), **dataset.tags(index, ns="IMAGERY")}
        said = {word.lower(): text for word, text in tags.items()}  # drivers differ in case
        text = dataset.descriptions[index - 1] or said.get("name") or ""
        if not text and dataset.count == 1:
            text = _from_file_name(name)
        common = said.get("common_name") or common_name(text) or _COLORS.get(dataset.colorinterp[index - 1], "")
        yield RasterBand(
            file=name,
            index=index,
            name=text or common,
            common_name=common,
            center_wavelength=_wavelength(said),
            data_type=dataset.dtypes[index - 1],
            nodata=_number(dataset.nodatavals[index - 1]),
            scale=dataset.scales[index - 1],
            offset=dataset.offsets[index - 1],
            **numbers,
        )


def _from_file_name(name: str) -> str:
    """Return the band that the file of a single band is named after ("..._B04.tif", "nir.tif"), or an empty string."""
    words = PurePath(name.split(":")[-1]).stem.replace("-", "_").split("_")
    for word in reversed(words):
        if common_name(word) or (word[:1] in "Bb" and word[1:].rstrip("Aa").isdigit()):
            return word
    return ""


def _wavelength(said: dict[str, str]) -> Optional[float]:
    """Return a wavelength in micrometres; what is above 100 is taken as nanometres."""
    for word in _WAVELENGTHS:
        number = _number(said.get(word))
        if number:
            return number / 1000 if number > 100 else number
    return None


def _statistics(dataset: Any, indexes: list[int]) -> list[dict[str, Optional[float]]]:
    """Return median, 2nd and 98th percentile, mean and deviation of each band's valid stored values, sampled on a
    regular grid.
    """
    shrink = max(1.0, dataset.height / SAMPLE_SIDE, dataset.width / SAMPLE_SIDE)
    shape = (len(indexes), max(1, int(dataset.height / shrink)), max(1, int(dataset.width / shrink)))
    data = dataset.read(indexes, out_shape=shape, resampling=Resampling.nearest)
    masks = None
    if any(MaskFlags.all_valid not in dataset.mask_flag_enums[i - 1] for i in indexes):
        masks = dataset.read_masks(indexes, out_shape=shape, resampling=Resampling.nearest)
    results: list[dict[str, Optional[float]]] = []
    for position in range(len(indexes)):
        values = data[position] if masks is None else data[position][masks[position] > 0]
        values = np.asarray(values, dtype="float64").ravel() if not np.iscomplexobj(values) else np.empty(0)
        values = values[np.isfinite(values)]
        if not values.size:
            results.append({})
            continue
        low, median, high = np.percentile(values, (2, 50, 98))
        results.append(
            {
                "median": float(median),
                "low": float(low),
                "high": float(high),
                "mean": float(values.mean()),
                "stddev": float(values.std()),
            }
        )
    return results


def _number(value: Any) -> Optional[float]:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _crs_text(crs: Optional[CRS]) -> str:
    if crs is None:
        return ""
    code = crs.to_epsg(confidence_threshold=EXACTLY)
    return f"EPSG:{code}" if code else str(crs.to_wkt())


def _resolution_m(dataset: Any) -> Optional[float]:
    crs, transform = dataset.crs, dataset.transform
    if crs is None:
        return None
    size = math.sqrt(abs(transform.determinant))
    if crs.is_geographic:
        return size * _METRES_A_DEGREE
    return size * float(crs.linear_units_factor[1]) if crs.is_projected else size


def _degrees(dataset: Any) -> Optional[tuple[float, float, float, float]]:
    if dataset.crs is None:
        return None
    try:
        west, south, east, north = transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
    except RasterioError:
        return None
    return (west, south, east, north) if all(map(math.isfinite, (west, south, east, north))) else None
