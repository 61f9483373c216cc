"""The four cloud networks that the catalog names, against the whole package they come from, run on the same image."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import rasterio

from mlm_runner.core.cli import main

IMAGE = Path(__file__).resolve().parents[3] / "shared" / "data" / "csmask" / "sentinel2_dn_u16.tif"
PACKAGES = {"ukis-csmask": "1.0.0", "scipy": "1.16.3"}
OWN = """
import sys
import numpy, rasterio
from ukis_csmask.mask import CSmask
source, level, count, out = sys.argv[1:]
bands = ["blue", "green", "red", "nir", "swir16", "swir22"][: int(count)]
image = rasterio.open(source).read(range(1, len(bands) + 1)).transpose(1, 2, 0).astype("float32") / 10000
numpy.save(out, CSmask(image, bands, level).csm[..., 0])
"""

pytestmark = pytest.mark.skipif(not IMAGE.is_file(), reason="the real images are not beside the checkout")


@pytest.mark.parametrize("variant", ["l1c-4bands", "l1c-6bands", "l2a-4bands", "l2a-6bands"])
def test_the_package_s_map_is_as_near_as_that_of_other_windows(own, tmp_path, monkeypatch, variant):
    cache = Path(os.environ.get("MLM_RUNNER_CACHE") or Path.home() / ".cache" / "mlm-runner")
    monkeypatch.setenv("MLM_RUNNER_HOME", str(cache / "home"))

    def clouds(*options: str) -> np.ndarray:
        out = str(tmp_path / "out.tif")
        assert main(["run", f"Built-in#csmask-{variant}", str(IMAGE), "-o", out, *options]) == 0
        with rasterio.open(out) as file:
            return file.read(1)

    level, bands = variant.split("-")
    own(OWN, PACKAGES, IMAGE, level, bands[0], tmp_path / "own.npy")
    ours = clouds()
    # A window's whole content weighs in these networks (squeeze and excitation), so where windows lie changes the map.
    other_windows = (ours == clouds("--overlap", "0.5")).mean()
    assert (ours == np.load(tmp_path / "own.npy")).mean() > other_windows - 0.005
