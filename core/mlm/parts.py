"""Reads the inputs and outputs of an item in the newest form; the rules are those of MLM 1.5, Model Input and Output
Object.
"""

from __future__ import annotations

import struct
from typing import Any, Optional

from ..errors import ItemUnreadable
from .bandinfo import complete, described
from .classes import SPELLINGS, classes
from .model import Band, Expression, ModelInput, ModelOutput, Note, Tensor, ValueScaling, implied
from .node import Node
from .sources import sources_of

LEAST = 1e-30
"""What is divided by less leaves float32."""
MOST = 3.4e38
"""What is larger leaves float32."""
SHAPE_LIMIT = 10**6
"""The largest size of a dimension that is taken seriously."""

SCALINGS: dict[str, tuple[str, ...]] = {
    "min-max": ("minimum", "maximum"),
    "z-score": ("mean", "stddev"),
    "clip": ("minimum", "maximum"),
    "clip-min": ("minimum",),
    "clip-max": ("maximum",),
    "offset": ("value",),
    "scale": ("value",),
    "processing": (),
}
"""The types of a Value Scaling Object, and the fields that each needs (MLM 1.5, Value Scaling Object)."""

CHANNELS = ("bands", "band", "channel", "channels", "variables")
"""Names of the dimension that bands or variables lie along; since MLM 1.5 it is called as they are."""

NAMED = frozenset(
    ("batch", "time", "height", "width", "h", "w", "x", "y", "z", "lat", "lon", "latitude", "longitude", "class")
)
"""Names of dimensions that are surely not the channels."""

INPUT_WORDS = frozenset(
    ("name", "input", "bands", "variables", "description", "value_scaling", "resize_type", "pre_processing_function")
    + ("params", "norm_by_channel")
)
OUTPUT_WORDS = frozenset(
    ("name", "tasks", "result", "bands", "variables", "description", "post_processing_function", *SPELLINGS)
)


def model_input(node: Node, known: list[Band], notes: list[Note]) -> ModelInput:
    """Return one Model Input; `known` is what the item says of bands elsewhere."""
    bands = tuple(_band(n, known, notes) for n in node["bands"])
    variables = tuple(_band(n, known, notes) for n in node["variables"])
    tensor = _tensor(node["input"].required(), "bands" if bands else "variables" if variables else "", notes)
    scaling = tuple(_scaling(n) for n in node["value_scaling"])
    wanted = len(bands) or len(variables)
    if wanted and len(scaling) not in (0, 1, wanted):
        raise ItemUnreadable(
            f"{node['value_scaling'].path} has {len(scaling)} entries for {wanted} bands; "
            "it needs one for each, or one for all."
        )
    if node["norm_by_channel"].present:
        notes.append(Note(node["norm_by_channel"].path, "norm_by_channel is of forms before 1.4 and is ignored."))
    functions = _functions(node["pre_processing_function"])
    return ModelInput(
        name=node["name"].text(),
        tensor=tensor,
        bands=bands,
        sources=sources_of(bands or variables or implied(node["name"].text(), tensor), functions, known),
        variables=variables,
        description=node["description"].text(),
        value_scaling=scaling,
        resize_type=node["resize_type"].text() or None,
        pre_processing=functions,
        params={key: value.kept() for key, value in node["params"].members()},
        more=_more(node, INPUT_WORDS),
    )


def model_output(node: Node, known: list[Band], tasks: tuple[str, ...], notes: list[Note]) -> ModelOutput:
    """Return one Model Output; one without tasks has those of the item, `tasks`. `known` bands are no input's."""
    own = node["tasks"].texts()
    if not own:
        tasks = tasks or ("semantic-segmentation" if len(list(node["result"]["shape"])) > 2 else "classification",)
        notes.append(Note(node["tasks"].path, f"The output names no task; it is taken to be {', '.join(tasks)}."))
    return ModelOutput(
        name=node["name"].text(),
        tasks=own or tasks,
        tensor=_tensor(node["result"].required(), _named(node), notes),
        classes=classes(node, notes),
        bands=tuple(_band(n, known, notes) for n in node["bands"]),
        variables=tuple(_band(n, known, notes) for n in node["variables"]),
        description=node["description"].text(),
        post_processing=_functions(node["post_processing_function"]),
        more=_more(node, OUTPUT_WORDS),
    )


def _named(output: Node) -> str:
    """Return which of bands and variables an output names."""
    return next((word for word in ("bands", "variables") if output[word].value), "")


def _more(node: Node, known: frozenset[str]) -> dict[str, Any]:
    """Return the members that nothing else reads."""
    return {key: value.kept() for key, value in node.members() if key not in known and value.present}


def _tensor(node: Node, along: str, notes: list[Note]) -> Tensor:
    """Read an Input or Result Structure; `along` is "bands" or "variables" where the channels are such, else empty."""
    shape = tuple(_size(n) for n in node["shape"].required())
    given = node["dim_order"].required().texts()
    order = tuple(name.lower() for name in given)
    if order != given:
        notes.append(Note(node["dim_order"].path, "Names of dimensions have small letters.", list(given), list(order)))
    channel = next((name for name in order if name in CHANNELS), "")
    strange = [name for name in order if name not in NAMED]
    if along and not channel and len(strange) == 1:
        channel = strange[0]
    called = along or ("channel" if channel in ("bands", "variables") else channel)
    if channel and channel != called and called not in order:
        renamed = tuple(called if name == channel else name for name in order)
        text = f"The dimension {channel!r} is called {called!r} (MLM 1.5: bands if and only if bands are named)."
        notes.append(Note(node["dim_order"].path, text, list(order), list(renamed)))
        order = renamed
    if len(shape) != len(order):
        text = f"shape has {len(shape)} sizes and dim_order {len(order)} names; the model's file decides."
        notes.append(Note(node["dim_order"].path, text))
    return Tensor(shape, order, node["data_type"].text())


def _size(node: Node) -> int:
    size = node.required().integer()
    if size is None or size < -1 or size == 0 or size > SHAPE_LIMIT:
        raise node.wrong(f"a size from 1 to {SHAPE_LIMIT}, or -1 where it is free")
    return size


def _band(node: Node, known: list[Band], notes: list[Note]) -> Band:
    if isinstance(node.value, str):
        band = Band(name=node.text())
    else:
        band = described(node)
        if node["expression"].present or node["format"].present:
            band = Band(name=band.name, expression=_expression(node))
    if not band.name:
        raise ItemUnreadable(f"{node.path} has no name, by which its band could be found.")
    return complete(band, known, node.path, notes)


def _scaling(node: Node) -> Optional[ValueScaling]:
    """Read a Value Scaling Object; null, and a type of null, stand for a band left as it is."""
    kind = node["type"].text() if node.present else ""
    if not kind:
        return None
    if kind not in SCALINGS:
        raise node["type"].wrong(f"one of {', '.join(SCALINGS)}")
    if kind == "processing":
        return ValueScaling(kind, expression=_expression(node))
    values: dict[str, Any] = {word: node[word].required().number() for word in SCALINGS[kind]}
    single = {word: _float32(node[word], number) for word, number in values.items()}
    low, high, stddev = (single.get(word) for word in ("minimum", "maximum", "stddev"))
    if low is not None and high is not None:
        if high <= low or (kind == "min-max" and high - low < LEAST):
            raise node["maximum"].wrong(f"more than the minimum, {values['minimum']:.9g}")
        if kind == "min-max" and high - low > MOST:
            raise node["maximum"].wrong(f"no more than {MOST:g} above the minimum, {values['minimum']:.9g}")
    if stddev is not None and stddev < LEAST:
        raise node["stddev"].wrong("above 0, since values are divided by it")
    if kind == "scale" and abs(single["value"]) < LEAST:
        raise node["value"].wrong("other than 0, since values are divided by it")
    return ValueScaling(kind, **values)


def _float32(node: Node, number: float) -> float:
    """Return a number as it is computed with, in float32; raises `ItemUnreadable` where it has no place there."""
    try:
        value: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        raise node.wrong(f"a number that float32 can hold, up to {MOST:g}") from None
    return value


def _functions(node: Node) -> tuple[Expression, ...]:
    """Read a Processing Expression, a list of them (MLM 1.5), or none."""
    if not node.present:
        return ()
    if isinstance(node.value, list):
        return tuple(_expression(n) for n in node)
    if isinstance(node.value, str):
        return (Expression("unknown", node.text()),)
    return (_expression(node),)


def _expression(node: Node) -> Expression:
    return Expression(
        node["format"].required().text(), node["expression"].required().kept(), node["description"].text()
    )
