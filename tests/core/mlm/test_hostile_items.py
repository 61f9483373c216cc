"""Whatever is published, reading it gives a model or one sentence: no other exception, no markup, no wait."""

from __future__ import annotations

import copy
import json
import os
import time

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.card import card
from mlm_runner.core.mlm.model import Model
from mlm_runner.core.mlm.node import LIST_LIMIT, TEXT_LIMIT
from mlm_runner.core.mlm.read import load_json, read
from mlm_runner.core.mlm.write import write

CASES = int(os.environ.get("MLM_RUNNER_CASES", "100"))
"""Damaged items of each kind; more are made by hand, with the environment variable."""

WORDS = [
    "name", "bands", "variables", "params", "parameters", "input", "input_array", "input_arrays", "statistics",
    "scaling_factor", "norm_type", "norm_clip", "norm_by_channel", "value_scaling", "resize_type", "rescale_type",
    "pre_processing_function", "dim_order", "shape", "dtype", "task", "tasks", "result", "result_array",
    "final_layer_size", "output_shape", "number_of_classes", "class_name_mapping", "classes", "dont_care_index",
    "classification:classes", "classification_classes", "color_hint", "nodata", "value", "center_wavelength",
    "eo:bands", "raster:bands", "signatures", "class_map", "artifact", "dlm:inputs", "dlm:data", "dlm:archive",
    "mlm_input", "mlm:runtime", "mlm:architecture", "mlm:hyperparameters", "mlm:tasks", "docker", "container",
    "model_asset", "source_code", "model_handler", "version", "ram_size_mb", "useful_bands", "role", "roles",
    "href", "assets", "links", "bbox", "geometry", "mlm:artifact_type", "mlm_artifact_type",
]  # fmt: skip
"""Members that some form of MLM has, put where they may not belong."""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "m.json is no JSON: Expecting value at line 1, column 1."),
        (b'{"a": 1', "m.json is no JSON: Expecting ',' delimiter at line 1, column 8."),
        (
            b'{"a": 1, // why\n "b" 2}',
            "m.json is no JSON: Expecting property name enclosed in double quotes at line 1, column 10.",
        ),
        (b"<!DOCTYPE html><html></html>", "m.json is a web page, not JSON: "),
        (b"\n <html>", "m.json is a web page, not JSON: "),
        (b'{"a": "\xe9"}', "m.json is no JSON file: byte 7 is no UTF-8 text."),
        ('{"a": 1}'.encode("utf-16"), "m.json is no JSON file: byte 0 is no UTF-8 text."),
        (b"\x89PNG\r\n", "m.json is no JSON file: byte 0 is no UTF-8 text."),
        (b"[1, 2]", "m.json holds a list, and an Item is an object."),
        (b'"text"', "m.json holds a str, and an Item is an object."),
    ],
)  # fmt: skip
def test_a_file_that_is_no_json_object_is_one_sentence(content, said):
    with pytest.raises(ItemUnreadable) as error:
        load_json(content, "m.json")
    assert str(error.value).startswith(said)


def test_a_byte_order_mark_is_no_obstacle():
    assert load_json(b'\xef\xbb\xbf{"a": 1}', "m.json") == {"a": 1}


@pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
def test_nesting_ten_thousand_deep_is_refused(bracket):
    end = b"]" if bracket == b"[" else b"}"
    content = b'{"properties": ' + bracket * 10_000 + b"1" + end * 10_000 + b"}"
    with pytest.raises(ItemUnreadable):
        read(load_json(content, "m.json"))


def test_a_number_of_ten_thousand_digits_is_refused():
    with pytest.raises(ItemUnreadable):
        read(load_json(b'{"properties": {"mlm:name": "x", "gsd": ' + b"9" * 10_000 + b"}}", "m.json"))


@pytest.mark.parametrize("place", ["mlm:hyperparameters", "mlm:pretrained_source"])
def test_what_is_kept_for_showing_is_not_nested_deeply(place, item):
    deep: dict = {}
    for _ in range(200):
        deep = {"a": deep}
    with pytest.raises(ItemUnreadable, match=f"properties.{place}.* is nested more than 50 deep"):
        read(item(properties={place: deep}))


@pytest.mark.parametrize(
    "text", ["la\x1b[31mnd", "la\x00nd", "la\x9b31mnd", "la\u202end", "la\u200bnd", "la\ud800nd", "la\r\x07nd"]
)
def test_control_characters_never_reach_a_reader(text, item):
    given = item(
        item={"id": text},
        properties={"title": text, "keywords": [text], "mlm:hyperparameters": {text: [text]}},
        input={"bands": [text, "nir"], "pre_processing_function": {"format": "python", "expression": text}},
        output={"classification:classes": [{"value": 0, "name": text}]},
    )
    given["assets"] = {text: given["assets"]["model"]}
    model = read(given)
    shown = [
        model.id, model.title, *model.keywords, *model.hyperparameters, *model.hyperparameters.values(),
        model.inputs[0].bands[0].name, model.inputs[0].pre_processing[0].expression,
        model.outputs[0].classes[0].name, model.artifacts[0].key,
    ]  # fmt: skip
    for one in shown:
        text = one[0] if isinstance(one, list) else one
        assert text in ("land", "la[31mnd", "la31mnd", "la-31mnd")
        assert text.encode("utf-8").decode("ascii").isprintable()


def test_a_complaint_has_no_control_characters_either(item):
    given = item()
    given["assets"] = {"a\x1b[2J": {"roles": ["mlm:model"]}}
    with pytest.raises(ItemUnreadable) as error:
        read(given)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("keywords", ["x"] * (LIST_LIMIT + 1)),
        ("title", "x" * (TEXT_LIMIT + 1)),
        ("mlm:input", [{}] * (LIST_LIMIT + 1)),
    ],
)
def test_what_is_too_long_is_refused(place, value, item):
    with pytest.raises(ItemUnreadable, match="are not read"):
        read(item(properties={place: value}))


def test_a_huge_item_is_refused_quickly(item):
    given = item(properties={"gsd": [list(range(1000))] * 1000, "mlm:input": []})
    start = time.perf_counter()
    with pytest.raises(ItemUnreadable):
        read(given)
    assert time.perf_counter() - start < 0.5


def places(value, path=()):
    """Yield the path of every value inside an item."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from places(member, (*path, key))


def mutated(item, path, value, kind):
    """Return a copy in which the value at `path` is replaced, removed, doubled or put into a list, or in which a
    member of some form of MLM is added beside it.
    """
    out = copy.deepcopy(item)
    holder = out
    for key in path[:-1]:
        holder = holder[key]
    if kind == "replace":
        holder[path[-1]] = value
    elif kind == "remove":
        del holder[path[-1]]
    elif kind == "wrap":
        holder[path[-1]] = [holder[path[-1]]]
    elif kind.startswith("add ") and isinstance(holder, dict):
        holder[kind.removeprefix("add ")] = value
    elif isinstance(holder, list):
        holder.append(holder[path[-1]])
    else:
        holder[f"{path[-1]} "] = holder[path[-1]]
    return out


@pytest.mark.parametrize(
    "name",
    [
        "own",
        "draft/2023-12-09_stac_model_example.json",
        "v1.0.0-beta2/item.json",
        "v1.5.2/item_multi_io.json",
        "draft/2024-01-09_c68dd72_stac_model_README_example.json",
        "draft/2024-02-25_example.json",
        "draft/sentinelhub_dl_sequential.json",
        "v1.0.0-beta.3/item.json",
        "v1.3.0/item_eo_bands.json",
        "wild/eotdl_eurosat.json",
        "v1.5.2/item_eo_and_raster_bands.json",
        "v1.5.2/item_datacube_variables.json",
        "wild/openeo_dask_ml_prithvi_v2_item.json",
    ],
)
def test_a_damaged_item_gives_a_model_or_one_sentence(name, item, example):
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies as st

    given = item() if name == "own" else example(name)
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    leaves |= st.sampled_from(["onnx", "http://[", "00FF00", "1e999", "\ud800", 10**30, -1, 0, "nan"])
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    )
    kinds = st.sampled_from(["replace", "remove", "wrap", "double"]) | st.sampled_from([f"add {w}" for w in WORDS])
    changes = st.lists(st.tuples(st.sampled_from(list(places(given))), values, kinds), min_size=1, max_size=2)

    @hypothesis.settings(max_examples=CASES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(changes)
    def holds(steps):
        damaged = given
        for path, value, kind in steps:
            try:
                damaged = mutated(damaged, path, value, kind)
            except (KeyError, IndexError, TypeError):
                continue  # the first change took away the place of the second
        start = time.perf_counter()
        try:
            model = read(damaged, "https://example.com/item.json")
        except ItemUnreadable as error:
            assert str(error).isprintable()
            assert len(str(error)) < 1000
        else:
            assert isinstance(model, Model)
            json.dumps([list(model.hyperparameters.items()), dict(model.more)], allow_nan=False)
            assert isinstance(card(model), str)
            written_or_refused(model)
        assert time.perf_counter() - start < 2

    holds()


def written_or_refused(model):
    """Write a model as JSON, or have one sentence on why not."""
    try:
        written = write(model)
    except ItemUnreadable as error:
        assert str(error).isprintable()
    else:
        json.dumps(written, allow_nan=False)


def test_comments_and_trailing_commas_are_taken_out_and_that_is_noted(item):
    text = json.dumps(item(), indent=1).replace('"id": "land-cover",', '"id": "land-cover", // why not /* here */')
    text = text.replace('"properties": {', '/* a\n comment */ "properties": {', 1)
    text = text.rstrip().removesuffix("}") + ',"links": [],}'
    model = read(load_json(text.encode(), "m.json"))
    assert model.id == "land-cover"
    assert [n.text for n in model.notes] == [
        "The file has comments, which JSON has not; they were taken out.",
        "The file has trailing commas, which JSON has not; they were taken out.",
    ]


def test_what_looks_like_a_comment_inside_a_text_stays():
    found = load_json(b'{"href": "https://example.com/a,]", "b": "/* no */", }', "m.json")
    assert (found["href"], found["b"]) == ("https://example.com/a,]", "/* no */")


@pytest.mark.parametrize(
    "text",
    [
        b"{" + b"/*" * 500_000,
        b"{" + b'"' + b'\\"' * 500_000,
        b"{" + b", " * 500_000,
        b'{"a": "' + b"x" * 1_000_000,
        b"{" + b"//" * 500_000,
        b"{" + b'"\n' * 500_000,
    ],
    ids=["comments", "quotes", "commas", "a text", "slashes", "lines"],
)
def test_a_megabyte_of_what_never_ends_is_refused_quickly(text):
    start = time.perf_counter()
    with pytest.raises(ItemUnreadable, match="m.json is no JSON"):
        load_json(text, "m.json")
    assert time.perf_counter() - start < 3


DRAFT_SIZES = {"batch": 1, "channels": 2, "height": 64, "width": 64, "dim_order": "bchw"}


@pytest.mark.parametrize(
    ("place", "member", "value", "said"),
    [
        ("input", "input_arrays", {**DRAFT_SIZES, "width": 10**12}, "input.shape[3]"),
        ("input", "input_arrays", {**DRAFT_SIZES, "width": 10**400}, "input_arrays.width"),
        ("input", "input_arrays", {**DRAFT_SIZES, "width": 0}, "input.shape[3]"),
        ("input", "input_arrays", {**DRAFT_SIZES, "dim_order": "b" * 10**6}, "dim_order"),
        ("input", "bands", ["red"] * 10**6, "mlm:input[0].bands"),
        ("input", "bands", [{"name": "red", "nodata": 0}] * 10**6, "mlm:input[0].bands"),
        ("input", "scaling_factor", [0.1] * 10**6, "mlm:input[0].scaling_factor"),
        ("input", "statistics", {"mean": [0.1] * 10**6}, "mlm:input[0].statistics.mean"),
        ("output", "final_layer_size", [1] * 10**6, "mlm:output[0].final_layer_size"),
        ("output", "final_layer_size", [1, 10**12], "result.shape[1]"),
        ("output", "class_name_mapping", ["a"] * 10**6, "mlm:output[0].class_name_mapping"),
        ("properties", "bands", 5, "properties.bands"),
        ("architecture", "ram_size_mb", 1e308, "mlm:architecture.ram_size_mb"),
        ("architecture", "total_parameters", {"a": 1}, ""),
        ("runtime", "docker", [[[]]], "mlm:runtime.docker"),
        ("runtime", "model_asset", 5, "mlm:runtime.model_asset"),
    ],
)
def test_absurd_values_of_a_draft_are_refused_quickly_with_their_place(place, member, value, said):
    given = {"name": "i", "bands": [{"name": "red", "nodata": 0}, {"name": "nir"}], "input_arrays": DRAFT_SIZES}
    given["norm_type"] = "z_score"
    output = {"task": "semantic segmentation", "final_layer_size": [1, 2, 64, 64]}
    places = {"input": given, "output": output, "architecture": {"model_type": "MLP"}, "runtime": {}, "properties": {}}
    places[place][member] = value
    properties = {f"dlm:{word}": places[word] for word in ("input", "output", "architecture", "runtime")}
    item = {"type": "Feature", "id": "draft", "properties": {**properties, **places["properties"]}, "assets": {}}
    start = time.perf_counter()
    try:
        model = read(item)
    except ItemUnreadable as error:
        assert said
        assert said in str(error)
        assert len(str(error)) < 300
    else:
        assert not said, "read without a complaint"
        assert "total_parameters" in card(model)
    assert time.perf_counter() - start < 5
