"""What items of older forms say in their own words, units and orders is converted, noted with both values, or refused
with its place.
"""

from __future__ import annotations

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.model import Note
from mlm_runner.core.mlm.read import read

INPUT, OUTPUT = "properties.mlm:input[0]", "properties.mlm:output[0]"


def note(model, field) -> Note:
    """The only note about a field."""
    (found,) = [n for n in model.notes if n.field == field]
    return found


def refused(item) -> str:
    with pytest.raises(ItemUnreadable) as error:
        read(item)
    return str(error.value)


def test_a_bands_width_is_in_the_unit_of_its_wavelength(item):
    bands = [{"name": "red", "eo:center_wavelength": 665, "eo:full_width_half_max": 31}]
    model = read(item(properties={"bands": bands}))
    red = model.inputs[0].bands[0]
    assert (red.center_wavelength, red.full_width_half_max) == pytest.approx((0.665, 0.031))
    assert note(model, "properties.bands[0].eo:full_width_half_max").old == 31


def test_thermal_infrared_stays_in_micrometres(item):
    bands = [{"name": "red", "eo:center_wavelength": 12.005, "eo:full_width_half_max": 2.05}]
    red = read(item(properties={"bands": bands})).inputs[0].bands[0]
    assert (red.center_wavelength, red.full_width_half_max) == (12.005, 2.05)


@pytest.mark.parametrize("place", ["properties", "asset"])
@pytest.mark.parametrize("word", ["bands", "eo:bands", "raster:bands"])
def test_bands_are_described_in_each_place_where_items_do_it(place, word, item):
    said = [{"name": "nir", "data_type": "uint16", "nodata": 7, "center_wavelength": 0.842}]
    nir = read(item(**{place: {word: said}})).inputs[0].bands[1]
    assert (nir.data_type, nir.nodata, nir.center_wavelength) == ("uint16", 7, 0.842)


def test_the_models_file_knows_its_bands_better_than_the_item(item):
    given = item(properties={"bands": [{"name": "red", "nodata": 1, "data_type": "int16"}]})
    given["assets"]["model"]["raster:bands"] = [{"name": "red", "nodata": 2}]
    red = read(given).inputs[0].bands[0]
    assert (red.nodata, red.data_type) == (2, "int16")


@pytest.mark.parametrize("named", ["B04", "red"])
def test_a_near_match_of_band_names_is_taken_and_noted(named, item):
    bands = [{"name": "B04 - red", "common_name": "red", "nodata": 3}]
    model = read(item(properties={"eo:bands": bands}, input={"bands": [named, "nir"]}))
    assert model.inputs[0].bands[0].nodata == 3
    assert "'B04 - red'" in note(model, f"{INPUT}.bands[0]").text


def test_two_near_matches_are_none(item):
    bands = [{"name": "B04 - red", "nodata": 3}, {"name": "B04 - edge", "nodata": 4}]
    model = read(item(properties={"eo:bands": bands}, input={"bands": ["B04", "nir"]}))
    assert model.inputs[0].bands[0].nodata is None


OLD_NORM = {"scaling_factor": 0.5, "norm_type": "z-score"}


@pytest.mark.parametrize(
    ("statistics", "mean", "stddev"),
    [
        # of values that the factor has brought to 0..1: folded, (0.5 x - 0.25) / 0.125 = (x - 0.5) / 0.25
        ([{"mean": 0.25, "stddev": 0.125}, {"mean": 0.75, "stddev": 0.25}], [0.5, 1.5], [0.25, 0.5]),
        # one mean shows that all are of stored values: none is folded, not even the small one
        ([{"mean": 2, "stddev": 0.5}, {"mean": 1354.4, "stddev": 245.7}], [2, 1354.4], [0.5, 245.7]),
    ],
)
def test_a_factor_comes_before_all_statistics_or_before_none(statistics, mean, stddev, item):
    model = read(item(input={"value_scaling": None, "statistics": statistics, **OLD_NORM}))
    scaling = model.inputs[0].value_scaling
    assert ([s.mean for s in scaling], [s.stddev for s in scaling]) == (mean, stddev)
    folded = "is folded" in note(model, f"{INPUT}.scaling_factor").text
    assert folded is (mean[1] < 3)


@pytest.mark.parametrize(
    ("norm", "statistics", "said"),
    [
        ("z-score", [{"mean": 1, "stddev": 2}, {"mean": 1, "stddev": 0}], "a spread of 0 at index 1"),
        ("z-score", [{"mean": 1, "stddev": -2}], "a spread of -2 at index 0"),
        ("min-max", {"minimum": [5, 5], "maximum": [9, 5]}, "a spread of 0 at index 1"),
        ("max_norm", {"maximum": 0}, "a spread of 0 at index 0"),
        ("mean_norm", {"mean": 1, "minimum": 3, "maximum": 3}, "a spread of 0 at index 0"),
    ],
)
def test_statistics_that_leave_nothing_to_divide_by_are_refused_where_they_stand(norm, statistics, said, item):
    given = item(input={"value_scaling": None, "norm_type": norm, "statistics": statistics})
    assert refused(given).startswith(f"{INPUT}.statistics has {said}, by which ")


@pytest.mark.parametrize("norm", ["l1", "l2", "l2sqr", "hamming", "hamming2", "type-mask", "relative", "inf"])
def test_an_ambiguous_norm_is_kept_as_one_that_cannot_be_computed(norm, item):
    (scaling,) = read(item(input={"value_scaling": None, "norm_type": norm})).inputs[0].value_scaling
    assert (scaling.type, scaling.expression.format, scaling.expression.expression) == (
        "processing",
        "opencv-norm",
        norm,
    )


def test_a_clip_divides_before_it_cuts(item):
    given = {"value_scaling": None, "norm_type": "clip", "norm_clip": [3.0, 4.0]}
    first, last = read(item(input=given)).inputs[0].value_scaling
    assert first.expression.expression == "minimum(maximum(A / 3.0, 0), 1)"
    assert last.expression.expression == "minimum(maximum(A / 4.0, 0), 1)"


@pytest.mark.parametrize("place", ["properties", "output"])
def test_tasks_are_spelled_as_the_specification_spells_them(place, item):
    word = "mlm:tasks" if place == "properties" else "tasks"
    model = read(item(**{place: {word: ["Semantic Segmentation"]}}))
    assert (model.tasks, model.outputs[0].tasks) == (("semantic-segmentation",), ("semantic-segmentation",))
    field = f"properties.{word}" if place == "properties" else f"{OUTPUT}.tasks"
    assert (note(model, field).old, note(model, field).new) == (["Semantic Segmentation"], ["semantic-segmentation"])


@pytest.mark.parametrize("prefix", ["dlm:", "mlm_"])
def test_a_field_under_two_prefixes_is_the_newer_one_and_that_is_noted(prefix, item):
    model = read(item(properties={f"{prefix}name": "older"}))
    assert model.name == "land cover"
    assert note(model, f"properties.{prefix}name").old == "older"


@pytest.mark.parametrize("mapping", [{"²": "a"}, {"--1": "a"}, {"9" * 5000: "a"}, {"a": "²"}, {"a": None}, {"a": 1.5}])
def test_what_only_looks_like_a_class_value_is_refused(mapping, item, removed):
    given = item(output={"classification:classes": removed, "class_name_mapping": mapping})
    assert refused(given).startswith(f"{OUTPUT}.class_name_mapping")


@pytest.mark.parametrize(("index", "nodata"), [(1, [False, True]), (9, [False, False])])
def test_the_class_that_training_did_not_care_for_is_nodata(index, nodata, item):
    model = read(item(output={"dont_care_index": index}))
    assert [c.nodata for c in model.outputs[0].classes] == nodata
    assert note(model, f"{OUTPUT}.dont_care_index").old == index


def test_a_class_name_with_spaces_is_a_title(item):
    model = read(item(output={"classification:classes": [{"value": 0, "name": "Open Water"}]}))
    (one,) = model.outputs[0].classes
    assert (one.name, one.title) == ("Open-Water", "Open Water")
    said = note(model, f"{OUTPUT}.classification:classes")
    assert (said.old, said.new) == (["Open Water"], ["Open-Water"])


def test_a_colour_of_numbers_is_noted_with_both_values(item):
    classes = [{"value": 0, "name": "a", "color_hint": [0, 255, 0]}]
    said = note(
        read(item(output={"classification:classes": classes})), f"{OUTPUT}.classification:classes[0].color_hint"
    )
    assert (said.old, said.new) == ([0, 255, 0], "00FF00")


def test_an_area_is_that_of_the_geometry_where_no_bbox_is_given(item, removed):
    ring = [[8.0, 47.0], [9.5, 47.0], [9.0, 48.0], [8.0, 47.0]]
    geometry = {"type": "MultiPolygon", "coordinates": [[ring]]}
    model = read(item(item={"bbox": removed, "geometry": geometry}))
    assert model.domain.bbox == (8.0, 47.0, 9.5, 48.0)
    assert note(model, "bbox").new == (8.0, 47.0, 9.5, 48.0)


@pytest.mark.parametrize("link", ["https://example.com", {"rel": "license", "href": "http://[x"}, 5])
def test_what_is_no_link_is_noted_and_does_not_cost_the_model(link, item):
    model = read(item(item={"links": [link, {"rel": "license", "href": "https://example.com/l"}]}))
    assert [one.href for one in model.links] == ["https://example.com/l"]
    assert note(model, "links[0]").old == link


def test_names_of_dimensions_have_small_letters(item):
    tensor = {"shape": [-1, 2, 8, 8], "dim_order": ["Batch", "Bands", "Y", "X"], "data_type": "float32"}
    model = read(item(input={"input": tensor}))
    assert model.inputs[0].tensor.dim_order == ("batch", "bands", "y", "x")
    assert note(model, f"{INPUT}.input.dim_order").old == ["Batch", "Bands", "Y", "X"]


def test_an_inputs_own_parameters_are_the_items_too(item):
    model = read(item(properties={"mlm:hyperparameters": None}, input={"parameters": {"threshold": 0.5}}))
    assert (model.hyperparameters, model.inputs[0].params) == ({"threshold": 0.5}, {"threshold": 0.5})
