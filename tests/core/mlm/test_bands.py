"""A model's bands find the raster's bands by what both are called or by where they lie in the spectrum, and never by
chance.
"""

from __future__ import annotations

import pytest

from mlm_runner.core.errors import UsageError
from mlm_runner.core.mlm.bands import common_name, match
from mlm_runner.core.mlm.model import Band
from mlm_runner.core.mlm.raster import RasterBand

SAFE_10M = ["B4, central wavelength 665 nm", "B3, central wavelength 560 nm", "B2, central wavelength 490 nm",
            "B8, central wavelength 842 nm"]  # fmt: skip
SAFE_20M = ["B5, central wavelength 705 nm", "B6, central wavelength 740 nm", "B7, central wavelength 783 nm",
            "B8A, central wavelength 865 nm", "B11, central wavelength 1610 nm",
            "B12, central wavelength 2190 nm"]  # fmt: skip
"""Band descriptions that GDAL gives for a Sentinel-2 SAFE product."""

ENMAP_UM = (0.41820, 0.42402, 0.42967, 0.43518, 0.44056, 0.44583)
"""Centres of the first bands of an EnMAP scene, in micrometres."""


def raster(*names: str, **wavelengths: float) -> list[RasterBand]:
    """Return bands of these names; a keyword is a name with its wavelength."""
    both = [*((n, None) for n in names), *wavelengths.items()]
    return [RasterBand("i.tif", place, name, common_name(name), um) for place, (name, um) in enumerate(both, 1)]


def fed(wanted: list[Band], offered: list[RasterBand], **by_hand: str) -> list[int | None]:
    """Return the number of the raster band that feeds each model band."""
    return [m.raster.index if m.raster else None for m in match(wanted, offered, by_hand)]


@pytest.mark.parametrize(
    ("model", "layer"),
    [
        ("B04", "B04"),
        ("B04", "B4"),
        ("B4", "b04"),
        ("B8A", "b8a"),
        ("B04", "B4, central wavelength 665 nm"),
        ("SR_B4", "sr_b4"),
        ("swir-16", "SWIR 16"),
    ],
)
def test_a_name_is_the_same_whatever_its_case_punctuation_and_leading_zeros(model, layer):
    (found,) = match([Band(model)], raster(layer), {})
    assert (found.raster.name, found.how) == (layer, "name")


@pytest.mark.parametrize(
    ("model", "layer"),
    [("B8", "B8A"), ("B1", "B11"), ("B10", "B1"), ("B105", "B15"), ("B04", "B40"), ("band", ""), ("red", "infrared")],
)
def test_names_that_only_look_alike_are_not_the_same(model, layer):
    assert fed([Band(model)], raster(layer)) == [None]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("nir", "nir"), ("Near Infrared", "nir"), ("near-infrared", "nir"), ("NIR_NARROW", "nir08"),
        ("SWIR_1", "swir16"), ("swir2", "swir22"), ("Coastal aerosol", "coastal"), ("Red Edge 2", "rededge075"),
        ("Blue (band 2)", "blue"), ("Band 4 - Red", "red"), ("Panchromatic", "pan"),
        ("", ""), ("infra", ""), ("B4, central wavelength 665 nm", ""), ("redness", ""),
    ],
)  # fmt: skip
def test_descriptions_mean_common_names(said, meant):
    assert common_name(said) == meant


def test_bands_with_other_names_are_matched_by_common_name():
    model = [Band("B04", "red"), Band("B08", "nir")]
    found = match(model, raster("Near Infrared", "Red"), {})
    assert [(m.raster.index, m.how) for m in found] == [(2, "common name"), (1, "common name")]


def test_a_name_comes_before_a_common_name():
    layer = [RasterBand("i.tif", 1, "x", "red"), RasterBand("i.tif", 2, "B04", "")]
    assert fed([Band("B04", "red")], layer) == [2]


@pytest.mark.parametrize(
    ("center", "width", "layer_center", "same"),
    [
        (0.665, None, 0.697, True),  # 32 nm, and 5 % of 665 nm are 33 nm
        (0.665, None, 0.700, False),
        (2.200, None, 2.300, True),  # 5 % of 2.2 um are 110 nm
        (2.200, None, 2.320, False),
        (0.665, 0.031, 0.680, True),  # within half the width of 31 nm
        (0.665, 0.031, 0.682, False),
        (0.665, None, None, False),
        (None, None, 0.665, False),
    ],
)
def test_wavelengths_match_within_half_the_bands_width_or_5_percent(center, width, layer_center, same):
    model = Band("x", center_wavelength=center, full_width_half_max=width)
    (found,) = match([model], [RasterBand("i.tif", 1, "y", "", layer_center)], {})
    assert (found.how == "wavelength") is same
    assert (found.raster is not None) is same


def test_sentinel_2_safe_descriptions_feed_a_sentinel_2_model():
    model = [Band(n) for n in ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")]
    assert fed(model, raster(*SAFE_10M, *SAFE_20M)) == [3, 2, 1, 5, 6, 7, 4, 8, 9, 10]


def test_landsat_8_bands_feed_a_sentinel_2_model_by_wavelength_and_not_by_number():
    wanted = {"B02": 0.490, "B03": 0.560, "B04": 0.665, "B8A": 0.865, "B11": 1.610, "B12": 2.190}
    layer = raster(B1=0.443, B2=0.482, B3=0.561, B4=0.655, B5=0.865, B6=1.609, B7=2.201)
    assert fed([Band(n, center_wavelength=um) for n, um in wanted.items()], layer) == [2, 3, 4, 5, 6, 7]


def test_landsat_7_band_4_is_not_sentinel_2_band_4():
    model = Band("B4", "nir", center_wavelength=0.835)
    assert fed([model], raster(B4=0.665)) == [None]


def test_one_common_name_at_far_wavelengths_is_two_bands():
    model = Band("x", "nir", center_wavelength=0.835)
    assert fed([model], [RasterBand("i.tif", 1, "y", "nir", 0.945)]) == [None]


@pytest.mark.parametrize(("model", "layer"), [("nir", "rededge"), ("red", "blue"), ("lwir11", "lwir12")])
def test_one_name_with_two_common_names_is_two_bands(model, layer):
    assert fed([Band("B5", model)], [RasterBand("i.tif", 1, "B5", layer)]) == [None]


@pytest.mark.parametrize(("model", "layer"), [("rededge", "rededge071"), ("nir08", "nir")])
def test_a_common_name_does_not_contradict_the_family_it_is_of(model, layer):
    assert fed([Band("B05", model)], [RasterBand("i.tif", 1, "B5", layer)]) == [1]


def test_a_hyperspectral_model_finds_its_own_bands_among_hundreds():
    layer = [RasterBand("i.tif", n, f"band {n}", "", um) for n, um in enumerate(ENMAP_UM, 1)]
    model = [Band(f"v{n}", center_wavelength=um) for n, um in enumerate(ENMAP_UM)]
    assert fed(model[::-1], layer) == [6, 5, 4, 3, 2, 1]


def test_a_broad_band_is_not_given_one_of_several_narrow_ones():
    layer = [RasterBand("i.tif", n, f"band {n}", "", um) for n, um in enumerate(ENMAP_UM, 1)]
    (found,) = match([Band("coastal", center_wavelength=0.4325, full_width_half_max=0.02)], layer, {})
    assert found.raster is None
    assert found.why == "2 bands of the layer have the wavelength of coastal"


def test_two_bands_of_one_name_are_a_question():
    (found,) = match([Band("red")], raster("red", "Red"), {})
    assert (found.raster, found.why) == (None, "2 bands of the layer have the name of red")


def test_one_band_that_answers_to_two_is_a_question():
    found = match([Band("a", "nir"), Band("b", "nir")], raster("NIR"), {})
    assert [m.raster for m in found] == [None, None]
    assert found[0].why == "Band 1: NIR has the common name of a and of b"


def test_a_model_of_two_dates_is_not_fed_one_date_twice():
    names = ["B4", "B3", "B2", "B8"] * 2
    found = match([Band(n) for n in names], raster("B2", "B3", "B4", "B8"), {})
    assert [m.raster for m in found] == [None] * 8
    assert found[0].why == "the model takes B4 2 times, and the layer has it once"


def test_a_band_is_never_used_twice_unasked():
    assert fed([Band("red"), Band("nir")], raster("red", "nir"), nir="1") == [None, 1]


def test_by_hand_a_band_may_be_used_twice():
    assert fed([Band("red"), Band("nir")], raster("red", "green"), red="1", nir="1") == [1, 1]


def test_missing_bands_say_which():
    found = match(
        [Band(n) for n in ("red", "green", "blue", "nir", "swir16", "swir22")], raster("red", "green", "blue"), {}
    )
    assert [m.why for m in found if m.raster is None] == ["no band for nir", "no band for swir16", "no band for swir22"]


def test_bands_without_names_feed_nothing():
    assert fed([Band("red"), Band("B1"), Band("1")], raster("", "", "")) == [None, None, None]


TWO_FILES = [
    RasterBand("/data/a.tif", 1, "red"),
    RasterBand("/data/b.tif", 1, "B08"),
    RasterBand("/data/b.tif", 2, "B8A"),
]


@pytest.mark.parametrize(
    ("wish", "place"),
    [("3", 3), ("red", 1), ("RED", 1), ("b8", 2), ("b8a", 3), ("b.tif:1", 2), ("/data/b.tif:2", 3), ("a.tif:1", 1)],
)
def test_by_hand_a_band_is_its_place_its_name_or_file_and_number(wish, place):
    (found,) = match([Band("x")], TWO_FILES, {"x": wish})
    assert (found.raster, found.how) == (TWO_FILES[place - 1], "by hand")


@pytest.mark.parametrize("wish", ["4", "0", "-1", "nir", "", ":", "c.tif:1", "a.tif:2", "tif:1"])
def test_a_wish_for_no_band_names_those_that_there_are(wish):
    with pytest.raises(UsageError, match=r"no band called .* choose one of 1 \(red\), 2 \(B08\), 3 \(B8A\)\."):
        match([Band("x")], TWO_FILES, {"x": wish})


def test_a_wish_that_two_bands_answer_to_is_refused():
    with pytest.raises(UsageError, match="several bands called 'red'"):
        match([Band("x")], raster("red", "red"), {"x": "red"})


def test_a_wish_for_a_band_that_the_model_has_not_names_the_models():
    with pytest.raises(UsageError, match="The model has no band 'nir'; its bands are red, green."):
        match([Band("red"), Band("green")], raster("red", "green"), {"nir": "1"})
