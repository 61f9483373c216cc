"""The score from which a detector's find counts, and the overlap above which two finds are one: as the item has them in
its hyperparameters, else the usual ones, which is said.
"""

from __future__ import annotations

from typing import Sequence

from ..mlm.model import Model
from ..mlm.threshold import member

SCORE = 0.25
IOU = 0.45
"""What YOLO's own tools take where nobody says anything."""

SCORE_WORDS = (
    "recommended_threshold", "confidence_threshold", "inference.confidence_threshold", "score_threshold",
    "inference.score_threshold", "conf_threshold", "conf_thres", "box_score_thresh", "score_thresh", "conf",
    "threshold",
)  # fmt: skip
IOU_WORDS = (
    "iou_threshold", "nms_threshold", "inference.iou_threshold", "inference.nms_threshold", "nms_iou_threshold",
    "iou_thres", "nms_thres", "box_nms_thresh", "nms_thresh", "iou",
)  # fmt: skip
"""Names under which publishers keep them; a name with a dot may also be a member of a member."""


def thresholds(model: Model) -> tuple[float, float, tuple[str, ...]]:
    """Return the least score, the greatest intersection over union of two objects, and what is to be said of them."""
    notes: list[str] = []
    score = _limit(model, SCORE_WORDS, "objects with a score of at least", SCORE, notes)
    iou = _limit(model, IOU_WORDS, "boxes are one object from an intersection over union of", IOU, notes)
    return score, iou, tuple(notes)


def _limit(model: Model, words: Sequence[str], what: str, usual: float, notes: list[str]) -> float:
    places = [*(output.more for output in model.outputs), model.hyperparameters]
    for word in words:
        for place in places:
            value = member(place, word)
            if value is None:
                continue
            if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1:
                notes.append(f"{what} {value:g} ({word} of the item)")
                return float(value)
            notes.append(f"the item's {word} {value!r} is no share between 0 and 1 and is left out")
    notes.append(f"{what} {usual:g}, which is assumed: the item gives none")
    return usual
