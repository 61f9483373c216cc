"""Brings together what the item calls inputs and outputs and what the ONNX file has: by name, else shape or order."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

from ..mlm.ability import NUMBER_TASKS, SCENE_TASKS
from ..mlm.constants import constant
from ..mlm.dimensions import known, sizes
from ..mlm.finding import Finding
from ..mlm.model import Model, ModelInput, ModelOutput, Tensor
from ..mlm.sources import channels
from .session import Network, TensorInfo

BY_RANK = {
    5: ("batch", "time", "channel", "height", "width"),
    4: ("batch", "channel", "height", "width"),
    3: ("batch", "height", "width"),
    2: ("batch", "channel"),
    1: ("batch",),
}
"""The usual order where the item's does not fit the file."""


def inputs(
    model: Model, network: Network, skip_functions: bool, findings: list[Finding]
) -> Optional[tuple[list[tuple[int, TensorInfo]], dict[str, Any]]]:
    """Return the file's input for each input of the item that takes bands, and the values of those that take none.

    Returns None, with a finding of the level error, where the file wants something that the item does not describe.
    """
    places = [place for place, given in enumerate(model.inputs) if given.fed]
    paired = _pairs(model, places, network.inputs, skip_functions, findings)
    used = {tensor.name for tensor in paired.values()}
    values: dict[str, Any] = {}
    left = [t for t in network.inputs if t.name not in used]
    bare = [given for given in model.inputs if not given.fed]
    for tensor in left:
        given = next((g for g in bare if g.name == tensor.name), bare[0] if len(bare) == len(left) == 1 else None)
        value = constant(model, given or ModelInput(tensor.name, Tensor((), (), tensor.data_type)))
        if value is None:
            text = f"The model's file takes an input {tensor.name!r}, for which the item gives no bands and no value."
            findings.append(Finding("error", text, "Ask the publisher to describe it.", "an input not described"))
            return None
        values[tensor.name] = value
        findings.append(Finding("note", f"The input {tensor.name!r} is {value}, as the item says."))
    missing = [model.inputs[p].name for p in places if p not in paired]
    if missing:
        text = f"The item describes an input {missing[0]!r}, and the model's file takes {_named(network.inputs)} only."
        findings.append(Finding("error", text, "Ask the publisher to correct the item.", "item and file differ"))
        return None
    return [(place, paired[place]) for place in places], values


def _pairs(
    model: Model, places: Sequence[int], tensors: Sequence[TensorInfo], skip_functions: bool, findings: list[Finding]
) -> dict[int, TensorInfo]:
    """Return the file's input for each place: by name, by a number of channels that no other has, or by order."""
    paired: dict[int, TensorInfo] = {}
    free = list(tensors)
    for place in places:
        same = [t for t in free if t.name == model.inputs[place].name]
        if same:
            paired[place] = same[0]
            free.remove(same[0])
    for place in [p for p in places if p not in paired]:
        counts = {p: channels(model.inputs[p], skip_functions) for p in places if p not in paired}
        fits = [t for t in free if counts[place] in t.shape[1:]]
        if len(fits) == 1 and not any(n in fits[0].shape[1:] for p, n in counts.items() if p != place):
            paired[place] = fits[0]
            free.remove(fits[0])
    rest = [p for p in places if p not in paired]
    if len(rest) > 1 and free:
        text = f"The file calls its inputs {_named(tensors)}, the item others; they are taken in the item's order."
        findings.append(Finding("doubt", text, "Ask the publisher to name the inputs as the file does.", "input order"))
    paired.update(zip(rest, free))
    return paired


def _named(tensors: Sequence[TensorInfo]) -> str:
    return ", ".join(t.name for t in tensors)


def input_order(given: ModelInput, taken: TensorInfo, count: int, findings: list[Finding]) -> Optional[tuple[str, ...]]:
    """Return what each dimension of the file's input is; `count` is how many channels it must take."""
    rank, names = len(taken.shape), known(given.tensor.dim_order)
    what = f"input {taken.name!r}"
    order: Optional[tuple[str, ...]]
    if names is not None and len(names) == rank:
        order = names
    elif names is not None and len(names) == rank - 1 and "batch" not in names:
        findings.append(Finding("note", "The item's input has no batch dimension; the file's has."))
        order = ("batch", *names)
    elif names is not None and len(names) == rank + 1 and "batch" in names:
        findings.append(Finding("note", "The item's input has a batch dimension; the file's has none."))
        order = tuple(name for name in names if name != "batch")
    else:
        order = _usual(given.tensor, taken, what, findings)
    if order is None:
        return None
    if ("height" in order) != ("width" in order) or "token" in order:
        text = f"The file's {what} has the dimensions {', '.join(order)}, which are no image and no row of bands."
        findings.append(Finding("error", text, "Ask the publisher to correct dim_order.", "dimensions unclear"))
        return None
    return by_file(order, taken, count, "input", findings)


def _usual(declared: Tensor, taken: TensorInfo, what: str, findings: list[Finding]) -> Optional[tuple[str, ...]]:
    rank, named = len(taken.shape), ", ".join(declared.dim_order)
    usual = BY_RANK.get(rank)
    if usual is None:
        text = f"The file's {what} has {rank} dimensions, and the item names {named}."
        findings.append(Finding("error", text, "Ask the publisher to correct dim_order.", "dimensions unclear"))
        return None
    text = f"The item orders the input as {named}; the file has {rank} dimensions, read as {', '.join(usual)}."
    findings.append(Finding("doubt", text, "Compare the result with what you know.", "another dimension order"))
    return usual


def by_file(
    order: tuple[str, ...], tensor: TensorInfo, count: int, what: str, findings: list[Finding]
) -> tuple[str, ...]:
    """Return `order`, unless the file has its `count` channels at another place where images have them."""
    if "channel" not in order or tensor.shape[order.index("channel")] in (count, None):
        free = "channel" in order and tensor.shape[order.index("channel")] is None
        if not free or len(order) != 4:
            return order
    true = [
        other for other in ORDERS.get(len(order), ())
        if other != order and set(other) == set(order) and tensor.shape[other.index("channel")] == count
    ]  # fmt: skip
    if len(true) != 1:
        return order
    text = f"The item orders the {what} as {', '.join(order)}; the file has its {count} channels elsewhere, "
    text += f"so it is read as {', '.join(true[0])}."
    findings.append(Finding("doubt", text, "Ask the publisher to correct dim_order.", "another dimension order"))
    return true[0]


ORDERS = {
    4: (("batch", "channel", "height", "width"), ("batch", "height", "width", "channel")),
    5: (
        ("batch", "time", "channel", "height", "width"),
        ("batch", "channel", "time", "height", "width"),
        ("batch", "time", "height", "width", "channel"),
    ),
}
"""Orders that networks really have, by the number of dimensions."""


Given = Mapping[str, Optional[int]]
"""The dimensions of the file's input, and their sizes where they are fixed."""


def output_tensor(declared: ModelOutput, place: int, model: Model, network: Network) -> Optional[TensorInfo]:
    """Return the file's output that the item means: the one of its name, the only one, or the one at its place."""
    named = {t.name: t for t in network.outputs}
    if declared.name in named:
        return named[declared.name]
    left = [t for t in network.outputs if t.name not in {o.name for o in model.outputs}]
    before = [o for o in model.outputs[:place] if o.name not in named]
    return left[len(before)] if len(before) < len(left) else None


def output_order(
    declared: ModelOutput, output: TensorInfo, given: Given, findings: list[Finding]
) -> Optional[tuple[str, ...]]:
    """Return the output's order; declared ones are used where they fit the file, since items are often wrong here."""
    rank, per_pixel = len(output.shape), "height" not in given
    names = _as_in_file(declared, output, given, findings)
    image = names is not None and {"height", "width"} <= set(names)
    fits = names is not None and len(names) == rank
    if per_pixel:
        if fits and not image:
            return names
        if rank in (1, 2):
            return BY_RANK[rank]
    elif fits and names is not None and (image or {"token"} & set(names)):
        return _without_time(names, output)
    elif rank in (1, 2) and (SCENE_TASKS | NUMBER_TASKS) & set(declared.tasks):
        return names if names == ("channel",) else BY_RANK[rank]
    elif rank == 3 and not image and declared.tensor.dim_order and _is_tokens(declared, output):
        return ("batch", "token", "channel")
    elif rank in (3, 4):
        return _usual_image(declared, output, findings)
    shape = " x ".join("free" if s is None else str(s) for s in output.shape)
    text = f"The file's output {output.name!r} ({shape}) is no map of pixels, which {', '.join(declared.tasks)} needs."
    findings.append(Finding("error", text, "Choose another model.", "an output that is no map"))
    return None


def _as_in_file(
    declared: ModelOutput, output: TensorInfo, given: Given, findings: list[Finding]
) -> Optional[tuple[str, ...]]:
    """Return the item's names of the dimensions, with a batch where only the file has one, and without where it has
    none: that the first of three dimensions is the classes, and no batch, is seen by their number.
    """
    names, rank = known(declared.tensor.dim_order), len(output.shape)
    if names is None:
        return None
    if len(names) == rank - 1 and "batch" not in names and "batch" in given:
        findings.append(Finding("note", "The item's output has no batch dimension; the file's has."))
        return ("batch", *names)
    if len(names) != rank + 1 or "batch" not in names:
        return names
    without = tuple(name for name in names if name != "batch")
    count = dict(zip(without, output.shape)).get("channel")
    wanted = len(declared.classes) or sizes(declared.tensor.dim_order, declared.tensor.shape).get("channel", -1)
    if "batch" in given and (count is None or count != wanted or count == given["batch"]):
        return names
    findings.append(Finding("note", "The item's output has a batch dimension; the file's has none."))
    return without


def _without_time(names: tuple[str, ...], output: TensorInfo) -> tuple[str, ...]:
    """Return the order; where there is no batch, the dates of a datacube take its place."""
    if "time" in names and "batch" not in names:
        return tuple("batch" if name == "time" else name for name in names)
    return names


def _is_tokens(declared: ModelOutput, output: TensorInfo) -> bool:
    """Whether three dimensions are a row of patches with an embedding each, as vision transformers give."""
    said = sizes(declared.tensor.dim_order, declared.tensor.shape)
    return "similarity-search" in declared.tasks and output.shape[1] is not None and "height" not in said


def _usual_image(declared: ModelOutput, output: TensorInfo, findings: list[Finding]) -> tuple[str, ...]:
    usual = BY_RANK[len(output.shape)]
    if len(usual) == 4 and declared.classes and output.shape[3] == len(declared.classes) != output.shape[1]:
        usual = ("batch", "height", "width", "channel")
    named = ", ".join(declared.tensor.dim_order)
    findings.append(
        Finding("note", f"The item orders the output as {named}; the file's is read as {', '.join(usual)}.")
    )
    return usual
