"""An item is read by the rules of MLM 1.5; what breaks them is refused with path and value, or repaired and noted."""

from __future__ import annotations

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.model import VARIABLE
from mlm_runner.core.mlm.parts import SCALINGS
from mlm_runner.core.mlm.read import read

INPUT = "properties.mlm:input[0]"
OUTPUT = "properties.mlm:output[0]"
DIVIDED = "since values are divided by it"


def refused(item) -> str:
    with pytest.raises(ItemUnreadable) as error:
        read(item)
    return str(error.value)


def notes(item) -> list[str]:
    return [n.text for n in read(item).notes]


def scaled(item, *objects):
    return item(input={"value_scaling": list(objects)})


SCALING_OBJECTS = {
    "min-max": {"minimum": -1, "maximum": 3},
    "z-score": {"mean": 0.5, "stddev": 0.25},
    "clip": {"minimum": 0, "maximum": 1},
    "clip-min": {"minimum": 0},
    "clip-max": {"maximum": 1},
    "offset": {"value": 1000},
    "scale": {"value": 255},
    "processing": {"format": "gdal-calc", "expression": "A*2"},
}


@pytest.mark.parametrize("kind", SCALING_OBJECTS)
def test_each_type_of_value_scaling_is_read_with_its_fields(kind, item):
    given = {"type": kind, **SCALING_OBJECTS[kind]}
    (scaling,) = read(scaled(item, given)).inputs[0].value_scaling
    assert scaling.to_json() == given


def test_the_specification_has_eight_types_of_value_scaling():
    assert set(SCALINGS) == set(SCALING_OBJECTS)


@pytest.mark.parametrize(("kind", "field"), [(k, f) for k, fields in SCALING_OBJECTS.items() for f in fields])
def test_a_missing_field_of_a_value_scaling_is_named(kind, field, item):
    given = {"type": kind, **SCALING_OBJECTS[kind]}
    del given[field]
    assert refused(scaled(item, given)).startswith(f"The item has no {INPUT}.value_scaling[0].{field}, ")


@pytest.mark.parametrize("nothing", [None, {"type": None}, {}])
def test_a_band_without_scaling_stands_between_others(nothing, item):
    last = {"type": "scale", "value": 255}
    scaling = read(scaled(item, nothing, last)).inputs[0].value_scaling
    assert scaling[0] is None
    assert scaling[1].value == 255


ABOVE_0 = "stddev must be above 0, since values are divided by it"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "z-score", "mean": 1, "stddev": 0}, f"{ABOVE_0}; the item has 0."),
        ({"type": "z-score", "mean": 1, "stddev": -2}, f"{ABOVE_0}; the item has -2."),
        ({"type": "z-score", "mean": float("nan"), "stddev": 1}, "mean must be a finite number; the item has nan."),
        ({"type": "z-score", "mean": float("inf"), "stddev": 1}, "mean must be a finite number; the item has inf."),
        ({"type": "z-score", "mean": 10**400, "stddev": 1}, "mean must be a finite number; the item has 1000"),
        ({"type": "z-score", "mean": "1", "stddev": 1}, "mean must be a number; the item has '1'."),
        ({"type": "z-score", "mean": True, "stddev": 1}, "mean must be a number; the item has True."),
        ({"type": "min-max", "minimum": 4, "maximum": 4}, "maximum must be more than the minimum, 4; the item has 4."),
        ({"type": "clip", "minimum": 5, "maximum": 4}, "maximum must be more than the minimum, 5; the item has 4."),
        ({"type": "scale", "value": 0}, f"value must be other than 0, {DIVIDED}; the item has 0."),
        (
            {"type": "l2"},
            "type must be one of min-max, z-score, clip, clip-min, clip-max, offset, scale, processing; "
            "the item has 'l2'.",
        ),
    ],
)  # fmt: skip
def test_a_scaling_that_cannot_be_computed_is_refused_with_path_and_value(given, said, item):
    assert refused(scaled(item, given)).startswith(f"{INPUT}.value_scaling[0].{said}")


def test_a_scaling_that_is_no_object_is_refused(item):
    assert refused(scaled(item, "z-score")) == f"{INPUT}.value_scaling[0] must be an object; the item has 'z-score'."


def test_three_bands_and_four_scalings_are_refused_with_both_numbers(item):
    one = {"type": "scale", "value": 255}
    given = item(input={"bands": ["a", "b", "c"], "value_scaling": [one] * 4})
    assert refused(given) == (
        f"{INPUT}.value_scaling has 4 entries for 3 bands; it needs one for each, or one for all."
    )


@pytest.mark.parametrize(
    ("hint", "color"),
    [
        ("00FF00", "00FF00"),
        ("0000ff", "0000FF"),
        ("#aabbcc", "AABBCC"),
        ([0, 255, 0], "00FF00"),
        ([1, 2, 3], "010203"),
        (None, None),
    ],
)
def test_a_colour_is_read_in_every_spelling_in_circulation(hint, color, item):
    classes = [{"value": 0, "name": "a", "color_hint": hint}]
    (one,) = read(item(output={"classification:classes": classes})).outputs[0].classes
    assert one.color == color


@pytest.mark.parametrize(
    "hint", ["green", "0F0", "", [0, 256, 0], [0.1, 0.2, 0.3], [0, 0], ["a", 0, 0], 7, {}, "GG0000"]
)
def test_what_is_no_colour_is_noted_and_does_not_cost_the_model(hint, item):
    given = item(output={"classification:classes": [{"value": 0, "name": "a", "color_hint": hint}]})
    assert read(given).outputs[0].classes[0].color is None
    (said,) = notes(given)
    assert said.endswith("is no colour; one is chosen instead.")


def test_classes_are_sorted_by_value(item):
    classes = [{"value": 1, "name": "b"}, {"value": 0, "name": "a"}]
    assert [c.name for c in read(item(output={"classification:classes": classes})).outputs[0].classes] == ["a", "b"]


@pytest.mark.parametrize("word", ["classification_classes", "classes"])
def test_other_spellings_of_the_class_list_are_read_and_noted(word, item, removed):
    given = item(output={"classification:classes": removed, word: [{"value": 3, "name": "a"}]})
    assert read(given).outputs[0].classes[0].value == 3
    assert notes(given) == [f"{word} is read as classification:classes."]


def test_a_class_value_that_stands_twice_is_refused(item):
    classes = [{"value": 1, "name": "a"}, {"value": 1, "name": "b"}]
    said = refused(item(output={"classification:classes": classes}))
    assert said == f"{OUTPUT}.classification:classes[1] has the value 1, which another class has already."


@pytest.mark.parametrize("value", [0.5, "1", True])
def test_a_class_value_is_a_whole_number(value, item):
    said = refused(item(output={"classification:classes": [{"value": value, "name": "a"}]}))
    assert said.startswith(f"{OUTPUT}.classification:classes[0].value must be a ")
    assert said.endswith(f"the item has {value!r}.")


def test_a_class_is_labelled_by_title_then_name_then_description(item):
    classes = [
        {"value": 0, "name": "n", "title": "t", "description": "d"},
        {"value": 1, "name": "n", "description": "d"},
        {"value": 2, "description": "d"},
        {"value": 3},
    ]
    labels = [c.label for c in read(item(output={"classification:classes": classes})).outputs[0].classes]
    assert labels == ["t", "n", "d", "3"]


@pytest.mark.parametrize("size", [0, -2, 10**7, 10**400, 1.5, "64", None, [64]])
def test_an_absurd_size_is_refused_with_its_place(size, item):
    tensor = {"shape": [-1, 2, size, 64], "dim_order": ["batch", "bands", "height", "width"], "data_type": "float32"}
    assert f"{INPUT}.input.shape[2]" in refused(item(input={"input": tensor}))


def test_a_free_size_is_variable(item):
    assert read(item()).inputs[0].tensor.shape[0] == VARIABLE


@pytest.mark.parametrize(
    ("shape", "said"), [(64, "must be a list; the item has 64."), ({}, "must be a list; the item has {}.")]
)
def test_a_shape_is_a_list(shape, said, item):
    tensor = {"shape": shape, "dim_order": ["batch"], "data_type": "float32"}
    assert refused(item(input={"input": tensor})) == f"{INPUT}.input.shape {said}"


def test_a_shape_that_does_not_go_with_its_dim_order_is_noted(item):
    tensor = {"shape": [-1, 2, 8, 8], "dim_order": ["batch", "bands"], "data_type": "float32"}
    assert notes(item(input={"input": tensor})) == [
        "shape has 4 sizes and dim_order 2 names; the model's file decides."
    ]


@pytest.mark.parametrize(
    ("place", "member", "path"),
    [
        ("properties", "mlm:input", "properties.mlm:input"),
        ("properties", "mlm:output", "properties.mlm:output"),
        ("item", "id", "id"),
        ("input", "input", f"{INPUT}.input"),
        ("output", "result", f"{OUTPUT}.result"),
        ("asset", "href", "assets.model.href"),
    ],
)
def test_what_a_model_cannot_do_without_is_named_by_its_path(place, member, path, item, removed):
    given = item(**{place: {member: removed}})
    assert refused(given) == f"The item has no {path}, which a model needs. Ask its publisher to add it."


@pytest.mark.parametrize("member", ["mlm:input", "mlm:output"])
def test_an_empty_list_of_inputs_or_outputs_is_refused(member, item):
    assert refused(item(properties={member: []})).startswith(f"properties.{member} is empty")


@pytest.mark.parametrize(
    ("place", "member", "value", "said"),
    [
        ("properties", "mlm:input", 5, "properties.mlm:input must be a list; the item has 5."),
        (
            "properties",
            "mlm:hyperparameters",
            [1],
            "properties.mlm:hyperparameters must be an object; the item has [1].",
        ),
        ("properties", "title", ["a"], "properties.title must be text; the item has ['a']."),
        ("properties", "gsd", "10 m", "properties.gsd must be a number; the item has '10 m'."),
        ("properties", "deprecated", "no", "properties.deprecated must be true or false; the item has 'no'."),
        ("item", "assets", "x", "assets must be an object; the item has 'x'."),
        ("item", "bbox", [1, 2, "x", 4], "bbox[2] must be a number; the item has 'x'."),
        ("input", "bands", "red", f"{INPUT}.bands must be a list; the item has 'red'."),
        ("input", "bands", [5], f"{INPUT}.bands[0] must be an object; the item has 5."),
        ("input", "bands", [None], f"{INPUT}.bands[0] has no name, by which its band could be found."),
        ("input", "bands", [{"name": "n", "format": "rio-calc"}], f"The item has no {INPUT}.bands[0].expression"),
        ("input", "bands", [{"name": "n", "expression": "a"}], f"The item has no {INPUT}.bands[0].format"),
        ("asset", "href", "http://[x", "assets.model.href must be an address or a path; the item has 'http://[x'."),
        ("asset", "file:size", "big", "assets.model.file:size must be a number; the item has 'big'."),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused_with_path_and_value(place, member, value, said, item):
    assert refused(item(**{place: {member: value}})).startswith(said)


def test_a_long_value_is_shortened_in_the_message(item):
    assert len(refused(item(properties={"gsd": "x" * 10_000}))) < 160


def test_an_output_without_a_task_has_those_of_the_item(item, removed):
    given = item(output={"tasks": removed})
    assert read(given).outputs[0].tasks == ("semantic-segmentation",)
    assert notes(given) == ["The output names no task; it is taken to be semantic-segmentation."]


@pytest.mark.parametrize(
    ("bbox", "read_as"),
    [
        ([-10, 40, 5, 50], (-10, 40, 5, 50)),
        ([-10, 40, 0, 5, 50, 900], (-10, 40, 5, 50)),
        ([233.6, 54.2, 297.5, 22.6], (-126.4, 22.6, -62.5, 54.2)),
        ([0, -90, 360, 90], (-180, -90, 180, 90)),
        ([177, -20, -178, -15], (177, -20, -178, -15)),
        ([1, 2, 3], None),
        (None, None),
    ],
)
def test_the_area_of_use_is_west_south_east_north(bbox, read_as, item):
    found = read(item(item={"bbox": bbox})).domain.bbox
    assert found == (pytest.approx(read_as) if read_as else None)


def test_bands_described_on_any_model_file_are_known(item):
    given = item()
    given["assets"]["other"] = {
        "href": "m.pt",
        "roles": ["mlm:model"],
        "mlm:artifact_type": "torch.save",
        "eo:bands": [{"name": "nir", "center_wavelength": 0.842}],
    }
    assert read(given).inputs[0].bands[1].center_wavelength == 0.842


@pytest.mark.parametrize("nodata", ["nan", float("nan")])
def test_nodata_may_be_nan(nodata, item):
    given = item(asset={"raster:bands": [{"name": "red", "nodata": nodata}]})
    assert str(read(given).inputs[0].bands[0].nodata) == "nan"
