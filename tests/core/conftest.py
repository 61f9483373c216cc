"""Builders: small rasters, small ONNX networks and the items that describe them.

QGIS's own Python collects this file too, for core.mlm and core.worker, and has neither onnx nor rasterio.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import pytest

UTM = (10.0, 0.0, 500_000.0, 0.0, -10.0, 4_000_000.0)


@pytest.fixture
def raster(tmp_path: Path) -> Callable[..., str]:
    """Write an array (bands, height, width) as a GeoTIFF and return its path."""
    import rasterio
    from rasterio.transform import Affine

    def build(
        values: Any,
        names: Sequence[str] = (),
        name: str = "image.tif",
        transform: Sequence[float] = UTM,
        crs: Optional[str] = "EPSG:32633",
        **profile: Any,
    ) -> str:
        path = tmp_path / name
        count, height, width = values.shape
        with rasterio.open(
            path, "w", driver="GTiff", count=count, height=height, width=width, dtype=values.dtype,
            transform=Affine(*transform[:6]), crs=crs, **profile,
        ) as file:  # fmt: skip
            file.write(values)
            for index, text in enumerate(names, 1):
                file.set_band_description(index, text)
        return str(path)

    return build


@pytest.fixture
def network(tmp_path: Path) -> Callable[..., Path]:
    """Write an ONNX network of the given nodes and return its path."""
    import onnx
    from onnx import helper, numpy_helper

    def build(
        nodes: Sequence[Any],
        inputs: Sequence[tuple[str, Sequence[Any], int]],
        outputs: Sequence[tuple[str, Sequence[Any], int]],
        constants: Optional[dict[str, Any]] = None,
        name: str = "network.onnx",
        opset: int = 13,
    ) -> Path:
        graph = helper.make_graph(
            list(nodes),
            "g",
            [helper.make_tensor_value_info(n, t, s) for n, s, t in inputs],
            [helper.make_tensor_value_info(n, t, s) for n, s, t in outputs],
            [numpy_helper.from_array(v, k) for k, v in (constants or {}).items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.checker.check_model(model)
        path = tmp_path / name
        onnx.save(model, path)
        return path

    return build


@pytest.fixture
def convolution(network: Callable[..., Path]) -> Callable[..., Path]:
    """Write a network of one convolution with the given weights (classes, bands, rows, columns), padded with zeros."""
    import numpy as np
    from onnx import TensorProto, helper

    def build(
        weights: Any,
        shape: Sequence[Any] = ("n", None, "h", "w"),
        bias: Any = None,
        **more: Any,
    ) -> Path:
        classes, bands, rows, _ = weights.shape
        constants = {"w": weights.astype(np.float32)}
        if bias is not None:
            constants["b"] = bias.astype(np.float32)
        node = helper.make_node("Conv", ["x", *constants], ["y"], pads=[rows // 2] * 4)
        batch, _, height, width = shape
        return network(
            [node],
            [("x", (batch, bands, height, width), TensorProto.FLOAT)],
            [("y", (batch, classes, height, width), TensorProto.FLOAT)],
            constants,
            **more,
        )

    return build


@pytest.fixture
def item() -> Callable[..., dict[str, Any]]:
    """Return an item of form 1.5 for a model file."""

    def build(file: Path, bands: Sequence[str], classes: int = 2, **more: Any) -> dict[str, Any]:
        given = {
            "name": "image",
            "bands": list(bands),
            "input": {
                "shape": more.get("shape", [-1, len(bands), -1, -1]),
                "dim_order": more.get("dim_order", ["batch", "bands", "height", "width"]),
                "data_type": "float32",
            },
            "value_scaling": more.get("value_scaling"),
            "pre_processing_function": more.get("pre"),
        }
        output = {
            "name": "map",
            "post_processing_function": more.get("post"),
            "tasks": more.get("tasks", ["semantic-segmentation"]),
            "result": {
                "shape": more.get("result_shape", [-1, classes, -1, -1]),
                "dim_order": more.get("result_order", ["batch", "class", "height", "width"]),
                "data_type": "float32",
            },
            "classification:classes": more.get("legend")
            or [{"value": k, "name": f"class-{k}", "color_hint": f"{k:02d}00FF"} for k in range(classes)],
        }
        return {
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.0/schema.json"],
            "id": "test-model",
            "geometry": None,
            "properties": {
                "datetime": "2024-01-01T00:00:00Z",
                "mlm:name": "test model",
                "mlm:tasks": output["tasks"],
                "mlm:input": [given],
                "mlm:output": [output],
            },
            "assets": {"model": {"href": str(file), "roles": ["mlm:model"], "mlm:artifact_type": "onnx"}},
            "links": [],
        }

    return build
