"""What units are offered and what they are called."""

from __future__ import annotations

import pytest

from mlm_runner.core.mlm.raster import RasterInfo
from mlm_runner.ui.found import Choice, Found
from mlm_runner.ui.remedies import remedies, units_label, units_offered

from .items import described, entry, item

LAND = Found.from_json(entry(item()))


def info(low: float, **band: object) -> RasterInfo:
    data = described({"red": 2000, "nir": 3000})
    for one in data["bands"]:
        one.update(low=low, **band)
    return RasterInfo.from_json(data)


@pytest.mark.parametrize(
    ("units", "label"),
    [
        ("auto", "Automatic"),
        ("raw", "As Stored"),
        ("scaled", "Scaled as Declared"),
        ("255", "Divided by 255"),
        ("-1000/10000", "Less 1000, Divided by 10000"),
        ("+50/10", "Plus 50, Divided by 10"),
        ("-1000/1", "Less 1000"),
    ],
)
def test_units_have_words_of_their_own(units, label):
    assert units_label(units) == label


def test_an_offset_is_offered_where_the_values_look_as_if_one_was_added():
    assert units_offered(LAND, info(low=100))[:5] == ("auto", "raw", "255", "10000", "65535")
    assert units_offered(LAND, info(low=100)) == units_offered(LAND, None)
    assert units_offered(LAND, info(low=1050))[5:] == ("-1000/10000", "-1000/1")


def test_scaled_is_offered_where_the_file_or_the_item_declares_a_scale():
    assert "scaled" in units_offered(LAND, info(low=100, scale=0.0001))
    of_item = item(**{"raster:bands": [{"name": "red", "scale": 0.0001}, {"name": "nir", "scale": 0.0001}]})
    of_item["assets"]["model"]["raster:bands"] = of_item["properties"].pop("raster:bands")
    assert "scaled" in units_offered(Found.from_json(entry(of_item)), info(low=100))
    assert "scaled" not in units_offered(LAND, info(low=100))


@pytest.mark.parametrize(
    ("gsd", "chosen", "offered"), [(10.0, None, "Resample to 10 m"), (30.0, 90.0, "Resample to 30 m")]
)
def test_another_resolution_than_the_models_can_be_left_by_one_click(gsd, chosen, offered):
    found = Found.from_json(entry(item(gsd=gsd)))
    labels = [remedy.label for remedy in remedies(found, info(low=100), Choice(resolution=chosen))]
    assert labels[0] == offered
    assert ("Use the Layer's Resolution" in labels) == (chosen is not None)


def test_a_resolution_that_goes_with_the_model_needs_no_remedy():
    assert remedies(LAND, info(low=100), Choice(resolution="model")) == ()
