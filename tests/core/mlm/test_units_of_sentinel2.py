"""Sentinel-2 since processing baseline 04.00 stores reflectance x 10000 + 1000: what is done, and when one is asked."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from mlm_runner.core.mlm.model import Band, ValueScaling
from mlm_runner.core.mlm.raster import RasterBand
from mlm_runner.core.mlm.sentinel2 import added
from mlm_runner.core.mlm.units import choose

NAMES = ["B02", "B03", "B04", "B08"]
REFLECTANCE = [0.05, 0.07, 0.06, 0.28]
"""What is seen of fields in summer, at the ground."""
SINCE_2022 = "S2A_MSIL2A_20230706T101601_N0509_R065_T33UUU_20230706T162259"
BEFORE = "S2A_MSIL2A_20190706T101601_N0213_R065_T33UUU_20190706T162259"


def z(mean: float, stddev: float) -> ValueScaling:
    return ValueScaling("z-score", mean=mean, stddev=stddev)


PHYSICAL = [z(0.06, 0.03), z(0.08, 0.03), z(0.08, 0.04), z(0.3, 0.1)]
NUMBERS = [z(600, 300), z(800, 300), z(800, 400), z(3000, 1000)]


def layer(plus: float, product: str = "", names=NAMES, data_type: str = "uint16", darkest: float = 0.01):
    """Return bands whose 2nd percentile is that of shadow, and that are as bright as the fields in the middle."""
    return [
        SimpleNamespace(
            **{
                **vars(RasterBand("i.jp2", n, name, data_type=data_type)),
                "low": darkest * 1e4 + plus,
                "median": max(value, darkest) * 1e4 + plus,
                "high": max(value, darkest) * 2e4 + plus,
                "product": product,
            }
        )
        for n, (name, value) in enumerate(zip(names, REFLECTANCE, strict=True), 1)
    ]


def read(bands, scalings=PHYSICAL, wish: str = "auto", **band):
    units, said = choose([Band(name, **band) for name in NAMES], scalings, bands, wish)
    return units.wish, [(f.level, f.short) for f in said], said


UNCLEAR = [("doubt", "units unclear")]


def test_1000_is_taken_off_where_the_product_says_that_it_was_added():
    units, said, findings = read(layer(1000, SINCE_2022))
    assert (units, said) == ("-1000/10000", [("note", "")])
    assert (
        "less 1000 and divided by 10000, since the layer is Sentinel-2 of processing baseline 04.00" in findings[0].text
    )


def test_1000_is_taken_off_for_a_model_in_digital_numbers_too():
    assert read(layer(1000, SINCE_2022), NUMBERS)[:2] == ("-1000/1", [("note", "")])


@pytest.mark.parametrize(("scalings", "units"), [(PHYSICAL, "-1000/10000"), (NUMBERS, "-1000/1")])
def test_without_a_product_both_readings_are_named_and_how_to_choose(scalings, units):
    found, said, findings = read(layer(1000), scalings)
    assert (found, said) == (units, UNCLEAR)
    assert "hardly a value of the layer is below 1100" in findings[0].text
    assert "less 1000" in findings[0].text
    assert f"Choose {units} as units if 1000 is to be taken off" in findings[0].remedy


@pytest.mark.parametrize(
    "bands",
    [
        pytest.param(layer(0), id="values near 0"),
        pytest.param(layer(0, BEFORE), id="an older product"),
        pytest.param(layer(0, SINCE_2022), id="someone took it off already"),
        pytest.param(layer(0, darkest=0.16), id="a cloud, bright in all bands"),
        pytest.param(layer(0, names=["a", "b", "c", "d"], darkest=0.1), id="no bands of light"),
    ],
)
def test_1000_is_not_taken_off_where_it_was_not_added(bands):
    assert read(bands)[:2] == ("10000", [("note", "")])


def test_an_older_product_is_believed_although_it_is_nowhere_dark():
    assert added(layer(0, BEFORE, darkest=0.11)) is None


def test_the_choice_is_obeyed_and_is_no_doubt_any_more():
    assert read(layer(1000), wish="10000")[:2] == ("10000", [])
    assert read(layer(1000), wish="-1000/10000")[:2] == ("-1000/10000", [])


def test_a_model_trained_with_1000_left_in_is_a_question():
    with_offset = [z(0.16, 0.03), z(0.18, 0.03), z(0.18, 0.04), z(0.4, 0.1)]
    units, said, findings = read(layer(1000, SINCE_2022), with_offset)
    assert (units, said) == ("10000", UNCLEAR)
    assert "-1000/10000" in findings[0].remedy


def test_the_items_scale_has_no_offset_and_the_layer_does():
    assert read(layer(1000, SINCE_2022), scale=1e-4, data_type="uint16")[0] == "-1000/10000"


def test_the_items_offset_is_right_for_new_products_and_not_used_for_old_values():
    item = {"scale": 1e-4, "offset": -0.1, "data_type": "uint16"}
    assert read(layer(1000, SINCE_2022), **item)[0] == "scaled"
    assert read(layer(0), **item)[0] == "10000"


def test_a_model_that_expects_nothing_gets_a_question_about_new_products():
    units, said, findings = read(layer(1000, SINCE_2022), [None] * 4)
    assert (units, said) == ("raw", UNCLEAR)
    assert "-1000/10000 for reflectance" in findings[0].remedy


@pytest.mark.parametrize(
    ("product", "sure"),
    [(SINCE_2022, True), ("Sentinel-2 L1C N0400", True), ("N05.10", True), ("x_N0399_y", None), ("SCENE0500", False)],
)
def test_the_baseline_is_read_from_the_products_name(product, sure):
    found = added(layer(1000, product))
    assert (found.sure if found else None) is sure
