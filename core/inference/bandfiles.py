"""What a file's name says, by the naming rules of the products that come as one file a band.

The name of a band is taken from any file; what the band measures only where the product is known by its publisher's
rule, since Landsat 8's B4 is red and Landsat 7's near infrared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Mapping, Optional

from ..mlm.bands import common_name, plain

RASTERS = (".tif", ".tiff", ".jp2", ".img", ".vrt", ".nc", ".bil", ".dat", ".asc")
"""Endings under which a folder is searched for rasters; a raster that is named may have any."""

Spectrum = Mapping[str, tuple[str, float]]

SENTINEL2: Spectrum = {
    "b1": ("coastal", 0.4427),
    "b2": ("blue", 0.4924),
    "b3": ("green", 0.5598),
    "b4": ("red", 0.6646),
    "b5": ("rededge071", 0.7041),
    "b6": ("rededge075", 0.7405),
    "b7": ("rededge078", 0.7828),
    "b8": ("nir", 0.8328),
    "b8a": ("nir08", 0.8647),
    "b9": ("nir09", 0.9451),
    "b10": ("cirrus", 1.3735),
    "b11": ("swir16", 1.6137),
    "b12": ("swir22", 2.2024),
}
"""Common name (STAC EO) and centre in micrometres (Sentinel-2A's, ESA; its sisters' lie at most 0.017 beside)."""
OLI: Spectrum = {
    "b1": ("coastal", 0.443),
    "b2": ("blue", 0.482),
    "b3": ("green", 0.5615),
    "b4": ("red", 0.6545),
    "b5": ("nir", 0.865),
    "b6": ("swir16", 1.6085),
    "b7": ("swir22", 2.2005),
    "b8": ("pan", 0.5895),
    "b9": ("cirrus", 1.3735),
    "b10": ("lwir11", 10.895),
    "b11": ("lwir12", 12.005),
}
"""Landsat 8 and 9 (USGS: middle of the band's limits)."""
ETM: Spectrum = {
    "b1": ("blue", 0.485),
    "b2": ("green", 0.56),
    "b3": ("red", 0.66),
    "b4": ("nir", 0.835),
    "b5": ("swir16", 1.65),
    "b6": ("lwir", 11.45),
    "b7": ("swir22", 2.22),
    "b8": ("pan", 0.71),
}
"""Landsat 4, 5 and 7: Thematic Mapper and its successor (USGS: middle of the band's limits)."""


@dataclass(frozen=True)
class Sensor:
    """A product's rule: how its names begin, what its bands measure, and which stored number stands for no data."""

    pattern: re.Pattern[str]
    spectrum: Spectrum
    fill: Optional[float] = None


_EDGE = r"(?:^|(?<=[/\\_. ]))"
_LANDSAT = r"_(?:L\d\w\w|CU|AK|HI)_\d{6}_\d{8}(?:_\d{8}_\d\d(?:_(?:T1|T2|RT))?)?"
SENSORS = (
    Sensor(re.compile(_EDGE + r"HLS\.S30\.\w+\.\d{7}T\d{6}"), SENTINEL2),
    Sensor(re.compile(_EDGE + r"HLS\.L30\.\w+\.\d{7}T\d{6}"), OLI),
    Sensor(re.compile(_EDGE + r"L[COT]0[89]" + _LANDSAT), OLI, 0.0),
    Sensor(re.compile(_EDGE + r"L[COT]8\d{13}[A-Z]{3}\d\d"), OLI, 0.0),
    Sensor(re.compile(_EDGE + r"(?:LE07|LT0[45])" + _LANDSAT), ETM, 0.0),
    Sensor(re.compile(_EDGE + r"(?:LE7|LT[45])\d{13}[A-Z]{3}\d\d"), ETM, 0.0),
    Sensor(
        re.compile(_EDGE + r"S2[A-D]_MSIL(?:1C|2A)_\d{8}T\d{6}_N\d{4}_R\d{3}_T\d\d[A-Z]{3}_\d{8}T\d{6}"),
        SENTINEL2,
        0.0,
    ),
    Sensor(re.compile(_EDGE + r"S2[A-D]_(?:OPER|USER)_MSI_L(?:1C|2A)_\w+?_T\d\d[A-Z]{3}"), SENTINEL2, 0.0),
    Sensor(re.compile(_EDGE + r"S2[A-D]_(?:T?\d\d[A-Z]{3}_\d{8}|\d{8}T\d{6})_\w*?L(?:1C|2A)"), SENTINEL2, 0.0),
    Sensor(re.compile(_EDGE + r"T\d\d[A-Z]{3}_\d{8}T\d{6}"), SENTINEL2, 0.0),
)
"""Landsat: USGS, "Landsat product identifier"; Sentinel-2: ESA, product specification, also as others repack it;
HLS: NASA's user guide. The longest names come first: they say most."""

_BAND = re.compile(r"(?:^|(?<=[_.\- ]))(?:SR_|ST_)?(B(?:and)?[ _]?\d{1,2}A?)(_VCID_\d)?(?=$|[_.\- (])", re.IGNORECASE)
_RESOLUTION = re.compile(r"(?:^|[_\-/\\])R?(\d{1,3})m(?=$|[_\-./\\])", re.IGNORECASE)
_TRAILING = re.compile(
    r"(?:[_.\- ]+(?:\d+m?|clip|clipped|crop|cropped|subset|cog|sr|toa|boa|raw|band|utm\w*))+$", re.IGNORECASE
)
"""What follows a colour in a file's name without changing what it is: nir_20m, red_2020_clip."""
_NO_BAND = re.compile(
    r"(?:^|[_.\- ])(?:TCI|PVI|SCL|AOT|WVP|QA\w*|BQA|MSK|CLD|SNW|CLDPRB|SNWPRB|Fmask|SAA|SZA|VAA|VZA|udm2?|mask"
    r"|preview|thumb\w*|browse|overview)(?=$|[_.\- \d])",
    re.IGNORECASE,
)
_PLANET = re.compile(_EDGE + r"\d{8}_\d{6}_\w*3[AB]_Analytic\w*", re.IGNORECASE)
PLANET = {
    4: ("blue", "green", "red", "nir"),
    8: ("coastal", "blue", "green05", "green", "yellow", "red", "rededge", "nir"),
}
"""The bands of PlanetScope's files by their number (Planet, "PSScene" asset types); the files do not name them."""


@dataclass(frozen=True)
class BandFile:
    """What the name of a file of one band says; `rest` is the name without band and size, the same for its sisters."""

    band: str
    rest: str = ""
    resolution: Optional[float] = None
    common_name: str = ""
    center_wavelength: Optional[float] = None

    @property
    def known(self) -> bool:
        """Whether the product's own rule says what the band is."""
        return bool(self.common_name)


def band_file(name: str) -> Optional[BandFile]:
    """Return what the name of a single band's file says ("..._B04_10m.jp2", "nir.tif"); None where it names no
    band.
    """
    stem = _stem(name)
    if _NO_BAND.search(stem):
        return None
    size = _RESOLUTION.search(stem) or _RESOLUTION.search(_folder(name))
    resolution = float(size[1]) if size else None
    found = list(_BAND.finditer(stem))
    if not found:
        word, rest = _colour(stem)
        return BandFile(word, rest, resolution) if word else None
    last = found[-1]
    band = re.sub(r"(?i)^band[ _]?", "B", last[1])
    rest = _RESOLUTION.sub("", stem[: last.start()] + stem[last.end() :]).strip("_.- ")
    sensor = _sensor(name)
    measured = sensor.spectrum.get(plain(band)) if sensor else None
    return BandFile(
        band + (last[2] or ""),
        rest,
        resolution,
        measured[0] if measured else "",
        measured[1] if measured else None,
    )


def product_of(name: str) -> str:
    """Return the product's identifier that a path holds, or an empty string."""
    found = _place(name)
    return found[1][0] if found else ""


def fill_of(name: str) -> Optional[float]:
    """Return the stored number that the product of a path leaves where it has no data; None where no rule says so."""
    sensor = _sensor(name)
    return sensor.fill if sensor else None


def position_names(name: str, count: int) -> tuple[str, ...]:
    """Return common names by position for files of several bands whose product has a fixed order and names none."""
    return PLANET.get(count, ()) if _PLANET.search(_stem(name)) and not _NO_BAND.search(_stem(name)) else ()


def is_no_band(name: str) -> bool:
    """Whether a file is a picture, a mask or a quality layer by its name."""
    return bool(_NO_BAND.search(_stem(name)))


def _colour(stem: str) -> tuple[str, str]:
    """Return the colour with which a name ends, of one word or two, and what stands before it."""
    for text in (stem, _TRAILING.sub("", stem)):
        words = re.split(r"[_.\- ]", text)
        for count in (2, 1):
            word = "_".join(words[-count:])
            if len(words) >= count and common_name(word):
                return word, "_".join(words[:-count])
    return "", ""


def _sensor(name: str) -> Optional[Sensor]:
    found = _place(name)
    return found[0] if found else None


def _place(name: str) -> Optional[tuple[Sensor, re.Match[str]]]:
    """Return the first rule that a path follows: the product's folder says more than the file in it."""
    for sensor in SENSORS:
        matches = list(sensor.pattern.finditer(name))
        if matches:
            return sensor, matches[-1]
    return None


def _stem(name: str) -> str:
    file = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    stem, dot, ending = file.rpartition(".")
    return stem if dot and f".{ending.lower()}" in (*RASTERS, ".png", ".jpg", ".jpeg", ".hdf", ".h5") else file


def _folder(name: str) -> str:
    parts = re.split(r"[/\\]", name)
    return parts[-2] if len(parts) > 1 else ""
