"""Detectors that write boxes, scores, classes and masks into an output each: which output is which.

torchvision, Detectron2, MMDetection, TensorFlow's Object Detection API and YOLO-NAS after suppression; DETR and its
kin, which have no suppression. Names tell where they say something, else shapes and element types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

from ..mlm.finding import Finding
from .session import TensorInfo

WORDS: Mapping[str, tuple[str, ...]] = {
    "count": ("num_", "count", "image_size", "image_shape"),
    "scores": ("score", "conf", "prob", "logit"),
    "masks": ("mask",),
    "boxes": ("box", "dets"),
    "labels": ("label", "class", "cls"),
}
"""What the names of outputs contain; the first row with a word of a name is its role."""


@dataclass(frozen=True)
class Form:
    """How boxes and scores of such a file are to be read; the fields are those of `detectors.Reading`.

    `wide` scores have a column for each class; `last` are columns, counted from the end, that mean no object.
    """

    text: str
    box: str = "xyxy"
    units: str = ""
    wide: bool = False
    scored_boxes: bool = False
    last: tuple[int, ...] = ()
    logits: str = ""


LISTED = Form("boxes (two corners), scores and class numbers are outputs of their own")
SCORED_BOXES = Form("boxes (two corners) with their score, and class numbers, are two outputs", scored_boxes=True)
TENSORFLOW = Form("boxes are two corners, y first, as shares of the tile, as TensorFlow's detectors write them", "yxyx")
WIDE = Form("boxes (two corners) and scores for each class are two outputs", wide=True, logits="sigmoid")
DETR = Form(
    "boxes (centre and size, shares of the tile) and logits with a last column for no object, as DETR writes them",
    "cxcywh", "shares", wide=True, last=(-1,), logits="softmax",
)  # fmt: skip
RF_DETR = Form(
    "boxes (centre and size, shares of the tile) and logits with a last column unused, as RF-DETR writes them",
    "cxcywh", "shares", wide=True, last=(-1,), logits="sigmoid",
)  # fmt: skip
FOCAL_DETR = Form(
    "boxes (centre and size, shares of the tile) and logits of each class, as RT-DETR and Deformable DETR write them",
    "cxcywh", "shares", wide=True, logits="sigmoid",
)  # fmt: skip


def roles(
    tensors: Sequence[TensorInfo], classes: Optional[int], found: list[Finding]
) -> Optional[dict[str, TensorInfo]]:
    """Return which tensor is boxes, scores, labels and masks; None where the file has no output of boxes alone.

    An error is added to `found` where names and shapes leave it open which is which.
    """
    named = {t.name: next((r for r, ws in WORDS.items() if any(w in t.name.lower() for w in ws)), "") for t in tensors}
    boxes = _boxes(tensors, named)
    if not boxes:
        return None
    if len(boxes) > 1:
        found.append(_unclear(boxes, "boxes"))
        return None
    box, rank = boxes[0], len(boxes[0].shape)
    result = {"boxes": box}
    for tensor in tensors:
        role = _role(tensor, named[tensor.name], rank, classes) if tensor is not box else ""
        if role and role in result:
            found.append(_unclear([result[role], tensor], role))
            return None
        if role:
            result[role] = tensor
    if "labels" not in result and "scores" not in result:
        return None
    return result


def form(roles: Mapping[str, TensorInfo], classes: Optional[int], found: list[Finding]) -> Optional[Form]:
    """Return how `roles` are to be read; None, perhaps with an error in `found`, where they are not enough."""
    boxes, scores = roles["boxes"], roles.get("scores")
    if scores is None:
        return SCORED_BOXES if boxes.shape[-1] == 5 else None
    if len(scores.shape) < len(boxes.shape):
        if "labels" not in roles:
            return None
        return TENSORFLOW if "detection_boxes" in boxes.name.lower() else LISTED
    name = scores.name.lower()
    more = classes is not None and scores.shape[-1] == classes + 1
    if "dets" in boxes.name.lower() and more:
        return RF_DETR
    if "logit" in name:
        return DETR if more else FOCAL_DETR
    if more:
        text = f"The output {scores.name} has a column more than the item has classes, and its name does not say which."
        found.append(Finding("error", text, "Ask the publisher to name the background class too.", "columns unclear"))
        return None
    if not any(word in name for word in WORDS["scores"]):
        text = f"The outputs {boxes.name} and {scores.name} are read as boxes (two corners) and scores of each class."
        found.append(Finding("doubt", text, "Compare the first objects with the picture.", "names say nothing"))
    return WIDE


def _boxes(tensors: Sequence[TensorInfo], named: Mapping[str, str]) -> list[TensorInfo]:
    """Return the tensors that can be boxes: those called so, else those of four columns."""
    possible = [t for t in tensors if "float" in t.data_type and len(t.shape) in (2, 3)]
    called = [t for t in possible if named[t.name] == "boxes" and t.shape[-1] in (4, 5, None)]
    return called or [t for t in possible if t.shape[-1] == 4 and not named[t.name]]


def _role(tensor: TensorInfo, name: str, rank: int, classes: Optional[int]) -> str:
    """Return the role of a tensor beside boxes of `rank` dimensions, or an empty string if it has none."""
    below = rank - len(tensor.shape)
    if name == "count" or (not name and tensor.shape == (2,)):
        return ""
    if len(tensor.shape) == 4 and name in ("masks", ""):
        return "masks"
    if below == 0 and "float" in tensor.data_type and name in ("scores", "labels", ""):
        fits = classes is None or tensor.shape[-1] in (classes, classes + 1, None)
        return "scores" if fits else ""
    if below == 1:
        return name if name in ("scores", "labels") else "scores" if "float" in tensor.data_type else "labels"
    return ""


def _unclear(tensors: Sequence[TensorInfo], role: str) -> Finding:
    names = " and ".join(t.name for t in tensors)
    text = f"The file's outputs {names} could each be the {role} of its objects."
    return Finding("error", text, "Ask the publisher for a file whose outputs have names.", "outputs unclear")
