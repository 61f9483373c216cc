"""Describes a raster, or several files that stand for one stack, without changing or converting anything."""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import Any, Iterator, Mapping, Optional, Sequence

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import RasterioError

from ..errors import DoesNotFit, RasterUnreadable
from ..mlm.bands import common_name
from ..mlm.raster import PixelGrid, RasterBand, RasterInfo
from .bandfiles import BandFile, band_file, fill_of, position_names, product_of
from .expand import found
from .grid import stacked
from .ground import crs_text, described, resolution_m

SAMPLE_SIDE = 512
"""Statistics come from at most this many rows and columns, read through overviews where there are any."""
SHOWN = 8
"""How many parts of a container a sentence names."""

_COLORS = {
    ColorInterp.red: "red",
    ColorInterp.green: "green",
    ColorInterp.blue: "blue",
}
_WAVELENGTHS = ("central_wavelength_um", "center_wavelength", "wavelength")
_PRODUCT_TAGS = ("PRODUCT_URI", "LANDSAT_PRODUCT_ID")


def inspect(rasters: Sequence[str], statistics: bool = True) -> RasterInfo:
    """Return what is known of `rasters`: paths, folders or archives of a product's bands, or anything GDAL opens;
    several are one stack, on the pixels of the finest.

    Raises `RasterUnreadable` where a file can't be opened, `DoesNotFit` where files have no common ground.
    """
    if not rasters:
        raise RasterUnreadable("No raster is given. Choose a layer or name a file.")
    files = found(rasters)
    with ExitStack() as stack:
        opened = {name: stack.enter_context(open_raster(name)) for name in dict.fromkeys(files.files)}
        notes = [note for name, dataset in opened.items() for note in _placed(name, dataset)]
        grids = {name: grid_of(dataset) for name, dataset in opened.items()}
        bands: list[RasterBand] = []
        for name, dataset in opened.items():
            try:
                bands += _bands(name, dataset, grids[name], statistics)
            except (RasterioError, OSError) as error:
                raise damaged(name, error) from error
        grid, decided = stacked(grids)
        return RasterInfo(
            bands=tuple(bands),
            **described(grid),
            source=rasters[0],
            notes=(*files.notes, *notes, *_assumed_nodata(opened, bands), *decided),
        )


def grid_of(dataset: Any) -> PixelGrid:
    """Return how the pixels of an opened file lie."""
    a, b, c, d, e, f = tuple(dataset.transform)[:6]
    return PixelGrid(dataset.width, dataset.height, (a, b, c, d, e, f), crs_text(dataset.crs))


def open_raster(name: str) -> Any:
    """Open `name` for reading; raises `RasterUnreadable` with GDAL's reason."""
    try:
        return rasterio.open(name)
    except (RasterioError, OSError) as error:
        raise RasterUnreadable(f"{name} can't be opened as a raster: {_reason(error, name)}") from error


def damaged(name: str, error: Exception, where: str = "") -> RasterUnreadable:
    """Return the sentence for pixels that can't be read; rasterio keeps GDAL's reason in the error's cause."""
    reason = str(error.__cause__ or error).strip().rstrip(".")
    return RasterUnreadable(f"{name} is damaged or cut off{where}: {reason}. Copy the file again.")


def _reason(error: Exception, name: str) -> str:
    text = str(error).removeprefix(f"'{name}' ").removeprefix(f"{name}: ").strip().rstrip(".")
    return f"{text}. Check the path, or open it in QGIS to see whether it is whole."


def _placed(name: str, dataset: Any) -> list[str]:
    """Return what is to be said about where a raster lies; raises where it has no pixels, or none on a grid."""
    if not dataset.count:
        parts = dataset.subdatasets
        if not parts:
            raise RasterUnreadable(f"{name} has no band. Choose a raster.")
        more = f" and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
        raise RasterUnreadable(
            f"{name} is a container of {len(parts)} rasters and has no pixels itself. Name one of them as it stands "
            f"here: {', '.join(parts[:SHOWN])}{more}."
        )
    if not all(map(math.isfinite, dataset.transform)) or dataset.transform.is_degenerate:
        numbers = ", ".join(f"{n:g}" for n in tuple(dataset.transform)[:6])
        raise DoesNotFit(f"The pixels of {name} have no size (transform {numbers}). Georeference it again.")
    if not dataset.transform.is_identity:
        return []
    if dataset.gcps[0]:
        raise DoesNotFit(
            f"{name} is placed by {len(dataset.gcps[0])} control points only, and its pixels are on no grid. Warp it "
            "first (Raster > Projections > Warp, or gdalwarp)."
        )
    if dataset.rpcs is not None:
        return [
            f"{name} is placed by a camera model (RPC) only, so the result has no place on the ground either. "
            "Orthorectify it first (gdalwarp -rpc) if it should have one."
        ]
    return []


def _bands(name: str, dataset: Any, grid: PixelGrid, statistics: bool) -> Iterator[RasterBand]:
    used = [i for i in dataset.indexes if dataset.colorinterp[i - 1] != ColorInterp.alpha]
    file = (band_file(name) if len(used) == 1 else None) or BandFile("")
    by_position = position_names(name, len(used))
    said_of_file = dataset.tags()
    product = next((said_of_file[t] for t in _PRODUCT_TAGS if said_of_file.get(t)), "")
    product = product_of(product) or product or product_of(name)
    metres = resolution_m(grid)
    nodata = [_nodata(name, dataset, index, file) for index in used]
    sampled = _statistics(dataset, used, nodata) if statistics else [{} for _ in used]
    for place, (index, numbers) in enumerate(zip(used, sampled)):
        tags = {**dataset.tags(index), **dataset.tags(index, ns="IMAGERY")}
        said = {word.lower(): text for word, text in tags.items()}  # drivers differ in case
        text = dataset.descriptions[index - 1] or said.get("name") or file.band
        common = said.get("common_name") or common_name(text) or file.common_name
        common = common or (by_position[place] if by_position and not text else "")
        common = common or _COLORS.get(dataset.colorinterp[index - 1], "")
        yield RasterBand(
            file=name,
            index=index,
            name=text or common,
            common_name=common,
            center_wavelength=_wavelength(said) or file.center_wavelength,
            data_type=dataset.dtypes[index - 1],
            nodata=nodata[place],
            scale=dataset.scales[index - 1],
            offset=dataset.offsets[index - 1],
            grid=grid,
            resolution_m=metres,
            product=product,
            **numbers,
        )


def _nodata(name: str, dataset: Any, index: int, file: BandFile) -> Optional[float]:
    """Return a band's nodata: what the file says, else what its product leaves empty, where the file marks nothing.

    Products keep measurements in 16 bits, older ones in 8, as what is derived from them is kept as well.
    """
    declared = dataset.nodatavals[index - 1]
    if declared is not None or MaskFlags.all_valid not in dataset.mask_flag_enums[index - 1]:
        return _number(declared)
    measured = dataset.dtypes[index - 1] == "uint16" or (dataset.dtypes[index - 1] == "uint8" and file.known)
    return fill_of(name) if measured else None


def _assumed_nodata(opened: Mapping[str, Any], bands: Sequence[RasterBand]) -> list[str]:
    """Return a sentence on the bands whose nodata is known from their product alone."""
    names = [
        band.name or f"band {band.index}"
        for band in bands
        if band.nodata is not None and opened[band.file].nodatavals[band.index - 1] is None
    ]
    if not names:
        return []
    return [f"0 is taken for no data, as the product means it, though the files do not say so: {', '.join(names)}."]


def _wavelength(said: dict[str, str]) -> Optional[float]:
    """Return a wavelength in micrometres; what is above 100 is taken as nanometres."""
    for word in _WAVELENGTHS:
        number = _number(said.get(word))
        if number:
            return number / 1000 if number > 100 else number
    return None


def _statistics(
    dataset: Any, indexes: list[int], nodata: Sequence[Optional[float]]
) -> list[dict[str, Optional[float]]]:
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
        values = values[values != nodata[position]] if nodata[position] is not None else values
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
