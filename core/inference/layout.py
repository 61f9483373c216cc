"""Where batch, channel, height and width stand in the file's own tensors, and how the output is to be read.

The ONNX signature decides; what the item declares helps to name the dimensions, and differences become findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..mlm.finding import Finding
from ..mlm.model import Model, ModelOutput, Tensor
from ..mlm.sources import channels
from .session import Network, TensorInfo

DIMENSIONS = {
    "batch": "batch", "b": "batch", "n": "batch",
    "channel": "channel", "channels": "channel", "band": "channel", "bands": "channel", "c": "channel",
    "variables": "channel", "class": "channel", "classes": "channel", "feature": "channel", "features": "channel",
    "height": "height", "h": "height", "y": "height", "latitude": "height", "lat": "height",
    "width": "width", "w": "width", "x": "width", "longitude": "width", "lon": "width",
}  # fmt: skip
"""Names of dimensions in items, and what they are to a run."""

SCENE_TASKS = frozenset({"classification", "scene-classification"})
"""Tasks whose output may be one row of scores for a whole image."""

BY_RANK = {
    4: ("batch", "channel", "height", "width"),
    3: ("batch", "height", "width"),
    2: ("batch", "channel"),
    1: ("batch",),
}
"""The usual order where the item's does not fit the file."""


@dataclass(frozen=True)
class Layout:
    """How to fill the input and read the output.

    `tile` is (height, width) where the file fixes it, None where it is free. `per_pixel` models see rows of bands.
    `labels` outputs hold class numbers instead of scores.
    """

    input_name: str
    input_order: tuple[str, ...]
    input_type: str
    output_name: str
    output_order: tuple[str, ...]
    channels: Optional[int]
    tile_height: Optional[int]
    tile_width: Optional[int]
    batch: Optional[int]
    labels: bool
    radius: Optional[int] = None
    """How many pixels around it a pixel's result depends on; None where the graph does not tell."""

    @property
    def per_pixel(self) -> bool:
        """Whether the network sees one pixel at a time."""
        return "height" not in self.input_order

    @property
    def scene(self) -> bool:
        """Whether the network gives scores for a whole window, and none for its pixels."""
        return "height" in self.input_order and "height" not in self.output_order


def layout(model: Model, network: Network, skip_functions: bool = False) -> tuple[Optional[Layout], list[Finding]]:
    """Return the layout of `network` as `model` describes it, or None with a finding of the level error."""
    findings: list[Finding] = []
    given, taken = model.inputs[0], network.inputs[0]
    if len(network.inputs) > 1:
        names = ", ".join(i.name for i in network.inputs)
        return None, [
            Finding("error", f"The model's file takes {len(network.inputs)} inputs ({names}); only one is supported.")
        ]
    order = _order(given.tensor, taken, "input", findings)
    if order is not None:
        order = _by_file(order, taken, channels(given, skip_functions), "input", findings)
    output = _chosen(model.outputs[0], network)
    output_order = _output_order(model.outputs[0], output, "height" not in (order or ()), findings)
    if order is None or output_order is None:
        return None, findings
    if model.outputs[0].classes:
        output_order = _by_file(output_order, output, len(model.outputs[0].classes), "output", findings)
    sizes = dict(zip(order, taken.shape))
    findings += _differences(model, order, taken, skip_functions)
    result = Layout(
        input_name=taken.name,
        input_order=order,
        input_type=taken.data_type,
        output_name=output.name,
        output_order=output_order,
        channels=dict(zip(output_order, output.shape)).get("channel"),
        tile_height=sizes.get("height"),
        tile_width=sizes.get("width"),
        batch=sizes.get("batch"),
        labels=output.data_type.startswith(("int", "uint", "bool")),
        radius=network.graph.radius.get(output.name),
    )
    return result, findings + _classes(model.outputs[0], result)


def _order(declared: Tensor, taken: TensorInfo, what: str, findings: list[Finding]) -> Optional[tuple[str, ...]]:
    rank = len(taken.shape)
    names = tuple(DIMENSIONS.get(d, d) for d in declared.dim_order)
    if len(names) == rank and len(set(names)) == rank and set(names) <= set(DIMENSIONS.values()):
        return names
    if len(names) == rank - 1 and "batch" not in names and ("batch", *names) in BY_RANK.values():
        findings.append(Finding("note", f"The item's {what} has no batch dimension; the file's has."))
        return ("batch", *names)
    usual = BY_RANK.get(rank)
    if usual is None:
        text = f"The file's {what} has {rank} dimensions, and the item names {', '.join(declared.dim_order)}."
        findings.append(Finding("error", text, "Ask the publisher to correct dim_order."))
        return None
    named, read_as = ", ".join(declared.dim_order), ", ".join(usual)
    text = f"The item orders the {what} as {named}; the file has {rank} dimensions, read as {read_as}."
    findings.append(Finding("doubt", text, "Compare the result with what you know.", "another dimension order"))
    return usual


def _by_file(
    order: tuple[str, ...], tensor: TensorInfo, count: int, what: str, findings: list[Finding]
) -> tuple[str, ...]:
    """Return `order`, unless the file has its `count` channels at another of the two places where images have them."""
    if len(order) != 4 or tensor.shape[order.index("channel")] == count:
        return order
    places = [place for place in (1, 3) if tensor.shape[place] == count]
    if len(places) != 1:
        return order
    true = BY_RANK[4] if places == [1] else ("batch", "height", "width", "channel")
    text = f"The item orders the {what} as {', '.join(order)}; the file has its {count} channels elsewhere, "
    text += f"so it is read as {', '.join(true)}."
    findings.append(Finding("doubt", text, "Ask the publisher to correct dim_order.", "another dimension order"))
    return true


def _chosen(declared: ModelOutput, network: Network) -> TensorInfo:
    """Return the output that the item names, or else the first."""
    return next((o for o in network.outputs if o.name == declared.name), network.outputs[0])


def _output_order(
    declared: ModelOutput, output: TensorInfo, per_pixel: bool, findings: list[Finding]
) -> Optional[tuple[str, ...]]:
    """Return the output's order; declared ones are used where they fit the file, since items are often wrong here."""
    rank = len(output.shape)
    names = tuple(DIMENSIONS.get(d, d) for d in declared.tensor.dim_order)
    image = {"height", "width"} <= set(names)
    if not per_pixel and rank == 2 and SCENE_TASKS & set(declared.tasks):
        return BY_RANK[2]
    if len(names) == rank and len(set(names)) == rank and set(names) <= set(DIMENSIONS.values()) and image != per_pixel:
        return names
    if per_pixel and rank in (1, 2):
        return BY_RANK[rank]
    if not per_pixel and rank in (3, 4):
        usual = BY_RANK[rank]
        if rank == 4 and declared.classes and output.shape[3] == len(declared.classes) != output.shape[1]:
            usual = ("batch", "height", "width", "channel")
        named = ", ".join(declared.tensor.dim_order)
        text = f"The item orders the output as {named}; the file's is read as {', '.join(usual)}."
        findings.append(Finding("note", text))
        return usual
    shape = " x ".join("free" if s is None else str(s) for s in output.shape)
    text = f"The file's output {output.name!r} ({shape}) is no map of pixels, which {', '.join(declared.tasks)} needs."
    findings.append(Finding("error", text, "Choose another model."))
    return None


def _differences(model: Model, order: tuple[str, ...], taken: TensorInfo, skip_functions: bool) -> list[Finding]:
    """Compare sizes and type that the item declares with those of the file."""
    given = model.inputs[0]
    found = []
    sizes = dict(zip(order, taken.shape))
    taken_channels, wanted = sizes.get("channel"), channels(given, skip_functions)
    if taken_channels is not None and taken_channels != wanted:
        text = f"The model's file takes {taken_channels} bands; the item names {wanted}."
        found.append(Finding("error", text, "Ask the publisher to correct the item.", "item and file differ"))
    declared = dict(zip((DIMENSIONS.get(d, d) for d in given.tensor.dim_order), given.tensor.shape))
    for side in ("height", "width"):
        ours, theirs = declared.get(side, -1), sizes.get(side)
        if theirs is not None and ours not in (-1, theirs):
            found.append(
                Finding("note", f"The item declares a {side} of {ours}; the file takes {theirs}, which is used.")
            )
    if given.tensor.data_type != taken.data_type:
        text = f"The item declares {given.tensor.data_type} values; the file takes {taken.data_type}, which is used."
        found.append(Finding("note", text))
    return found


def _classes(declared: ModelOutput, result: Layout) -> list[Finding]:
    """Compare the number of classes with the output's channels; one channel stands for two classes."""
    if result.labels or result.channels is None or not declared.classes:
        return []
    wanted = len(declared.classes)
    if result.channels == wanted or (result.channels == 1 and wanted <= 2):
        return []
    text = f"The item names {wanted} classes; the file's output has {result.channels} channels."
    return [Finding("error", text, "Ask the publisher to correct the item.", "item and file differ")]
