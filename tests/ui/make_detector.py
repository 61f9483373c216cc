"""Write a network that finds the same objects in every window, whatever is in it. Run by the engine's Python.

OUTPUT.onnx SIDE BANDS JSON, where JSON is a list of objects: left, top, right, bottom in pixels, score, class.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

path, side, bands = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
found = np.asarray([json.loads(sys.argv[4])], dtype=np.float32)
graph = helper.make_graph(
    [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["nought"]),
        helper.make_node("Add", ["found", "nought"], ["y"]),
    ],
    "detector",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, bands, side, side])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(found.shape))],
    [numpy_helper.from_array(found, "found"), numpy_helper.from_array(np.zeros(1, np.float32), "nothing")],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
