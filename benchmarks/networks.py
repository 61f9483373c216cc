"""The networks that are measured, with weights from a fixed seed: speed does not depend on what they have learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class _Graph:
    """Nodes and weights as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._random = np.random.default_rng(1)

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def convolution(self, given: str, channels: int, made: int, relu: bool = True) -> str:
        weights = self._random.normal(0, (2 / channels / 9) ** 0.5, (made, channels, 3, 3)).astype(np.float32)
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(weights, name))
        out = self.add("Conv", given, name, kernel_shape=[3, 3], pads=[1] * 4)
        return self.add("Relu", out) if relu else out

    def save(self, path: Path, out: str, bands: int) -> Path:
        self.nodes.append(helper.make_node("Softmax", [out], ["y"], axis=1))
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", bands, "h", "w"])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4, "h", "w"])],
            self.weights,
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
        return path


def small(path: Path) -> Path:
    """Write three convolutions of 3 x 3 with 16, 16 and 4 channels, and a softmax."""
    graph = _Graph()
    out = graph.convolution("x", 3, 16)
    out = graph.convolution(out, 16, 16)
    return graph.save(path, graph.convolution(out, 16, 4, relu=False), 3)


def unet(path: Path) -> Path:
    """Write a U-Net of 16, 32, 64 and 128 channels (1.9 MB) that takes sides of multiples of 8."""
    graph = _Graph()
    skips, out, channels = [], "x", 3
    for width in (16, 32, 64):
        out = graph.convolution(graph.convolution(out, channels, width), width, width)
        skips.append((out, width))
        out, channels = graph.add("MaxPool", out, kernel_shape=[2, 2], strides=[2, 2]), width
    out = graph.convolution(graph.convolution(out, channels, 128), 128, 128)
    channels = 128
    graph.weights.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice"))
    for skip, width in reversed(skips):
        up = graph.add("Resize", out, "", "twice", mode="nearest")
        out = graph.convolution(graph.add("Concat", up, skip, axis=1), channels + width, width)
        channels = width
    return graph.save(path, graph.convolution(out, channels, 4, relu=False), 3)
