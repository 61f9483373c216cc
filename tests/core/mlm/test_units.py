"""How stored values are read is decided by comparing numbers, is always said, and is a doubt where numbers prove
little.
"""

from __future__ import annotations

import pytest

from mlm_runner.core.errors import UsageError
from mlm_runner.core.mlm.model import Band, ValueScaling
from mlm_runner.core.mlm.raster import RasterBand
from mlm_runner.core.mlm.units import Units, choose, expected


def z(mean: float, stddev: float) -> ValueScaling:
    return ValueScaling("z-score", mean=mean, stddev=stddev)


IMAGENET = z(0.485, 0.229)
REFLECTANCE = z(0.14, 0.07)
NUMBERS = z(1354.0, 245.0)
LANDSAT_2 = {"scale": 2.75e-5, "offset": -0.2}
"""USGS Collection 2 Level 2 surface reflectance."""


def stored(data_type: str, low: float | None = None, median: float | None = None, high: float | None = None, **more):
    return RasterBand("i.tif", 1, "red", data_type=data_type, low=low, median=median, high=high, **more)


def read(scaling: ValueScaling | None, *layer: RasterBand, band: Band | None = None, wish: str = "auto"):
    """Return (kind, value), the levels and the short words of what is said, and the first sentence."""
    units, said = choose([band or Band("red")] * len(layer), [scaling] * len(layer), layer, wish)
    return (units.kind, units.value), [(f.level, f.short) for f in said], said[0].text if said else ""


NOTE, LOOK = [("note", "")], [("doubt", "units")]
RAW, SCALED = ("raw", None), ("scaled", None)


@pytest.mark.parametrize(
    ("scaling", "layer", "reading", "said"),
    [
        pytest.param(IMAGENET, stored("uint8", 20, 110, 230), ("divided", 255.0), NOTE, id="8 bits, ImageNet"),
        pytest.param(REFLECTANCE, stored("uint16", 200, 1200, 4000), ("divided", 10000.0), NOTE, id="x 10000"),
        pytest.param(REFLECTANCE, stored("int16", 200, 1200, 4000), ("divided", 10000.0), NOTE, id="x 10000, signed"),
        pytest.param(REFLECTANCE, stored("float32", 0.02, 0.12, 0.4), RAW, [], id="reflectance"),
        pytest.param(NUMBERS, stored("uint16", 900, 1354, 1900), RAW, [], id="numbers as published"),
        pytest.param(NUMBERS, stored("float32", 0.09, 0.1354, 0.19), ("divided", 0.0001), LOOK, id="0..1 for numbers"),
        pytest.param(z(118, 60), stored("float32", 0.05, 0.45, 0.9), ("divided", 1 / 255), LOOK, id="0..1 for bytes"),
        pytest.param(REFLECTANCE, stored("uint16", 8000, 12000, 18000, **LANDSAT_2), SCALED, NOTE, id="file's scale"),
        pytest.param(z(12000, 2500), stored("uint16", 8000, 12000, 18000, **LANDSAT_2), RAW, [], id="scale not wanted"),
        pytest.param(None, stored("uint16", 200, 1200, 4000), RAW, [], id="no word about values"),
    ],
)  # fmt: skip
def test_values_are_read_as_the_model_expects_them(scaling, layer, reading, said):
    found, findings, _ = read(scaling, layer)
    assert (found, findings) == (pytest.approx(reading), said) if reading[1] else (reading, said)


def test_what_is_said_has_the_numbers_before_and_after():
    _, _, text = read(IMAGENET, stored("uint8", 20, 110, 230))
    assert text == (  # 110 / 255 = 0.43137
        "Values are taken divided by 255: the middle value of red is 110 (0.4314 divided by 255), "
        "the model expects 0.485 ± 0.23."
    )


PHYSICAL = [
    Band("red", unit="1"),
    Band("red", unit="Reflectance"),
    Band("red", minimum=0.0, maximum=1.0, mean=0.27, stddev=0.25),
]


@pytest.mark.parametrize("band", PHYSICAL)
@pytest.mark.parametrize(
    ("layer", "divisor"),
    [(stored("uint8", 40, 76, 134), 255.0), (stored("float32", 40, 76, 134), 255.0),
     (stored("uint16", 40, 76, 134), 255.0), (stored("uint16", 9000, 20000, 50000), 65535.0)],
)  # fmt: skip
def test_bytes_are_no_reflectance_because_their_numbers_would_do(band, layer, divisor):
    found, said, text = read(z(0.27, 0.25), layer, band=band)
    assert (found, said) == (("divided", divisor), LOOK)
    assert "a guess: the model expects reflectance" in text


@pytest.mark.parametrize("band", PHYSICAL)
def test_whole_numbers_of_reflectance_x_10000_are_beyond_doubt(band):
    assert read(z(0.27, 0.25), stored("uint16", 402, 1059, 6673), band=band)[:2] == (("divided", 10000.0), NOTE)


@pytest.mark.parametrize(
    ("scaling", "layer"),
    [(IMAGENET, stored("float32", 20, 110, 230)), (REFLECTANCE, stored("float64", 200, 1200, 4000))],
)
def test_floating_point_numbers_are_divided_only_with_a_doubt(scaling, layer):
    _, said, text = read(scaling, layer)
    assert said == LOOK
    assert "floating-point" in text


def test_bands_of_other_ranges_than_0_to_1_are_no_reflectance():
    band = Band("red", minimum=0.0, maximum=255.0, unit="DN")
    assert read(IMAGENET, stored("uint8", 20, 110, 230), band=band)[1] == NOTE


@pytest.mark.parametrize(
    ("scaling", "layer"),
    [
        (z(80.0, 15.0), stored("uint16", 887, 1256, 6335)),  # divided by 10000 it would be 0.1256, which is no 80
        (z(80.0, 15.0), stored("uint16", 30000, 40000, 50000)),
        (IMAGENET, stored("float32", -3000, -2000, -1000)),
        (z(0.011, 0.01), stored("uint8", 20, 110, 230)),  # 8 bits are no reflectance x 10000
    ],
)
def test_nothing_plausible_is_an_error_with_both_numbers(scaling, layer):
    found, said, text = read(scaling, layer)
    assert (found, said) == (RAW, [("error", "other values than the model's")])
    assert f"the middle value of red is {layer.median:g}" in text
    assert f"the model expects {scaling.mean:g} ±" in text


@pytest.mark.parametrize(
    ("scaling", "layer", "words"),
    [
        (z(0.4, 0.3), stored("uint16", 2000, 8000, 20000), "divided by 10000 or divided by 65535"),
        (z(80.0, 30.0), stored("uint8", 40, 100, 160, scale=0.8), "scaled as the file says or as stored"),
    ],
)
def test_two_plausible_readings_are_a_question_that_names_both(scaling, layer, words):
    _, said, text = read(scaling, layer)
    assert said == [("doubt", "units unclear")]
    assert words in text


def test_a_cloud_of_8000_is_not_read_as_16_bits():
    assert read(z(0.2755, 0.2449), stored("uint16", 5000, 7800, 9500))[:2] == (("divided", 10000.0), NOTE)


@pytest.mark.parametrize(
    ("scaling", "layer", "reading"),
    [
        pytest.param(IMAGENET, stored("uint8", 240, 250, 255), ("divided", 255.0), id="a cloud"),
        pytest.param(REFLECTANCE, stored("uint16", 7000, 8200, 9500), ("divided", 10000.0), id="a cloud x 10000"),
        pytest.param(NUMBERS, stored("uint16", 2300, 2600, 3100), RAW, id="haze"),
        pytest.param(
            REFLECTANCE, stored("uint16", 34000, 37000, 40000, **LANDSAT_2), SCALED, id="a cloud with a scale"
        ),
        pytest.param(IMAGENET, stored("uint8", 10, 12, 14), ("divided", 255.0), id="open water"),
        pytest.param(IMAGENET, stored("uint8", 100, 100, 100), ("divided", 255.0), id="one value"),
        pytest.param(REFLECTANCE, stored("float32", 0.1, 0.1, 0.1), RAW, id="one reflectance"),
    ],
)
def test_clouds_water_and_constants_may_be_unusual_and_are_not_refused(scaling, layer, reading):
    found, said, _ = read(scaling, layer)
    assert found == reading
    assert "error" not in [level for level, _ in said]


def test_whole_numbers_0_and_1_are_not_multiplied_to_8_bits():
    assert read(z(118.0, 60.0), stored("uint16", 0, 1, 1))[0] == RAW


def test_a_layer_without_a_valid_value_is_as_stored_and_says_so():
    found, said, text = read(IMAGENET, stored("uint8"))
    assert (found, said) == (RAW, NOTE)
    assert "No valid value" in text


def test_one_strange_band_of_three_does_not_decide():
    layer = [stored("uint8", 20, 110, 230), stored("uint8", 0, 0, 0), stored("uint8", 30, 120, 240)]
    assert read(IMAGENET, *layer)[:2] == (("divided", 255.0), NOTE)


@pytest.mark.parametrize(
    ("band", "layer", "said"),
    [
        (Band("red", data_type="float32"), stored("uint8", 20, 110, 230), [("doubt", "units unclear")]),
        (Band("red", data_type="float32"), stored("float32", 20, 110, 230), []),
        (Band("red", data_type="uint8"), stored("uint8", 20, 110, 230), []),
        (Band("red"), stored("uint8", 20, 110, 230), []),
        (Band("red"), stored("uint16", 8000, 12000, 18000, **LANDSAT_2), [("doubt", "units unclear")]),
    ],
)
def test_without_a_word_about_values_they_are_as_stored_with_a_doubt_where_it_matters(band, layer, said):
    assert read(None, layer, band=band)[:2] == (RAW, said)


@pytest.mark.parametrize(
    ("wish", "reading"),
    [("raw", RAW), ("scaled", SCALED), ("255", ("divided", 255.0)), ("1e4", ("divided", 10000.0)),
     ("0.5", ("divided", 0.5))],
)  # fmt: skip
def test_a_wish_is_obeyed(wish, reading):
    assert read(None, stored("uint16", 8000, 12000, 18000, **LANDSAT_2), wish=wish)[:2] == (reading, [])


def test_a_wish_for_a_weak_guess_is_no_doubt_any_more():
    layer = stored("float32", 40, 76, 134)
    assert read(z(0.27, 0.25), layer, band=PHYSICAL[0], wish="255")[:2] == (("divided", 255.0), [])


def test_a_wish_that_makes_unusual_values_is_obeyed_with_a_doubt():
    found, said, text = read(IMAGENET, stored("uint8", 20, 110, 230), wish="raw")
    assert (found, said) == (RAW, [("doubt", "unusual values")])
    assert "is 110, the model expects 0.485" in text


def test_scaled_is_no_wish_for_a_file_without_a_scale():
    with pytest.raises(UsageError, match="Neither the raster nor the model's item declares a scale and offset"):
        read(IMAGENET, stored("uint8", 20, 110, 230), wish="scaled")


@pytest.mark.parametrize(
    "wish",
    ["", "none", "0", "-255", "nan", "inf", "-inf", "255;", "1/255", "True", "-1000/0", "-1000/-1", "-1000/", "-/10",
     "-1e999/10", "-1.2.3/10", "(-1000)", "-1000/10000/2"],
)  # fmt: skip
def test_nonsense_is_no_wish(wish):
    with pytest.raises(UsageError, match="use auto, raw, scaled, a number above 0 .*, or -1000/10000"):
        read(IMAGENET, stored("uint8", 20, 110, 230), wish=wish)


@pytest.mark.parametrize(
    ("wish", "became", "words"),  # of 3500 stored
    [
        ("-1000/10000", 0.25, "less 1000 and divided by 10000"),
        ("(-1000)/10000", 0.25, "less 1000 and divided by 10000"),
        ("-1000 / 1", 2500.0, "less 1000"),
        ("+500/2", 2000.0, "plus 500 and divided by 2"),
        ("10000", 0.35, "divided by 10000"),
        ("raw", 3500.0, "as stored"),
    ],
)
def test_an_offset_and_a_divisor_can_be_asked_for(wish, became, words):
    layer = stored("uint16", 2000, 3500, 5000)
    units, said = choose([Band("red")], [None], [layer], wish)
    assert units.apply_to(3500.0, layer) == pytest.approx(became)
    assert (units.words, said) == (words, ())


@pytest.mark.parametrize("wish", ["raw", "10000", "0.5", "-1000/10000", "+0.1/1", "0.00392156862745098"])
def test_a_reading_tells_what_to_type_for_it(wish):
    assert choose([Band("red")], [None], [stored("uint16")], wish)[0].wish == wish


SCALED_BANDS = [Band("red", data_type="uint16", scale=1e-4), Band("nir", data_type="uint16", scale=2e-4, offset=-0.1)]


def test_the_items_scale_is_taken_where_the_file_has_none_band_by_band():
    layer = [stored("uint16", 200, 1200, 4000), stored("uint16", 500, 1700, 4000)]
    units, said = choose(SCALED_BANDS, [REFLECTANCE, z(0.24, 0.1)], layer, "auto")
    assert [units.apply_to(r.median, r, n) for n, r in enumerate(layer)] == pytest.approx([0.12, 0.24])
    assert units.steps(layer) == ((1e-4, 0.0), (2e-4, -0.1))
    assert [f.level for f in said] == ["note"]
    assert "Values are taken scaled band by band as the model's item says" in said[0].text


def test_the_files_own_scale_is_taken_rather_than_the_items():
    units, _ = choose([SCALED_BANDS[0]], [REFLECTANCE], [stored("uint16", 8000, 12000, 18000, **LANDSAT_2)], "auto")
    assert units.words == "scaled as the file says"
    assert units.steps([stored("uint16", **LANDSAT_2)]) == ((2.75e-5, -0.2),)


@pytest.mark.parametrize(
    ("scaling", "layer", "reading"),
    [
        pytest.param(NUMBERS, stored("uint16", 900, 1354, 1900), RAW, id="constants of numbers as stored"),
        pytest.param(REFLECTANCE, stored("float32", 0.02, 0.12, 0.4), RAW, id="values are reflectance already"),
        pytest.param(z(0.4, 0.2), stored("uint8", 20, 110, 230), ("divided", 255.0), id="bytes are no 16 bits"),
    ],
)
def test_the_items_scale_is_not_taken_where_values_do_not_need_it(scaling, layer, reading):
    assert read(scaling, layer, band=SCALED_BANDS[0])[0] == reading


def test_an_items_scale_for_bytes_is_not_for_16_bits():
    band = Band("red", data_type="uint8", scale=0.004)
    assert read(z(0.14, 0.07), stored("uint16", 200, 1200, 4000), band=band)[0] == ("divided", 10000.0)


def test_the_items_scale_is_a_guess_for_floating_point_numbers():
    found, said, text = read(REFLECTANCE, stored("float32", 200, 1200, 4000), band=SCALED_BANDS[0])
    assert (found, said) == (SCALED, LOOK)
    assert "times 0.0001 as the model's item says" in text


def test_an_items_scale_without_expected_values_is_a_question():
    found, said, text = read(None, stored("uint16", 200, 1200, 4000), band=SCALED_BANDS[0])
    assert (found, said) == (RAW, [("doubt", "units unclear")])
    assert "The item declares a scale for its bands" in text


def test_scaled_by_the_item_can_be_asked_for():
    layer = stored("uint16", 200, 1200, 4000)
    units, said = choose([SCALED_BANDS[0]], [None], [layer], "scaled")
    assert units.apply_to(1200.0, layer) == pytest.approx(0.12)
    assert said == ()


def test_a_scale_of_0_is_none():
    with pytest.raises(UsageError, match="Neither the raster nor"):
        choose([Band("red", scale=0.0)], [None], [stored("uint16", 1, 2, 3)], "scaled")


@pytest.mark.parametrize(
    ("band", "scaling", "middle", "spread"),
    [
        (Band("b"), z(80.0, 15.0), 80.0, 15.0),
        (Band("b"), ValueScaling("min-max", minimum=0.0, maximum=3000.0), 1500.0, 750.0),
        (Band("b"), ValueScaling("clip", minimum=0.0, maximum=1.0), 0.5, 0.25),
        (Band("b"), ValueScaling("scale", value=255.0), 127.5, 63.75),
        (Band("b", mean=0.27, stddev=0.25, minimum=0.0, maximum=1.0), None, 0.27, 0.25),
        (Band("b", minimum=0.0, maximum=10000.0), None, 5000.0, 2500.0),
        (Band("b", mean=0.27, stddev=0.25), z(80.0, 15.0), 80.0, 15.0),
    ],
)
def test_an_item_tells_what_values_it_expects(band, scaling, middle, spread):
    found = expected(band, scaling)
    assert (found.middle, found.spread) == (middle, spread)


@pytest.mark.parametrize(
    ("band", "scaling"),
    [
        (Band("b"), None),
        (Band("b"), z(80.0, 0.0)),
        (Band("b"), ValueScaling("scale", value=3.0)),
        (Band("b"), ValueScaling("offset", value=1000.0)),
        (Band("b", mean=0.0, stddev=0.0), None),
        (Band("b", minimum=1.0, maximum=1.0), None),
    ],
)
def test_an_item_may_say_nothing_of_values(band, scaling):
    assert expected(band, scaling) is None


@pytest.mark.parametrize(
    ("units", "became"),
    [
        (Units("raw"), 12000.0),
        (Units("scaled"), 0.13),
        (Units("divided", 10000.0), 1.2),
        (Units("divided", 0.5), 24000.0),
    ],
)
def test_readings_do_to_a_number_what_they_say(units, became):
    assert units.apply_to(12000.0, stored("uint16", **LANDSAT_2)) == pytest.approx(became)
