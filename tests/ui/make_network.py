"""Write a network of one point-wise convolution: for each class a weight for each band. Run by the engine's Python.

OUTPUT.onnx JSON, where JSON is a list (classes) of lists (bands) of numbers.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

path, weights = sys.argv[1], np.asarray(json.loads(sys.argv[2]), dtype=np.float32)
classes, bands = weights.shape
graph = helper.make_graph(
    [helper.make_node("Conv", ["x", "w"], ["y"])],
    "point",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", bands, "h", "w"])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", classes, "h", "w"])],
    [numpy_helper.from_array(weights[:, :, None, None], "w")],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
