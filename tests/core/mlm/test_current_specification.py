"""Every field of MLM 1.5 and 1.6 has a place in the model, and in what a user sees of it."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from mlm_runner.core.mlm.card import card
from mlm_runner.core.mlm.model import Model
from mlm_runner.core.mlm.read import read

LAND = {"value": 0, "name": "land", "title": "Dry Land", "description": "No water", "color_hint": "aa5500"}
ITEM: dict[str, Any] = {
    "type": "Feature",
    "stac_version": "1.1.0",
    "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.6.0/schema.json"],
    "id": "whole",
    "geometry": {"type": "Point", "coordinates": [8.5, 47.4]},
    "bbox": [8.0, 47.0, 9.0, 48.0],
    "properties": {
        "start_datetime": "2015-06-23T00:00:00Z",
        "end_datetime": "2024-08-27T00:00:00Z",
        "mlm:name": "whole model",
        "mlm:architecture": "U-Net",
        "mlm:tasks": ["semantic-segmentation"],
        "mlm:framework": "PyTorch",
        "mlm:framework_version": "2.1.2",
        "mlm:memory_size": 12345,
        "mlm:total_parameters": 678910,
        "mlm:pretrained": True,
        "mlm:pretrained_source": "EuroSat",
        "mlm:batch_size_suggestion": 17,
        "mlm:accelerator": "cuda",
        "mlm:accelerator_constrained": False,
        "mlm:accelerator_summary": "any card with 4 GB",
        "mlm:accelerator_count": 3,
        "mlm:hyperparameters": {"nms_threshold": 0.7},
        "mlm:input": [
            {
                "name": "image",
                "description": "two bands and an index",
                "bands": ["B04", {"name": "ratio", "format": "rio-calc", "expression": "B08 / B04"}],
                "input": {
                    "shape": [-1, 2, 64, 64],
                    "dim_order": ["batch", "bands", "height", "width"],
                    "data_type": "float32",
                },
                "value_scaling": [{"type": "z-score", "mean": 0.25, "stddev": 0.125}, None],
                "resize_type": "crop",
                "pre_processing_function": [
                    {"format": "gdal-calc", "expression": "A * 1", "description": "leaves all as it is"},
                    {"format": "python", "expression": "package:first"},
                ],
            },
            {
                "name": "weather",
                "variables": ["temperature"],
                "input": {"shape": [-1, 1], "dim_order": ["batch", "variables"], "data_type": "float64"},
            },
        ],
        "mlm:output": [
            {
                "name": "map",
                "description": "what there is",
                "tasks": ["semantic-segmentation"],
                "bands": ["cover"],
                "variables": ["certainty"],
                "result": {
                    "shape": [-1, 2, 64, 64],
                    "dim_order": ["batch", "bands", "height", "width"],
                    "data_type": "uint8",
                },
                "classification:classes": [
                    {
                        "value": 0,
                        "name": "land",
                        "title": "Dry Land",
                        "description": "No water",
                        "color_hint": "aa5500",
                    },
                    {"value": 9, "name": "none", "nodata": True},
                ],
                "post_processing_function": {"format": "docker", "expression": "image:tag"},
            }
        ],
        "bands": [{"name": "B04", "eo:common_name": "red", "eo:center_wavelength": 0.665, "data_type": "uint16"}],
    },
    "assets": {
        "model": {
            "href": "https://example.com/model.onnx",
            "type": "application/octet-stream; framework=onnx",
            "roles": ["mlm:model"],
            "mlm:artifact_type": "onnx",
            "mlm:compile_method": "aot",
            "file:size": 1000000,
            "file:checksum": "1220" + "ab" * 32,
        },
        "code": {"href": "https://example.com/code", "roles": ["code"], "mlm:entrypoint": "package.module:run"},
    },
    "links": [{"rel": "derived_from", "href": "https://example.com/training.json", "ml-aoi:split": "train"}],
}

Place = tuple[Callable[[Model], Any], Any, str]


def image(model: Model) -> Any:
    return model.inputs[0]


def result(model: Model) -> Any:
    return model.outputs[0]


ROWS: dict[str, Place] = {
    # field: where it is in the model, what is there, words of the card
    "mlm:name": (lambda m: m.name, "whole model", "whole model"),
    "mlm:architecture": (lambda m: m.architecture, "U-Net", "Architecture: U-Net"),
    "mlm:tasks": (lambda m: m.tasks, ("semantic-segmentation",), "Task: semantic segmentation"),
    "mlm:framework": (lambda m: m.framework, "PyTorch", "Trained with: PyTorch"),
    "mlm:framework_version": (lambda m: m.more["mlm:framework_version"], "2.1.2", "mlm:framework_version: 2.1.2"),
    "mlm:memory_size": (lambda m: m.more["mlm:memory_size"], 12345, "mlm:memory_size: 12345"),
    "mlm:total_parameters": (lambda m: m.more["mlm:total_parameters"], 678910, "mlm:total_parameters: 678910"),
    "mlm:pretrained": (lambda m: m.more["mlm:pretrained"], True, "mlm:pretrained: True"),
    "mlm:pretrained_source": (lambda m: m.more["mlm:pretrained_source"], "EuroSat", "EuroSat"),
    "mlm:batch_size_suggestion": (lambda m: m.batch_size_suggestion, 17, "Suggested batch: 17"),
    "mlm:accelerator": (lambda m: m.more["mlm:accelerator"], "cuda", "mlm:accelerator: cuda"),
    "mlm:accelerator_constrained": (
        lambda m: m.more["mlm:accelerator_constrained"],
        False,
        "mlm:accelerator_constrained: False",
    ),
    "mlm:accelerator_summary": (lambda m: m.more["mlm:accelerator_summary"], "any card with 4 GB", "any card with 4"),
    "mlm:accelerator_count": (lambda m: m.more["mlm:accelerator_count"], 3, "mlm:accelerator_count: 3"),
    "mlm:hyperparameters": (lambda m: m.hyperparameters, {"nms_threshold": 0.7}, "nms_threshold: 0.7"),
    "mlm:artifact_type": (lambda m: m.artifacts[0].artifact_type, "onnx", "onnx, 1.0 MB"),
    "mlm:compile_method": (
        lambda m: m.artifacts[0].more["mlm:compile_method"],
        "aot",
        "mlm:compile_method: aot",
    ),
    "mlm:entrypoint": (
        lambda m: m.resources[0].more["mlm:entrypoint"],
        "package.module:run",
        "mlm:entrypoint: package.module:run",
    ),
    "file:size": (lambda m: m.artifacts[0].size, 1000000, "1.0 MB"),
    "file:checksum": (lambda m: m.artifacts[0].checksum, "1220" + "ab" * 32, "Checksum: 1220abab"),
    "input.name": (lambda m: image(m).name, "image", "Name: image"),
    "input.description": (lambda m: image(m).description, "two bands and an index", "two bands and an index"),
    "input.bands": (lambda m: [b.name for b in image(m).bands], ["B04", "ratio"], "Band B04"),
    "input.variables": (lambda m: [v.name for v in m.inputs[1].variables], ["temperature"], "Variable temperature"),
    "input.value_scaling": (
        lambda m: [s and s.to_json() for s in image(m).value_scaling],
        [{"type": "z-score", "mean": 0.25, "stddev": 0.125}, None],
        "z-score: mean 0.25, stddev 0.125",
    ),
    "input.resize_type": (lambda m: image(m).resize_type, "crop", "resize_type: crop"),
    "input.pre_processing_function": (
        lambda m: [(f.format, f.expression, f.description) for f in image(m).pre_processing],
        [("gdal-calc", "A * 1", "leaves all as it is"), ("python", "package:first", "")],
        "leaves all as it is (gdal-calc: A * 1)",
    ),
    "structure.shape": (lambda m: image(m).tensor.shape, (-1, 2, 64, 64), "batch (any) x bands (2)"),
    "structure.dim_order": (
        lambda m: image(m).tensor.dim_order,
        ("batch", "bands", "height", "width"),
        "bands (2) x height (64)",
    ),
    "structure.data_type": (lambda m: m.inputs[1].tensor.data_type, "float64", "float64"),
    "band.expression": (
        lambda m: (image(m).bands[1].expression.format, image(m).bands[1].expression.expression),
        ("rio-calc", "B08 / B04"),
        "computed: rio-calc: B08 / B04",
    ),
    "band.sources": (lambda m: [b.name for b in image(m).sources], ["B04", "B08"], "B08"),
    "band.described": (
        lambda m: (image(m).bands[0].common_name, image(m).bands[0].center_wavelength, image(m).bands[0].data_type),
        ("red", 0.665, "uint16"),
        "red, 0.665 µm, uint16",
    ),
    "output.name": (lambda m: result(m).name, "map", "Name: map"),
    "output.description": (lambda m: result(m).description, "what there is", "what there is"),
    "output.tasks": (lambda m: result(m).tasks, ("semantic-segmentation",), "Task: semantic-segmentation"),
    "output.bands": (lambda m: [b.name for b in result(m).bands], ["cover"], "Bands: cover"),
    "output.variables": (lambda m: [v.name for v in result(m).variables], ["certainty"], "Variables: certainty"),
    "output.result": (lambda m: result(m).tensor.data_type, "uint8", "uint8, batch (any)"),
    "output.post_processing_function": (
        lambda m: [(f.format, f.expression) for f in result(m).post_processing],
        [("docker", "image:tag")],
        "After the model: docker: image:tag",
    ),
    "class.value": (lambda m: [c.value for c in result(m).classes], [0, 9], "Class 9"),
    "class.name": (lambda m: [c.name for c in result(m).classes], ["land", "none"], "none"),
    "class.title": (lambda m: result(m).classes[0].title, "Dry Land", "Dry Land"),
    "class.description": (lambda m: result(m).classes[0].description, "No water", "Dry Land: No water"),
    "class.color_hint": (lambda m: result(m).classes[0].color, "AA5500", "(#AA5500)"),
    "class.nodata": (lambda m: [c.nodata for c in result(m).classes], [False, True], "(no data)"),
    "domain.bbox": (lambda m: m.domain.bbox, (8.0, 47.0, 9.0, 48.0), "8° E to 9° E, 47° N to 48° N"),
    "domain.geometry": (lambda m: m.domain.geometry["type"], "Point", "8° E"),
    "domain.time": (lambda m: (m.domain.start[:4], m.domain.end[:4]), ("2015", "2024"), "2015-06-23 to 2024-08-27"),
    "links": (
        lambda m: (m.links[0].rel, m.links[0].more["ml-aoi:split"]),
        ("derived_from", "train"),
        "derived_from: https://example.com/training.json",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_field_has_a_place_in_the_model_and_on_the_card(row):
    place, expected, words = ROWS[row]
    model = read(ITEM)
    assert place(model) == expected
    assert words in card(model)


def test_nothing_of_a_whole_item_has_to_be_repaired():
    assert read(ITEM).form == "MLM 1.6"
    assert read(ITEM).notes == ()
