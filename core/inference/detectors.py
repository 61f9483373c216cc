"""How a detector's file writes down what it finds: which output, and which of its columns, holds boxes, scores,
classes and masks.

Told before a run, from the outputs' names, shapes and element types and the item's classes. What only values can tell
(pixels or shares of the tile, scores or logits) is left open, and settled on the first batch (`objects.settled`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Mapping, Optional, Sequence

from ..mlm.finding import Finding
from ..mlm.model import ModelClass, ModelOutput
from . import parted, records
from .session import TensorInfo

NORMALISED_WORDS = ("normalized", "normalised", "boxes_normalized", "bbox_normalized")
"""Members of an output object with which items say (true or false) that boxes are shares of the tile."""


@dataclass(frozen=True)
class Part:
    """Where something stands: the output's name, and which of its last axis' columns (all if None)."""

    output: str
    columns: Optional[tuple[int, int]] = None


@dataclass(frozen=True)
class Reading:
    """How to read the file's outputs as objects.

    `parts` has "boxes" and "scores", and may have "labels", "objectness", "window" (the number of the window in the
    batch), "coefficients" with "prototypes", or "masks". `classes` are in the order of the score columns; without any,
    the file's own numbers stand for themselves. `batch` is "axis", "column" (the part "window") or "none", for files
    that take one window at a time. `units` is "pixels", "shares" or "" (to be settled); `activation` is None until
    settled, `logits` is what is then applied to scores that are none yet. `said` is for the report.
    """

    parts: Mapping[str, Part]
    classes: tuple[ModelClass, ...]
    box: str
    batch: str = "axis"
    first: bool = False
    by_place: bool = True
    nothing: tuple[int, ...] = ()
    """The score columns, or places of classes, that mean no object: a background class, DETR's last column."""
    units: str = ""
    logits: str = ""
    activation: Optional[str] = None
    said: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs that the network must be asked for."""
        return tuple(dict.fromkeys(part.output for part in self.parts.values()))

    @property
    def one_by_one(self) -> bool:
        """Whether the file's result does not say which window of a batch it belongs to, so a batch is one window."""
        return self.batch == "none"

    @property
    def has_masks(self) -> bool:
        return "masks" in self.parts or "prototypes" in self.parts


def reading(
    output: ModelOutput, tensors: Sequence[TensorInfo], network_tile: Optional[tuple[int, int]]
) -> tuple[Optional[Reading], list[Finding]]:
    """Return how to read the file's outputs `tensors` as the objects of the item's `output`, or None with an error.

    `network_tile` is (height, width) where the file fixes it.
    """
    found: list[Finding] = []
    lists = _class_lists(output.classes)
    read = None
    for classes in lists:
        read = read or _parts(classes, tensors, found)
        if any(f.level == "error" for f in found):
            return None, found
    read = read or _rows(output, lists, tensors, network_tile, found)
    if any(f.level == "error" for f in found):
        return None, found
    if read is not None:
        return _finished(read, output, found), found
    shapes = "; ".join(f"{t.name} {_shown(t)}" for t in tensors)
    count = f"{len(output.classes)} classes" if output.classes else "an unknown number of classes"
    text = f"The file gives an output that can be no list of objects of {count}: {shapes}."
    remedy = "Ask the publisher which form the output has, or for an export that YOLO, DETR or torchvision know."
    return None, [Finding("error", text, remedy, "no list of objects")]


def _class_lists(classes: tuple[ModelClass, ...]) -> list[tuple[ModelClass, ...]]:
    """Return the item's classes, and as a second choice those of them that are things."""
    things = tuple(c for c in classes if not _is_background(c))
    return [classes] if things == classes or not things else [classes, things]


def _is_background(one: ModelClass) -> bool:
    return one.nodata or one.name.lower() in ("background", "__background__", "bg", "no-object")


def _parts(classes: tuple[ModelClass, ...], tensors: Sequence[TensorInfo], found: list[Finding]) -> Optional[Reading]:
    """Read boxes, scores and classes from an output each, or return None where the file has none such."""
    roles = parted.roles(tensors, len(classes) or None, found)
    if roles is None:
        return None
    form = parted.form(roles, len(classes) or None, found)
    if form is None:
        return None
    parts = {role: Part(tensor.name) for role, tensor in roles.items()}
    if form.scored_boxes:
        parts.update(boxes=Part(roles["boxes"].name, (0, 4)), scores=Part(roles["boxes"].name, (4, 5)))
    width = roles["scores"].shape[-1] if form.wide else 0
    if form.wide and width is None and not classes:
        return None
    return Reading(
        parts=parts,
        classes=classes or _made((width or 0) - len(form.last)),
        box=form.box,
        batch="none" if len(roles["boxes"].shape) == 2 else "axis",
        by_place=form.wide,
        nothing=tuple((width or 0) + place for place in form.last),
        units=form.units,
        logits=form.logits,
        said=(form.text,),
    )


def _rows(
    output: ModelOutput,
    lists: Sequence[tuple[ModelClass, ...]],
    tensors: Sequence[TensorInfo],
    tile: Optional[tuple[int, int]],
    found: list[Finding],
) -> Optional[Reading]:
    """Read objects from the rows of one tensor, or return None where none has rows of a known length."""
    prototypes = next((t for t in tensors if len(t.shape) == 4 and t.shape[1] and _is_float(t)), None)
    for tensor in tensors:
        if not _is_float(tensor) or len(tensor.shape) not in (2, 3):
            continue
        shape = _completed(tensor, output)
        for masked in (prototypes, None) if prototypes else (None,):
            masks = masked.shape[1] or 0 if masked else 0
            fits = [(f, c) for c in lists for f in records.fits(tensor.name, shape, len(c) or None, masks)]
            # A list after suppression never counts a background among its classes.
            fits = [(f, c) for f, c in fits if not f.form.listed or c is lists[-1]]
            if fits:
                return _chosen(fits, tensor, tile, masked, found)
    return None


def _chosen(
    fits: Sequence[tuple[records.Fit, tuple[ModelClass, ...]]],
    tensor: TensorInfo,
    tile: Optional[tuple[int, int]],
    prototypes: Optional[TensorInfo],
    found: list[Finding],
) -> Optional[Reading]:
    """Return the likeliest of the readings that fit; a doubt says which, where the number of objects does not tell."""
    alike = [(fit, classes) for fit, classes in fits if records.likely(fit, tile)] or fits
    fit, classes = alike[0]
    form = fit.form
    what = f"The output {tensor.name} ({_shown(tensor)}) is read as rows of {form.text}"
    if form.refused:
        found.append(Finding("error", f"{what}. {form.refused}", "", "boxes at an angle"))
        return None
    others = dict.fromkeys(_named(other) for other, _ in fits if other is not fit)
    if others:
        level = "note" if len(alike) == 1 and tile is not None and fit.count is not None else "doubt"
        text = f"{what}; by its shape it could also hold {' or '.join(others)}."
        remedy = "Compare the first objects with the picture, or ask the publisher."
        found.append(Finding(level, text, remedy, "two readings"))
    columns = form.columns(fit.classes, (prototypes.shape[1] or 0) if prototypes else 0)
    parts = {role: Part(tensor.name, where) for role, where in columns.items()}
    if prototypes:
        parts["prototypes"] = Part(prototypes.name)
    if form.listed and [c.value for c in classes] != list(range(len(classes))):
        numbers = ", ".join(str(c.value) for c in classes)
        text = f"The file numbers its classes from 0, the item as {numbers}; the item's first is taken for number 0."
        found.append(Finding("doubt", text, "Compare the classes of the first objects.", "class numbers"))
    return Reading(
        parts=parts,
        classes=classes or _made(fit.classes),
        box=form.box,
        batch="axis" if len(tensor.shape) == 3 else "column" if "window" in parts else "none",
        first=form.first,
        logits="" if form.listed else "sigmoid",
        said=(f"{what[0].lower()}{what[1:]}",),
    )


def _named(fit: records.Fit) -> str:
    return fit.form.text if not fit.classes else f"{fit.form.text} (of {fit.classes} classes)"


def _finished(read: Reading, output: ModelOutput, found: list[Finding]) -> Reading:
    """Return the reading with what the item says of it; what is to be said of both is added to `found`."""
    left = ", ".join(c.label for c in output.classes if c not in read.classes)
    if left:
        text = f"The item's class {left} has no place in the file's output, which finds things."
        found.append(Finding("note", text))
    nothing = (*read.nothing, *(place for place, c in enumerate(read.classes) if _is_background(c)))
    said = read.said
    if not output.classes:
        said = (*said, "the item names no classes; the file's own numbers stand for them")
    units = next((output.more[w] for w in NORMALISED_WORDS if isinstance(output.more.get(w), bool)), None)
    if units is not None:
        read = replace(read, units="shares" if units else "pixels")
        said = (*said, f"boxes are {'shares of the tile' if units else 'in pixels'}, as the item says")
    if "instance-segmentation" in output.tasks and not read.has_masks:
        text = "The model's task is instance-segmentation, and its file gives boxes only, so the result is boxes."
        found.append(Finding("doubt", text, "", "boxes, no masks"))
    return replace(read, nothing=nothing, said=said)


def _completed(tensor: TensorInfo, output: ModelOutput) -> tuple[Optional[int], ...]:
    """Return the file's shape, where it is free the item's."""
    declared = output.tensor.shape
    if len(declared) != len(tensor.shape):
        return tensor.shape
    return tuple(d if own is None and d > 0 else own for own, d in zip(tensor.shape, declared))


def _made(count: int) -> tuple[ModelClass, ...]:
    return tuple(ModelClass(k, f"class {k}") for k in range(max(count, 0)))


def _is_float(tensor: TensorInfo) -> bool:
    return "float" in tensor.data_type


def _shown(tensor: TensorInfo) -> str:
    return " x ".join("free" if s is None else str(s) for s in tensor.shape) or "a single number"
