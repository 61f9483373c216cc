"""Write a network of several inputs, whose channels in turn make up a pixel: for each class a weight for each of them.
Run by the engine's Python.

OUTPUT.onnx JSON JSON, where the first is the number of channels by input, the second a list (classes) of lists of
numbers.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

path, channels, weights = sys.argv[1], json.loads(sys.argv[2]), np.asarray(json.loads(sys.argv[3]), dtype=np.float32)
graph = helper.make_graph(
    [
        helper.make_node("Concat", list(channels), ["all"], axis=1),
        helper.make_node("Conv", ["all", "w"], ["y"]),
    ],
    "joined",
    [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", count, "h", "w"])
        for name, count in channels.items()
    ],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", len(weights), "h", "w"])],
    [numpy_helper.from_array(weights[:, :, None, None], "w")],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
