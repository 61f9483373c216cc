"""Folders and archives of a product's band files as the list of these files: each band once, as fine as there is.

A SAFE folder is read by the files in it, not by GDAL's SENTINEL2 driver: so it goes for repacked products, for one
whose metadata are missing, and for Landsat, by one rule. What the user names as a file is taken as it is.
"""

from __future__ import annotations

import os
import re
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Iterator, Optional, Sequence

import rasterio
from rasterio.errors import RasterioError

from ..errors import RasterUnreadable
from .bandfiles import RASTERS, BandFile, band_file, is_no_band, product_of

DEEPEST = 6
"""Folders within folders that are searched; a SAFE's bands lie four down."""
MOST_FILES = 100_000
SHOWN = 5
"""How many names a sentence lists."""
_SAFE_METADATA = re.compile(r"(?:MTD_MSIL\w\w|S2\w_(?:OPER|USER)_MTD_\w+|MTD_TL)\.xml", re.IGNORECASE)
_ARCHIVES = ((".zip", "/vsizip/"), (".tar", "/vsitar/"), (".tar.gz", "/vsitar/"), (".tgz", "/vsitar/"))


@dataclass(frozen=True)
class Found:
    """The rasters that stand for what was named, and what was left out, in sentences."""

    files: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """A folder or archive: its name for the user, what GDAL puts before a file in it, and the files."""

    name: str
    prefix: str
    members: tuple[str, ...]


def found(rasters: Sequence[str]) -> Found:
    """Return the rasters that `rasters` stand for, with what is to be said about them.

    Raises `RasterUnreadable` where a folder or archive holds none, or several products.
    """
    files: list[str] = []
    notes: list[str] = []
    for name in rasters:
        place = _place(name)
        one = _bands_in(place) if place else Found((name,))
        files += one.files
        notes += one.notes
    return Found(tuple(files), tuple(notes))


def _place(name: str) -> Optional[_Place]:
    path = Path(name)
    if path.is_file() and _SAFE_METADATA.fullmatch(path.name):
        path = path.parent
    if path.is_dir():
        prefix = path.as_posix().rstrip("/") + "/"
        return _Place(name, prefix, tuple(_walk(path, name)))
    if not path.is_file():
        return None
    for ending, driver in _ARCHIVES:
        if path.name.lower().endswith(ending):
            return _Place(name, f"{driver}{path.as_posix()}/", _archived(path, name))
    return None


def _walk(folder: Path, name: str) -> Iterator[str]:
    count = 0
    for root, folders, files in os.walk(folder):
        inside = Path(root).relative_to(folder)
        if len(inside.parts) >= DEEPEST:
            folders.clear()
        folders.sort()
        count += len(files) + len(folders)
        if count > MOST_FILES:
            raise RasterUnreadable(f"{name} holds more than {MOST_FILES} files. Name the folder of one product.")
        yield from ((inside / file).as_posix() for file in sorted(files))


def _archived(path: Path, name: str) -> tuple[str, ...]:
    try:
        if path.name.lower().endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return tuple(sorted(archive.namelist()))
        with tarfile.open(path) as tar:
            files = [m for m in tar if m.isfile()]
    except (OSError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise RasterUnreadable(f"{name} can't be read as an archive: {error}. Copy or download it again.") from error
    if any("path" in m.pax_headers and m.name.lower().endswith(RASTERS) for m in files):
        raise RasterUnreadable(f"{name} keeps long names in a way that GDAL can't read (PAX). Unpack it first.")
    return tuple(sorted(m.name for m in files))


def _bands_in(place: _Place) -> Found:
    members = [m for m in place.members if m.lower().endswith(RASTERS)]
    bands = {m: said for m in members if (said := band_file(place.prefix + m)) is not None}
    depth = min((m.count("/") for m in bands), default=0)
    bands = {m: said for m, said in bands.items() if m.count("/") == depth}
    groups: dict[tuple[str, str], list[str]] = {}
    for member, said in bands.items():
        groups.setdefault((_folder(member), said.rest), []).append(member)
    if not groups or (len(bands) == 1 and not next(iter(bands.values())).known):
        return _whole(place, members)
    if len(groups) > 1:
        names = [product_of(place.prefix + m[0]) or rest or folder or m[0] for (folder, rest), m in groups.items()]
        names = list(dict.fromkeys(names))
        if len(names) < len(groups):
            names = [m[0] for m in groups.values()]
        raise RasterUnreadable(
            f"{place.name} holds the bands of {len(groups)} products: {_list(names)}. Name the folder or the files of "
            "one."
        )
    chosen = _finest(place, bands)
    left_out = [m for m in members if m not in bands and m.count("/") == depth]
    notes = [f"Left out of {_last(place.name)}, since it is no band: {_list(left_out)}."] if left_out else []
    return Found(tuple(place.prefix + m for m in chosen), tuple(notes))


def _finest(place: _Place, bands: dict[str, BandFile]) -> list[str]:
    """Return one file for each band, the finest, in the order of the bands' numbers."""
    best: dict[str, str] = {}
    for member, said in bands.items():
        other = best.get(said.band.upper())
        if other is None:
            best[said.band.upper()] = member
            continue
        ours, theirs = said.resolution, bands[other].resolution
        if ours is None or theirs is None or ours == theirs:
            raise RasterUnreadable(
                f"{place.name} holds {said.band} twice: {_last(other)} and {_last(member)}. Name the files to be used."
            )
        if ours < theirs:
            best[said.band.upper()] = member
    return [best[band] for band in sorted(best, key=_order)]


def _whole(place: _Place, members: Sequence[str]) -> Found:
    """Return the one raster of a place without band files, or the folder itself where that is a raster (Zarr)."""
    rasters = [m for m in members if not is_no_band(m)] or list(members)
    if len(rasters) == 1:
        return Found((place.prefix + rasters[0],))
    if not rasters:
        if _is_raster(place.name):
            return Found((place.name,))
        raise RasterUnreadable(
            f"{place.name} holds no raster ({', '.join(RASTERS)}). Choose the folder or file that has the bands."
        )
    raise RasterUnreadable(
        f"{place.name} holds {len(rasters)} rasters whose names do not say which bands of one product they are: "
        f"{_list(rasters)}. Name the files to be used."
    )


def _is_raster(name: str) -> bool:
    try:
        with rasterio.open(name) as dataset:
            return bool(dataset.count)
    except RasterioError:  # GDAL knows no such folder
        return False


def _folder(member: str) -> str:
    """Return the folder of a file in its place, with the folders of several pixel sizes as one (R10m, R20m)."""
    parts = PurePosixPath(member).parts[:-1]
    return "/".join(p for p in parts if not re.fullmatch(r"R?\d{1,3}m", p, re.IGNORECASE))


def _order(band: str) -> tuple[int, str]:
    number = re.search(r"\d+", band)
    return (int(number[0]) if number and band.startswith("B") else 1000, band)


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(_last(n) for n in names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def _last(name: str) -> str:
    return name.rstrip("/\\").replace("\\", "/").rpartition("/")[2]
