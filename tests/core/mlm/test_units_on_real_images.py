"""Every piece of a real image, all cloud or all shadow, is read in the one unit that it was stored in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlm_runner.core.mlm.raster import RasterBand
from mlm_runner.core.mlm.read import read
from mlm_runner.core.mlm.units import choose

np = pytest.importorskip("numpy")
rasterio = pytest.importorskip("rasterio")

SENTINEL2 = Path(__file__).resolve().parents[4] / "shared" / "data" / "csmask" / "sentinel2_dn_u16.tif"
"""512 x 512 pixels, reflectance x 10000, of which about a third is cloud or shadow."""
SIDE = 64


def pieces(values, **stored):
    """Yield the bands of the whole image, then of each piece of 64 x 64 pixels."""
    corners = [(slice(None), slice(None))]
    corners += [
        (slice(y, y + SIDE), slice(x, x + SIDE))
        for y in range(0, values.shape[1], SIDE)
        for x in range(0, values.shape[2], SIDE)
    ]
    for rows, columns in corners:
        numbers = np.percentile(values[:, rows, columns], (2, 50, 98), axis=(1, 2)).T
        yield [
            RasterBand("i.tif", n, low=float(low), median=float(median), high=float(high), **stored)
            for n, (low, median, high) in enumerate(numbers, 1)
        ]


BY_FILE, BY_ITEM = "scaled as the file says", "times 0.0001 as the model's item says"
STORED = {
    # how reflectance is stored: from reflectance, what the file says, the reading that gives reflectance back
    "x 10000": (lambda r: r * 1e4, {"data_type": "uint16"}, BY_ITEM),
    "x 10000, signed": (lambda r: r * 1e4, {"data_type": "int16"}, BY_ITEM),
    "x 10000, declared": (lambda r: r * 1e4, {"data_type": "uint16", "scale": 1e-4}, BY_FILE),
    "as it is": (lambda r: r, {"data_type": "float32"}, "as stored"),
    "Landsat Collection 2": (
        lambda r: (r + 0.2) / 2.75e-5,
        {"data_type": "uint16", "scale": 2.75e-5, "offset": -0.2},
        BY_FILE,
    ),
}


@pytest.mark.parametrize("how", STORED)
def test_each_piece_of_an_image_is_read_as_reflectance_without_a_doubt(how, example):
    if not SENTINEL2.is_file():
        pytest.skip("the real images are not beside the checkout (../shared/data)")
    given = read(example("wild/openeo_dask_ml_prithvi_v2_item.json")).inputs[0]
    with rasterio.open(SENTINEL2) as file:
        reflectance = file.read().astype("float64") / 10000
    store, said_by_file, reading = STORED[how]
    for layer in pieces(store(reflectance), **said_by_file):
        units, said = choose(given.bands, given.value_scaling, layer, "auto")
        assert units.words == reading
        assert {f.level for f in said} <= {"note"}
