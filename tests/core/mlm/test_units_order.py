"""Scaling constants in another order than the bands are noticed, and rightly ordered ones are left in peace."""

from __future__ import annotations

import pytest

from mlm_runner.core.mlm.fit import fit
from mlm_runner.core.mlm.model import Band, ValueScaling
from mlm_runner.core.mlm.raster import RasterBand, RasterInfo
from mlm_runner.core.mlm.read import read
from mlm_runner.core.mlm.units import choose

BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"]
SCENES = {
    # Medians of Sentinel-2 L1C, reflectance x 10000, in the order of BANDS
    "fields": [1200, 900, 800, 600, 1000, 2200, 2700, 2600, 2900, 800, 11, 1800, 900],
    "desert": [1900, 2000, 2400, 3200, 3500, 3600, 3800, 3700, 3900, 1500, 15, 4800, 4300],
    "sea": [1300, 950, 650, 400, 350, 300, 290, 250, 220, 120, 9, 80, 50],
    "clouds": [4000, 4200, 4100, 4300, 4500, 4600, 4700, 4500, 4800, 1500, 60, 3300, 2500],
    "cirrus over the sea": [1500, 1200, 950, 700, 650, 600, 600, 560, 530, 300, 120, 150, 100],
    "snow": [8500, 8600, 8300, 8000, 7800, 7700, 7600, 7400, 7300, 3000, 30, 700, 500],
}
SHORT = "constants in another order"
PUBLISHED = ["wild/wherobots_landcover_eurosat.json", "v1.5.2/item_eo_bands.json"]


def layer(names, values):
    return [
        RasterBand("i.tif", n, name, data_type="uint16", low=0.7 * v, median=v, high=1.5 * v)
        for n, (name, v) in enumerate(zip(names, values, strict=True), 1)
    ]


def doubts(bands, scalings, rasters, wish="raw"):
    return [f for f in choose(bands, scalings, rasters, wish)[1] if f.short == SHORT]


@pytest.fixture
def eurosat(example):
    """Return the published constants by the band that they are of: they stand in the order of the names."""
    return dict(zip(sorted(BANDS), read(example(PUBLISHED[0])).inputs[0].value_scaling, strict=True))


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("scene", SCENES)
def test_the_published_item_is_doubted_and_the_bands_are_named(example, name, scene):
    given = read(example(name)).inputs[0]
    found = doubts(given.bands, given.value_scaling, layer(BANDS, SCENES[scene]))
    assert [f.level for f in found] == ["doubt"]
    assert found[0].text.startswith("The scaling constants of B8A, B09, B10, B11, B12 seem to stand in another order")
    assert "while B09 has 12.11" in found[0].text


def test_the_published_item_is_doubted_whatever_is_known_of_the_layer(example):
    given = read(example(PUBLISHED[0])).inputs[0]
    assert doubts(given.bands, given.value_scaling, [RasterBand("i.tif", 1)] * 13)


def test_the_published_item_is_doubted_where_it_would_be_run(example):
    # Its function of torchgeo can't be computed: a run has to say that the data needs it not
    bands = tuple(layer(BANDS, SCENES["fields"]))
    raster = RasterInfo(bands, 64, 64, (10.0, 0.0, 0.0, 0.0, -10.0, 0.0))
    found = fit(read(example(PUBLISHED[0])), raster, skip_functions=True)
    assert found.units.kind == "raw"
    assert [f.level for f in found.findings if f.short == SHORT] == ["doubt"]


@pytest.mark.parametrize("scene", SCENES)
def test_the_same_constants_in_the_order_of_the_bands_are_not_doubted(eurosat, scene):
    assert not doubts([Band(b) for b in BANDS], [eurosat[b] for b in BANDS], layer(BANDS, SCENES[scene]))


@pytest.mark.parametrize("scene", ["fields", "desert"])
def test_the_layer_alone_tells_it_where_no_band_is_called_cirrus(eurosat, scene):
    names = [f"X{n}" for n in range(1, 14)]
    bands = [Band(name, center_wavelength=0.4 + n / 10) for n, name in enumerate(names)]
    found = doubts(bands, list(eurosat.values()), layer(names, SCENES[scene]))
    assert len(found) == 1
    assert "X10 is" in found[0].text and "12.11 is expected" in found[0].text


def test_quantities_of_different_kinds_are_not_compared():
    bands = [Band("elevation"), Band("slope"), Band("VV"), Band("rain")]
    scalings = [ValueScaling("z-score", mean=m, stddev=m) for m in (500.0, 4.0, 2.0, 1000.0)]
    assert not doubts(bands, scalings, layer(["e", "s", "v", "r"], [4, 500, 2, 1000]))


def test_one_scaling_for_all_bands_has_no_order():
    given = [Band(b) for b in BANDS]
    assert not doubts(given, [ValueScaling("scale", value=10000.0)] * 13, layer(BANDS, SCENES["fields"]))


def test_it_is_said_once_for_several_dates(eurosat):
    given = [Band(b) for b in BANDS] * 2
    assert len(doubts(given, list(eurosat.values()) * 2, layer(BANDS * 2, SCENES["fields"] * 2))) == 1
