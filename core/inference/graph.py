"""What can be told from the network's graph without running it: how its scores end, and how far a pixel sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

try:
    import onnx
except ImportError:  # a system's Python may be the runtime without it; a trial then tells how scores end
    onnx = None

PROBABILITIES = {"Softmax": "softmax", "Sigmoid": "sigmoid", "HardSigmoid": "sigmoid"}
"""Operations after which scores are probabilities already."""

LOGITS = frozenset(("Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "BatchNormalization"))
"""Operations whose results have no bounds; of all others a trial tells whether they are probabilities."""

PASSED_OVER = frozenset(
    ("Identity", "Cast", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Resize")
)
"""Operations that change the arrangement of scores and not what they mean."""

POINTWISE = frozenset(
    ("Abs", "Add", "ArgMax", "BatchNormalization", "Cast", "Clip", "Concat", "Constant", "Div", "Elu", "Erf", "Exp")
    + ("HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Max", "Min", "Mul", "Neg", "Pad", "PRelu", "Pow")
    + ("Relu", "Sigmoid", "Softmax", "Softplus", "Sqrt", "Sub", "Sum", "Tanh")
)
"""Operations in which a pixel sees only itself."""

RANDOM = frozenset(
    ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli")
)
"""Operations that draw numbers."""

TRAINING = "training_mode"
"""The attribute with which a normalisation takes mean and deviation from the batch at hand."""

SLIDING = frozenset(("Conv", "MaxPool", "AveragePool"))


@dataclass(frozen=True)
class GraphFacts:
    """For each output: the activation it ends in ("" if none), and its receptive field's radius in pixels.

    An output that is missing is one of which nothing is known.
    The radius is None where it can't be told from operations that this file knows: strides, resizing, global pooling.
    `unsteady` is why the same pixels may get another result in another run or beside other pixels, or empty.
    """

    ends_in: Mapping[str, str]
    radius: Mapping[str, Optional[int]]
    unsteady: str = ""


def facts(path: Path) -> GraphFacts:
    """Read the graph in `path`, without its weights; nothing is told where this Python has no onnx package."""
    if onnx is None:
        return GraphFacts({}, {})
    graph = onnx.load(str(path), load_external_data=False).graph
    producer = {name: node for node in graph.node for name in node.output}
    radius = _radii(graph)
    outputs = [o.name for o in graph.output]
    ends = {o: _activation(producer, o) for o in outputs}
    known = {o: activation for o, activation in ends.items() if activation is not None}
    return GraphFacts(known, {o: radius.get(o) for o in outputs}, _unsteady(graph))


def _unsteady(graph: Any) -> str:
    """Return why results are not the pixels' own, from what exports in training mode leave in a graph."""
    if any(node.op_type in RANDOM for node in graph.node):
        return "draws random numbers, so another run gives another result"
    trained = [a.i for n in graph.node if n.op_type == "BatchNormalization" for a in n.attribute if a.name == TRAINING]
    if any(trained):
        return "was exported for training: it measures each window anew, so the same pixels differ between windows"
    return ""


def _activation(producer: dict[str, Any], output: str) -> Optional[str]:
    """Return the activation that an output ends in, "" where its last operation leaves logits, else None."""
    node = producer.get(output)
    while node is not None and node.op_type in PASSED_OVER and node.input:
        node = producer.get(node.input[0])
    if node is None:
        return None
    return PROBABILITIES.get(node.op_type, "" if node.op_type in LOGITS else None)


def _radii(graph: Any) -> dict[str, Optional[int]]:
    """Return how far each value sees from each pixel; the nodes of an ONNX graph are sorted, inputs before users."""
    sizes = {i.name: tuple(i.dims) for i in graph.initializer}
    radius: dict[str, Optional[int]] = {}
    for node in graph.node:
        reach = _reach(node, sizes)
        seen = [radius.get(name, 0) for name in node.input]
        known = [r for r in seen if r is not None]
        total = None if reach is None or len(known) < len(seen) else max(known, default=0) + reach
        radius.update((name, total) for name in node.output)
    return radius


def _reach(node: Any, sizes: Mapping[str, tuple[int, ...]]) -> Optional[int]:
    """Return how many pixels farther than its input a node sees, or None if unknown."""
    if node.op_type in POINTWISE:
        return 0
    if node.op_type not in SLIDING:
        return None
    given = {a.name: list(a.ints) for a in node.attribute}
    kernel = given.get("kernel_shape") or (list(sizes.get(node.input[1], ()))[2:] if node.op_type == "Conv" else [])
    if not kernel or any(stride != 1 for stride in given.get("strides", [])):
        return None
    dilations = given.get("dilations") or [1] * len(kernel)
    return max((k - 1) * d for k, d in zip(kernel, dilations)) + 1 >> 1
