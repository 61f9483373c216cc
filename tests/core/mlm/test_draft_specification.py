"""Every row of the draft specification of January 2024 has a place in the model, and in what a user sees of it."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any, Callable

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.card import card
from mlm_runner.core.mlm.model import Model
from mlm_runner.core.mlm.read import read

SPECIFICATION = Path(__file__).resolve().parents[4] / "shared" / "mlm-examples" / "draft" / "SPEC-2024-01.md"
PREFIXES = ("dlm:", "mlm:", "mlm_")


def draft(prefix: str = "dlm:", **changes: Any) -> dict[str, Any]:
    """An item in exactly the draft's form, with every row of its tables; `changes` replace members of the input."""
    given = {
        "name": "RGB series",
        "bands": [
            {"name": "B04", "description": "red light", "nodata": 0, "data_type": "uint16", "unit": "1"},
            {"name": "B08", "description": "near infrared", "data_type": "uint16"},
        ],
        "input_arrays": {"batch": 4, "time": 3, "channels": 2, "height": 64, "width": 32, "dim_order": "btchw"},
        "params": {"temperature": 0.5},
        "scaling_factor": 0.004,
        "norm_by_channel": "True",
        "norm_type": "none",
        "rescale_type": "crop",
        "statistics": {"mean": [0.2, 0.4], "stddev": [0.1, 0.2], "minimum": [0, 0.1], "maximum": [1, 0.9]},
        "pre_processing_function": "https://example.com/prepare.py",
    }
    given.update(changes)
    properties = {
        "datetime": "2024-01-05T00:00:00Z",
        "input": given,
        "architecture": {
            "total_parameters": 11700000,
            "on_disk_size_mb": 43.5,
            "ram_size_mb": 12,
            "model_type": "ResNet-18",
            "summary": "conv1, conv2",
            "pretrained": "ImageNet",
        },
        "runtime": {
            "framework": "PyTorch",
            "version": "2.1.2",
            "model_asset": {"href": "https://example.com/model.pth", "title": "The weights"},
            "model_handler": "package.module:infer",
            "model_src_url": "https://example.com/code",
            "model_commit_hash": "0a1b2c",
            "docker": {
                "docker_file": "https://example.com/Dockerfile",
                "image_name": "example/model",
                "tag": "v7",
                "working_dir": "/data",
                "run": "python infer.py",
                "accelerator": True,
            },
            "batch_size_suggestion": 64,
            "hardware_suggestion": "g4dn.xlarge",
        },
        "output": {
            "task": "semantic segmentation",
            "number_of_classes": 2,
            "final_layer_size": [4, 2, 64, 32],
            "class_name_mapping": {"0": "Land", "1": "Open Water"},
            "post_processing_function": "package.module:after",
        },
    }
    fields = {"input", "architecture", "runtime", "output"}
    named = {f"{prefix}{word}" if word in fields else word: value for word, value in properties.items()}
    named.update(
        {
            "sci:doi": "10.1234/abcd",
            "sci:citation": "Somebody (2024)",
            "sci:publications": [{"citation": "Somebody else (2023)", "doi": "10.1234/efgh"}],
            "version": "3.2.1",
            "deprecated": True,
        }
    )
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "draft",
        "geometry": None,
        "properties": named,
        "assets": {},
        "links": [
            {"rel": "predecessor-version", "href": "https://example.com/v3.1.json"},
            {"rel": "successor-version", "href": "https://example.com/v4.json"},
        ],
    }


def one(model: Model, key: str) -> Any:
    """The file of the model with a key."""
    return next(a for a in (*model.artifacts, *model.resources) if a.key == key)


def noted(model: Model, word: str) -> Any:
    """What a member of the input was, by the note on what became of it."""
    return next(n.old for n in model.notes if n.field == f"properties.mlm:input[0].{word}")


def size(model: Model, name: str) -> int:
    tensor = model.inputs[0].tensor
    return dict(zip(tensor.dim_order, tensor.shape, strict=True))[name]


Place = tuple[Callable[[Model], Any], Any, str]

ROWS: dict[str, Place] = {
    # row of the specification: where it is in the model, what is there, words of the card
    "Model Input.name": (lambda m: m.inputs[0].name, "RGB series", "RGB series"),
    "Model Input.bands": (
        lambda m: [(b.name, b.description, b.nodata, b.data_type, b.unit) for b in m.inputs[0].bands],
        [("B04", "red light", 0, "uint16", "1"), ("B08", "near infrared", None, "uint16", "")],
        "Band B04: red light, uint16, 1; nodata 0",
    ),
    "Model Input.input_arrays": (lambda m: m.inputs[0].tensor.shape, (4, 3, 2, 64, 32), "batch (4) x time (3)"),
    "Model Input.params": (lambda m: m.inputs[0].params, {"temperature": 0.5}, "temperature: 0.5"),
    "Model Input.scaling_factor": (
        lambda m: [(s.type, s.value) for s in m.inputs[0].value_scaling],
        [("scale", 250.0)],  # times 0.004 is divided by 250
        "divided by 250 (scale: value 250)",
    ),
    "Model Input.norm_by_channel": (
        lambda m: noted(m, "norm_by_channel"),
        "True",
        "norm_by_channel: value_scaling has one entry for each band, or one for all. (True)",
    ),
    "Model Input.norm_type": (
        lambda m: noted(m, "norm_type"),
        "none",
        "norm_type: no norm is named, so these are not applied to the values. (none)",
    ),
    "Model Input.rescale_type": (lambda m: m.inputs[0].resize_type, "crop", "resize_type: crop"),
    "Model Input.statistics": (
        lambda m: noted(m, "statistics"),
        {"mean": [0.2, 0.4], "stddev": [0.1, 0.2], "minimum": [0, 0.1], "maximum": [1, 0.9]},
        "({'mean': [0.2, 0.4], 'stddev': [0.1, 0.2], 'minimum': [0, 0.1], 'maximum': [1, 0.9]})",
    ),
    "Model Input.pre_processing_function": (
        lambda m: [(f.format, f.expression) for f in m.inputs[0].pre_processing],
        [("uri", {"href": "https://example.com/prepare.py"})],
        "https://example.com/prepare.py",
    ),
    "Array.batch": (lambda m: size(m, "batch"), 4, "batch (4)"),
    "Array.time": (lambda m: size(m, "time"), 3, "time (3)"),
    "Array.channels": (lambda m: size(m, "bands"), 2, "bands (2)"),
    "Array.height": (lambda m: size(m, "height"), 64, "height (64)"),
    "Array.width": (lambda m: size(m, "width"), 32, "width (32)"),
    "Array.dim_order": (
        lambda m: m.inputs[0].tensor.dim_order,
        ("batch", "time", "bands", "height", "width"),
        "batch (4) x time (3) x bands (2) x height (64) x width (32)",
    ),
    "Architecture.total_parameters": (lambda m: m.more["mlm:total_parameters"], 11700000, "11700000"),
    "Architecture.on_disk_size_mb": (lambda m: m.more["draft:on_disk_size_mb"], 43.5, "draft:on_disk_size_mb: 43.5"),
    "Architecture.ram_size_mb": (lambda m: m.more["mlm:memory_size"], 12_000_000, "mlm:memory_size: 12000000"),
    "Architecture.model_type": (lambda m: m.architecture, "ResNet-18", "Architecture: ResNet-18"),
    "Architecture.summary": (lambda m: m.more["draft:summary"], "conv1, conv2", "conv1, conv2"),
    "Architecture.pretrained": (
        lambda m: (m.more["mlm:pretrained"], m.more["mlm:pretrained_source"]),
        (True, "ImageNet"),
        "mlm:pretrained_source: ImageNet",
    ),
    "Runtime.framework": (lambda m: m.framework, "PyTorch", "Trained with: PyTorch"),
    "Runtime.version": (lambda m: m.more["mlm:framework_version"], "2.1.2", "mlm:framework_version: 2.1.2"),
    "Runtime.model_asset": (
        lambda m: (one(m, "model").href, one(m, "model").title),
        ("https://example.com/model.pth", "The weights"),
        "https://example.com/model.pth",
    ),
    "Runtime.model_handler": (
        lambda m: one(m, "source_code").more["mlm:entrypoint"],
        "package.module:infer",
        "mlm:entrypoint: package.module:infer",
    ),
    "Runtime.model_src_url": (lambda m: one(m, "source_code").href, "https://example.com/code", "example.com/code"),
    "Runtime.model_commit_hash": (lambda m: m.more["draft:model_commit_hash"], "0a1b2c", "0a1b2c"),
    "Runtime.docker": (lambda m: "runtime" in one(m, "container").roles, True, "container"),
    "Runtime.batch_size_suggestion": (lambda m: m.batch_size_suggestion, 64, "Suggested batch: 64"),
    "Runtime.hardware_suggestion": (lambda m: m.more["mlm:accelerator_summary"], "g4dn.xlarge", "g4dn.xlarge"),
    "Container.docker_file": (
        lambda m: one(m, "docker_file").href,
        "https://example.com/Dockerfile",
        "https://example.com/Dockerfile",
    ),
    "Container.image_name": (lambda m: one(m, "container").href, "example/model:v7", "example/model:v7"),
    "Container.tag": (lambda m: one(m, "container").href.rpartition(":")[2], "v7", "example/model:v7"),
    "Container.working_dir": (lambda m: m.more["draft:container_working_dir"], "/data", "/data"),
    "Container.run": (lambda m: m.more["draft:container_run"], "python infer.py", "python infer.py"),
    "Container.accelerator": (lambda m: m.more["draft:container_accelerator"], True, "container_accelerator: True"),
    "Output.task": (lambda m: m.outputs[0].tasks, ("semantic-segmentation",), "Task: semantic segmentation"),
    "Output.number_of_classes": (lambda m: m.more["draft:number_of_classes"], 2, "draft:number_of_classes: 2"),
    "Output.final_layer_size": (
        lambda m: (m.outputs[0].tensor.shape, m.outputs[0].tensor.dim_order),
        ((4, 2, 64, 32), ("batch", "class", "height", "width")),
        "class (2)",
    ),
    "Output.class_name_mapping": (
        lambda m: [(c.value, c.label) for c in m.outputs[0].classes],
        [(0, "Land"), (1, "Open Water")],
        "Class 1: Open Water",
    ),
    "Output.post_processing_function": (
        lambda m: [(f.format, f.expression) for f in m.outputs[0].post_processing],
        [("python", "package.module:after")],
        "After the model: python: package.module:after",
    ),
    "Item.dlm:input": (lambda m: len(m.inputs), 1, "Input"),
    "Item.dlm:architecture": (lambda m: m.architecture, "ResNet-18", "ResNet-18"),
    "Item.dlm:runtime": (lambda m: m.framework, "PyTorch", "PyTorch"),
    "Item.dlm:output": (lambda m: len(m.outputs), 1, "Output"),
}

EXTENSIONS: dict[str, Place] = {
    # what the draft takes over from the scientific and version extensions
    "sci:doi": (lambda m: m.doi, "10.1234/abcd", "DOI: 10.1234/abcd"),
    "sci:citation": (lambda m: m.citation, "Somebody (2024)", "Citation: Somebody (2024)"),
    "sci:publications": (
        lambda m: m.more["sci:publications"],
        [{"citation": "Somebody else (2023)", "doi": "10.1234/efgh"}],
        "Somebody else (2023)",
    ),
    "version": (lambda m: m.version, "3.2.1", "Version: 3.2.1"),
    "deprecated": (lambda m: m.deprecated, True, "withdrawn"),
    "predecessor-version": (lambda m: m.links[0].href, "https://example.com/v3.1.json", "v3.1.json"),
    "successor-version": (lambda m: m.links[1].href, "https://example.com/v4.json", "v4.json"),
}


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("row", [*ROWS, *EXTENSIONS])
def test_a_row_has_a_place_in_the_model_and_on_the_card(row, prefix):
    place, expected, words = {**ROWS, **EXTENSIONS}[row]
    model = read(draft(prefix))
    assert place(model) == expected
    assert words in card(model)


def test_no_row_of_the_specification_is_forgotten():
    if not SPECIFICATION.is_file():
        pytest.skip("the draft specification is not beside the checkout (../shared/mlm-examples/draft)")
    found, title = set(), ""
    for line in SPECIFICATION.read_text(encoding="utf-8").splitlines():
        title = line.strip("# ").strip() if line.startswith("#") else title
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) < 3 or cells[0] == "Field Name" or re.fullmatch(r"-+", cells[0]):
            continue
        table = "Item" if title == "Item Properties and Collection Fields" else title
        found.add(f"{table}.{cells[0].split(' ')[0]}")
    assert found == set(ROWS)


@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        # statistics of B04: mean 0.2, stddev 0.1, minimum 0, maximum 1, of values times 0.5; all numbers by hand
        ("min_max", {"type": "min-max", "minimum": 0.0, "maximum": 2.0}),
        ("z_score", {"type": "z-score", "mean": 0.4, "stddev": 0.2}),
        ("max_norm", {"type": "scale", "value": 2.0}),
        ("mean_norm", {"type": "z-score", "mean": 0.4, "stddev": 2.0}),
        ("unit_variance", {"type": "scale", "value": 0.2}),
        ("none", {"type": "scale", "value": 2.0}),
    ],
)
def test_each_norm_becomes_the_scaling_that_does_the_same(norm, expected):
    scaling = read(draft(norm_type=norm, scaling_factor=0.5)).inputs[0].value_scaling
    assert scaling[0].to_json() == pytest.approx(expected)
    assert len(scaling) == (1 if norm == "none" else 2)


@pytest.mark.parametrize(("norm", "value"), [("z_score", 0.1), ("min_max", 1.0)])
def test_without_a_factor_the_statistics_stay_as_they_are(norm, value):
    given = draft(norm_type=norm)
    del given["properties"]["dlm:input"]["scaling_factor"]
    scaling = read(given).inputs[0].value_scaling[0]
    assert (scaling.stddev if norm == "z_score" else scaling.maximum) == value


@pytest.mark.parametrize(
    "mapping",
    [
        {"0": "Land", "1": "Open Water"},
        {"Land": 0, "Open Water": 1},
        [{"0": "Land"}, {"1": "Open Water"}],
        [{"index": 1, "class_name": "Open Water"}, {"index": 0, "class_name": "Land"}],
        ["Land", "Open Water"],
    ],
)
def test_classes_are_named_in_each_direction(mapping):
    item = draft()
    item["properties"]["dlm:output"]["class_name_mapping"] = mapping
    assert [(c.value, c.label) for c in read(item).outputs[0].classes] == [(0, "Land"), (1, "Open Water")]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("bhw", ("batch", "height", "width")),
        ("bchw", ("batch", "bands", "height", "width")),
        ("bthw", ("batch", "time", "height", "width")),
        ("btchw", ("batch", "time", "bands", "height", "width")),
    ],
)
def test_letters_are_dimensions(order, names):
    array = {"batch": 1, "time": 3, "channels": 2, "height": 64, "width": 32, "dim_order": order}
    assert read(draft(input_arrays=array)).inputs[0].tensor.dim_order == names


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"statistics": {"mean": [1, 2, 3], "stddev": [1, 2, 3]}, "norm_type": "z_score"}, "has 3 entries for 2 bands"),
        ({"statistics": {"mean": [1, 2], "stddev": [1]}, "norm_type": "z_score"}, "lists of different lengths"),
        ({"scaling_factor": 0}, "other than 0"),
        ({"scaling_factor": "a"}, "scaling_factor"),
        ({"input_arrays": {"dim_order": "xyz"}}, "letters of b, t, c, h, w"),
        ({"bands": [{"description": "no name"}]}, "name"),
    ],
)
def test_contradictions_are_refused_with_their_place(changes, said):
    with pytest.raises(ItemUnreadable, match=said) as error:
        read(draft(**changes))
    assert "properties." in str(error.value)


def test_a_norm_without_statistics_is_not_forgotten_but_keeps_the_model_from_running():
    item = draft(norm_type="z_score")
    del item["properties"]["dlm:input"]["statistics"]
    scaling = read(item).inputs[0].value_scaling
    assert [(s.type, s.expression.format) for s in scaling] == [("processing", "no-statistics")]


def test_nothing_of_the_item_is_changed_by_reading_it():
    item = draft()
    before = copy.deepcopy(item)
    read(item)
    assert item == before
