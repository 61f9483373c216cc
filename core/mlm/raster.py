"""What is known about a raster before it is read: bands, grid, reference system; plain values that cross the process
boundary.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Mapping, Optional


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

    @property
    def label(self) -> str:
        """What a list of bands shows, in QGIS's manner: "Band 3: nir"."""
        return f"Band {self.index}: {self.name}" if self.name else f"Band {self.index}"


@dataclass(frozen=True)
class RasterInfo:
    """A raster, or several that stand for one stack on one grid.

    `transform` is (a, b, c, d, e, f) as in affine: x = a col + b row + c, y = d col + e row + f, in units of the CRS.
    """

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

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RasterInfo:
        """Return what `to_json` wrote."""
        fields = dict(data)
        fields["bands"] = tuple(RasterBand(**b) for b in data["bands"])
        fields["transform"] = tuple(data["transform"])
        fields["bbox"] = tuple(data["bbox"]) if data.get("bbox") else None
        return RasterInfo(**fields)
