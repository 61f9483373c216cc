"""Where batch, time, channel, height and width stand in the file's own tensors, and what its outputs become.

The ONNX signature decides; what the item declares helps to name the dimensions, and differences become findings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional

from ..mlm.ability import after, gives_objects, resize_word, result_kind
from ..mlm.dimensions import sizes
from ..mlm.finding import Finding
from ..mlm.model import Model, ModelInput, ModelOutput
from ..mlm.sources import channels
from .detectors import Reading, reading
from .session import Network, TensorInfo
from .signature import Given, by_file, input_order, inputs, output_order, output_tensor


@dataclass(frozen=True)
class Entry:
    """An input of the file, and the item's at `place` that feeds it with `count` channels.

    `sizes` holds None where a dimension is free.
    """

    name: str
    order: tuple[str, ...]
    data_type: str
    place: int
    count: int
    sizes: Mapping[str, Optional[int]]
    resize: str = ""
    """The interpolation that brings a window to the tensor's height and width, or an empty string."""

    @property
    def per_pixel(self) -> bool:
        """Whether the network sees one pixel at a time."""
        return "height" not in self.order


@dataclass(frozen=True)
class Exit:
    """An output of the file, and the item's at `place` that describes it.

    `kind` is "classes" or "numbers"; `labels` outputs hold class numbers instead of scores. `radius` is how many pixels
    around it a pixel's result depends on; None where the graph does not tell.
    """

    name: str
    order: tuple[str, ...]
    channels: Optional[int]
    place: int
    kind: str
    labels: bool
    radius: Optional[int] = None

    @property
    def scores(self) -> bool:
        """Whether there is a score for each class."""
        return self.kind == "classes" and not self.labels

    @property
    def scene(self) -> bool:
        """Whether there is one row of numbers for a whole window, or pixel, and none for its pixels."""
        return not {"height", "token"} & set(self.order)


@dataclass(frozen=True)
class Layout:
    """How to fill the inputs and read the outputs; `constants` are the inputs that take no bands.

    There are either `exits` or `objects`.
    """

    entries: tuple[Entry, ...]
    exits: tuple[Exit, ...]
    objects: Optional[Reading] = None
    """How objects stand in the outputs, where the result is such and no raster."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    declared: Mapping[str, int] = field(default_factory=dict)
    """Sizes that the item declares for the first input, where they are fixed there."""

    @property
    def per_pixel(self) -> bool:
        return self.entries[0].per_pixel

    @property
    def scene(self) -> bool:
        """Whether the result has one pixel for each window."""
        return not self.per_pixel and bool(self.exits) and self.exits[0].scene

    @property
    def labels(self) -> bool:
        return any(one.labels for one in self.exits)

    @property
    def batched(self) -> bool:
        """Whether the file takes and gives several windows at once."""
        orders = [*(entry.order for entry in self.entries), *(one.order for one in self.exits)]
        return all("batch" in order for order in orders)

    @property
    def radius(self) -> Optional[int]:
        """The largest radius of all outputs, or None where one of them does not tell."""
        known = [one.radius for one in self.exits]
        return max((r for r in known if r is not None), default=None) if None not in known else None

    def size(self, dimension: str) -> Optional[int]:
        """Return the size of a dimension that some input fixes, or None."""
        return next((e.sizes[dimension] for e in self.entries if e.sizes.get(dimension) is not None), None)


def layout(model: Model, network: Network, skip_functions: bool = False) -> tuple[Optional[Layout], list[Finding]]:
    """Return the layout of `network` as `model` describes it, or None with a finding of the level error."""
    findings: list[Finding] = []
    paired = inputs(model, network, skip_functions, findings)
    if paired is None:
        return None, findings
    entries = [_entry(model.inputs[p], p, tensor, skip_functions, findings) for p, tensor in paired[0]]
    if any(entry is None for entry in entries):
        return None, findings
    whole = tuple(entry for entry in entries if entry is not None)
    findings += _sizes_agree(whole)
    if network.graph.unsteady:
        remedy = "Ask the publisher for a file that was exported for use."
        findings.append(Finding("doubt", f"The network {network.graph.unsteady}.", remedy, "unsteady results"))
    exits: Optional[tuple[Exit, ...]] = ()
    objects = None
    if gives_objects(model.outputs[0]):
        objects = _objects(model, network, whole[0], findings)
    else:
        exits = _exits(model, network, whole[0].sizes, skip_functions, findings)
    if exits is None or not (exits or objects):
        return None, findings
    first = model.inputs[whole[0].place].tensor
    declared = {k: v for k, v in sizes(first.dim_order, first.shape).items() if v > 0}
    return Layout(whole, exits, objects, paired[1], declared), findings


def _entry(
    given: ModelInput, place: int, taken: TensorInfo, skip_functions: bool, findings: list[Finding]
) -> Optional[Entry]:
    count = channels(given, skip_functions)
    order = input_order(given, taken, count, findings)
    if order is None:
        return None
    has = dict(zip(order, taken.shape))
    word = resize_word(given)
    entry = Entry(
        taken.name, order, taken.data_type, place, count, has, word if word.startswith("interpolation") else ""
    )
    findings += _differences(given, entry, count)
    return entry


def _sizes_agree(entries: tuple[Entry, ...]) -> list[Finding]:
    """Return the error for inputs whose images differ in size, or of which some are images and some are not."""
    for word in ("height", "width"):
        found = {entry.sizes[word] for entry in entries if entry.sizes.get(word) is not None}
        if len(found) > 1 or len({entry.per_pixel for entry in entries}) > 1:
            names = ", ".join(f"{e.name} ({e.sizes.get('height')} x {e.sizes.get('width')})" for e in entries)
            text = f"The inputs of the model's file differ in size: {names}. Images of one size are supported."
            return [Finding("error", text, "Choose another model.", "inputs of different sizes")]
    return []


def _objects(model: Model, network: Network, entry: Entry, findings: list[Finding]) -> Optional[Reading]:
    """Return how objects stand in the outputs; the output with the classes says what they are."""
    if entry.per_pixel:
        text = f"The item says that the model finds objects, and its file's input {entry.name!r} is no image."
        findings.append(Finding("error", text, "Ask the publisher to correct the item.", "item and file differ"))
        return None
    described = [o for o in model.outputs if gives_objects(o)]
    output = next((o for o in described if o.classes), described[0])
    height, width = entry.sizes.get("height"), entry.sizes.get("width")
    found, said = reading(output, network.outputs, None if height is None or width is None else (height, width))
    findings += said
    return found


def _exits(
    model: Model, network: Network, given: Given, skip_functions: bool, findings: list[Finding]
) -> Optional[tuple[Exit, ...]]:
    """Return the outputs that become rasters: the first must, what can't be read of the others is left out and said."""
    exits: list[Exit] = []
    for place, declared in enumerate(model.outputs):
        kind = result_kind(declared)
        said: list[Finding] = []
        one = None
        if kind in ("classes", "numbers"):
            one = _exit(model, place, network, given, kind, said)
        if place > 0 and not skip_functions:
            said += after(declared)
        wrong = [f for f in said if f.level == "error"]
        if place == 0:
            findings += said
            if one is None or wrong:
                return None
        elif one is None or wrong or one.scene != exits[0].scene or any(other.name == one.name for other in exits):
            reason = wrong[0].text if wrong else "it is no raster on the grid of the first output"
            findings.append(Finding("note", f"The output {declared.name!r} is left out: {reason}"))
            continue
        else:
            findings += said
        if one is not None:
            exits.append(one)
    return tuple(exits)


def _exit(
    model: Model, place: int, network: Network, given: Given, kind: str, findings: list[Finding]
) -> Optional[Exit]:
    declared = model.outputs[place]
    tensor = output_tensor(declared, place, model, network)
    if tensor is None:
        text = f"The item describes {len(model.outputs)} outputs, and the model's file gives {len(network.outputs)}."
        findings.append(Finding("error", text, "Ask the publisher to correct the item.", "item and file differ"))
        return None
    order = output_order(declared, tensor, given, findings)
    if order is None:
        return None
    if declared.classes:
        order = by_file(order, tensor, len(declared.classes), "output", findings)
    has = dict(zip(order, tensor.shape))
    count = has.get("channel") if "channel" in order else 1
    whole = kind == "classes" and tensor.data_type.startswith(("int", "uint", "bool"))
    labels = whole and count in (1, None)
    if whole and not labels:
        text = f"The file's output {tensor.name!r} has whole numbers for each of {count} classes; the largest counts."
        findings.append(Finding("doubt", text, "Compare the result with what you know.", "whole numbers as scores"))
    one = Exit(tensor.name, order, count, place, kind, labels, network.graph.radius.get(tensor.name))
    if "time" in order and has.get("time") != 1:
        text = f"The file's output {tensor.name!r} has several dates, which make no single map."
        findings.append(Finding("error", text, "Choose another model.", "an output with dates"))
    findings += _turned(one, given)
    findings += _classes(declared, one)
    return one


def _turned(one: Exit, given: Given) -> list[Finding]:
    """Return the doubt of an output whose width comes before its height, and the input's after it, or the reverse."""
    first, second = ([d for d in order if d in ("height", "width")] for order in (given, one.order))
    if len(second) < 2 or first == second:
        return []
    text = f"The item orders the input as {' before '.join(first)}, and the output {one.name!r} as "
    text += f"{' before '.join(second)}."
    return [Finding("doubt", text, "Compare the result with the picture: it may lie on its side.", "turned result")]


def _differences(given: ModelInput, entry: Entry, wanted: int) -> list[Finding]:
    """Compare sizes and type that the item declares with those of the file."""
    found = []
    taken = entry.sizes.get("channel", 1)
    if taken is not None and taken != wanted:
        text = f"The model's file takes {taken} bands; the item names {wanted}."
        found.append(Finding("error", text, "Ask the publisher to correct the item.", "item and file differ"))
    declared = sizes(given.tensor.dim_order, given.tensor.shape)
    for side in ("height", "width", "time"):
        ours, theirs = declared.get(side, -1), entry.sizes.get(side)
        if theirs is not None and ours not in (-1, theirs):
            text = f"The item declares a {side} of {ours}; the file takes {theirs}, which is used."
            found.append(Finding("note", text))
    if given.tensor.data_type != entry.data_type:
        text = f"The item declares {given.tensor.data_type} values; the file takes {entry.data_type}, which is used."
        found.append(Finding("note", text))
    return found


def _classes(declared: ModelOutput, result: Exit) -> list[Finding]:
    """Compare the number of classes with the output's channels; one channel stands for two classes."""
    if result.kind != "classes" or result.labels or result.channels is None or not declared.classes:
        return []
    wanted = len(declared.classes)
    if result.channels == wanted or (result.channels == 1 and wanted <= 2):
        return []
    has = "1 channel" if result.channels == 1 else f"{result.channels} channels"
    text = f"The item names {wanted} classes; the file's output has {has}."
    return [Finding("error", text, "Ask the publisher to correct the item.", "item and file differ")]
