"""Layers that stand for one raster: the chosen one and those behind it, in their order, as the engine stacks files."""

from __future__ import annotations

from dataclasses import replace
from typing import Mapping, Sequence

from ..core.mlm.raster import RasterBand, RasterInfo

SHOWN = 3
"""How many layers the name of a result has."""


def combined(infos: Sequence[RasterInfo]) -> RasterInfo:
    """Return what several rasters are together; place and extent are the first one's, pixels those of the finest.

    A file that is named twice is one file, as it is to the engine.
    """
    first = infos[0]
    if len(infos) == 1:
        return first
    bands: list[RasterBand] = []
    for info in infos:
        known = {band.file for band in bands}
        bands += [band for band in info.bands if band.file not in known]
    sizes = [info.resolution_m for info in infos if info.resolution_m]
    return replace(
        first,
        bands=tuple(bands),
        resolution_m=min(sizes) if sizes else None,
        notes=tuple(dict.fromkeys(note for info in infos for note in info.notes)),
    )


def moved(bands: Mapping[str, str], before: RasterInfo, after: RasterInfo) -> dict[str, str]:
    """Return a mapping by hand, from labels to places in a stack, for another stack; what is not in it is left out."""
    places = {(band.file, band.index): str(place) for place, band in enumerate(after.bands, 1)}
    old = {str(place): (band.file, band.index) for place, band in enumerate(before.bands, 1)}
    return {label: places[old[place]] for label, place in bands.items() if old.get(place) in places}


def by_file(bands: Mapping[str, str], raster: RasterInfo, copies: Mapping[str, str]) -> dict[str, str]:
    """Return a mapping by hand with FILE:NUMBER for places; `copies` has the file that stands for a layer without one.

    Places of a copy need not be those of its layer: the engine skips bands of transparency.
    """
    said = {}
    for label, place in bands.items():
        band = raster.bands[int(place) - 1]
        said[label] = f"{copies.get(band.file, band.file)}:{band.index}"
    return said


def name_of(names: Sequence[str]) -> str:
    """Return what a stack of layers is called: "t1 + t2"."""
    if len(names) > SHOWN:
        return f"{names[0]} + {len(names) - 1} more"
    return " + ".join(names)
