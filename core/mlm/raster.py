"""What is known about a raster before it is read: bands, grid, reference system; plain values that cross the process
boundary.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, Mapping, Optional, Sequence


@dataclass(frozen=True)
class PixelGrid:
    """How pixels lie: `transform` is (a, b, c, d, e, f) as in affine: x = a col + b row + c, y = d col + e row + f, in
    units of the CRS.
    """

    width: int
    height: int
    transform: tuple[float, float, float, float, float, float]
    crs: str = ""

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> PixelGrid:
        return PixelGrid(**{**data, "transform": tuple(data["transform"])})


@dataclass(frozen=True)
class RasterBand:
    """A band of a raster; `index` counts from 1 within `file`.

    `center_wavelength` is in micrometres. `scale` and `offset` are the file's (1 and 0 where it has none). The
    statistics are of valid stored values, sampled: median, 2nd and 98th percentile, mean and standard deviation; None
    where nothing is valid or known.
    """

    file: str
    index: int
    name: str = ""
    common_name: str = ""
    center_wavelength: Optional[float] = None
    data_type: str = ""
    nodata: Optional[float] = None
    scale: float = 1.0
    offset: float = 0.0
    median: Optional[float] = None
    low: Optional[float] = None
    high: Optional[float] = None
    mean: Optional[float] = None
    stddev: Optional[float] = None
    grid: Optional[PixelGrid] = None
    """The file's own pixels, which in a stack need not be the stack's; None where no file was opened."""
    resolution_m: Optional[float] = None
    """The size of the file's own pixels in metres at its centre."""
    product: str = ""
    """The product that the file says or is named after to belong to, as its publisher names it
    (S2A_MSIL1C_20220501T100031_N0400_R122_T33UUP_20220501T120000); empty where nothing says so."""

    @property
    def label(self) -> str:
        """What a list of bands shows, in QGIS's manner: "Band 3: nir"."""
        return f"Band {self.index}: {self.name}" if self.name else f"Band {self.index}"

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RasterBand:
        grid = data.get("grid")
        return RasterBand(**{**data, "grid": PixelGrid.from_json(grid) if grid else None})


@dataclass(frozen=True)
class RasterInfo:
    """A raster, or several that stand for one stack on one grid; `transform` is that of `PixelGrid`."""

    bands: tuple[RasterBand, ...]
    width: int
    height: int
    transform: tuple[float, float, float, float, float, float]
    crs: str = ""
    resolution_m: Optional[float] = None
    """The pixel's size in metres at the raster's centre; None without a CRS."""
    bbox: Optional[tuple[float, float, float, float]] = None
    """West, south, east, north in degrees; None without a CRS."""
    source: str = ""
    notes: tuple[str, ...] = ()
    """What was decided about the files and their pixels, in sentences."""

    @property
    def grid(self) -> PixelGrid:
        return PixelGrid(self.width, self.height, self.transform, self.crs)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RasterInfo:
        """Return what `to_json` wrote."""
        fields = dict(data)
        fields["bands"] = tuple(RasterBand.from_json(b) for b in data["bands"])
        fields["transform"] = tuple(data["transform"])
        fields["bbox"] = tuple(data["bbox"]) if data.get("bbox") else None
        fields["notes"] = tuple(data.get("notes") or ())
        return RasterInfo(**fields)


def file_names(bands: Sequence[RasterBand]) -> dict[str, str]:
    """Return what to call each file of `bands`, in their order: its name alone, where no other is called so."""
    files = list(dict.fromkeys(band.file for band in bands))
    names = [PurePath(file).name for file in files]
    return {file: name if names.count(name) == 1 else file for file, name in zip(files, names)}
