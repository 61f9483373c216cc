"""How detectors write an object as one row of numbers, told from the length of the row and the number of classes.

Channels first or last, with objectness (YOLOv5, v6, v7) or without (YOLOv8 and later), before or after suppression
("end to end": YOLOv10, exports with NMS), with 32 or so mask coefficients at the end (the -seg models).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Sequence, Union

K = "classes"
"""A column for each class."""
M = "coefficients"
"""A column for each prototype mask, where there are such."""
MOST_LISTED = 1000
"""Lists after suppression have 100, 300 or at most a thousand places; a head before it has a box for each anchor."""


@dataclass(frozen=True)
class Form:
    """A way to write an object: what is in its columns, and the form of its box (see `boxes.FORMS`).

    `first`: the columns lie along the second axis, the objects along the last. `listed`: only what was found is there,
    and each has one score and a class number. `anchors` is how many boxes a head has in each cell of its grids.
    `refused` says why such a row can't be used.
    """

    text: str
    box: str
    fields: tuple[tuple[str, Union[int, str]], ...]
    first: bool = False
    listed: bool = False
    anchors: int = 1
    ranks: tuple[int, ...] = (2, 3)
    names: tuple[str, ...] = ()
    refused: str = ""

    def classes(self, length: int, classes: Optional[int], masks: int) -> Optional[int]:
        """Return the number of classes with which a row is `length` long (0 if it holds class numbers), or None if it
        can't be; `classes` is None where any number will do.
        """
        fixed = sum(w if isinstance(w, int) else masks if w == M else 0 for _, w in self.fields)
        if masks and M not in (w for _, w in self.fields):
            return None
        if K not in (w for _, w in self.fields):
            return 0 if length == fixed else None
        count = length - fixed
        return count if count > 0 and classes in (None, count) else None

    def columns(self, classes: int, masks: int) -> Mapping[str, tuple[int, int]]:
        """Return for each field the first column, and the one after the last."""
        found, start = {}, 0
        for name, word in self.fields:
            width = word if isinstance(word, int) else classes if word == K else masks
            if width:
                found[name] = (start, start + width)
            start += width
        return found


_SCORED = (("boxes", 4), ("scores", K), ("coefficients", M))
_ORIENTED = "Boxes that lie at an angle are not supported. Ask for a model with upright boxes or with masks."

FORMS: Sequence[Form] = (
    Form("centre, size and a score for each class, as YOLOv8 writes them", "cxcywh", _SCORED, first=True, ranks=(3,)),
    Form(
        "centre, size, objectness and a score for each class, as YOLOv5 and YOLOv7 write them",
        "cxcywh",
        (("boxes", 4), ("objectness", 1), ("scores", K), ("coefficients", M)),
        anchors=3,
        ranks=(3,),
    ),
    Form("centre, size and a score for each class, an object in each row", "cxcywh", _SCORED, ranks=(3,)),
    Form(
        "two corners, score and class number, already suppressed, as YOLOv10 and exports with NMS write them",
        "xyxy",
        (("boxes", 4), ("scores", 1), ("labels", 1), ("coefficients", M)),
        listed=True,
    ),
    Form(
        "window, two corners, score and class number, as YOLO-NAS writes them",
        "xyxy",
        (("window", 1), ("boxes", 4), ("scores", 1), ("labels", 1)),
        listed=True,
        ranks=(2,),
        names=("flat_predictions",),
    ),
    Form(
        "window, two corners, class number and score, as YOLOv7 end to end writes them",
        "xyxy",
        (("window", 1), ("boxes", 4), ("labels", 1), ("scores", 1)),
        listed=True,
        ranks=(2,),
    ),
    Form(
        "centre, size, a score for each class and an angle",
        "cxcywh",
        (("boxes", 4), ("scores", K), ("angle", 1)),
        first=True,
        ranks=(3,),
        refused=_ORIENTED,
    ),
    Form(
        "centre, size, score, class number and an angle",
        "cxcywh",
        (("boxes", 4), ("scores", 1), ("labels", 1), ("angle", 1)),
        listed=True,
        ranks=(3,),
        refused=_ORIENTED,
    ),
)
"""The forms in circulation; of several that fit, the earlier is the likelier."""


@dataclass(frozen=True)
class Fit:
    """A form that fits a tensor, its number of classes (0 where it holds class numbers) and of objects, if known."""

    form: Form
    classes: int
    count: Optional[int] = None


def fits(name: str, shape: Sequence[Optional[int]], classes: Optional[int], masks: int) -> list[Fit]:
    """Return the forms in which a tensor can hold objects; without `classes` the row's length tells their number."""
    found = []
    for form in FORMS:
        if len(shape) not in form.ranks or (form.names and not any(word in name.lower() for word in form.names)):
            continue
        length, count = (shape[-2], shape[-1]) if form.first else (shape[-1], shape[-2])
        number = None if length is None else form.classes(length, classes, masks)
        if number is None or length is None:
            continue
        # Of a head whose number of classes nobody says, the longer axis holds the objects.
        if number and classes is None and count is not None and length >= count:
            continue
        found.append(Fit(form, number, count))
    return found


def likely(fit: Fit, tile: Optional[tuple[int, int]]) -> bool:
    """Return whether the number of objects goes with the form.

    A head before suppression has a box (or three) for each cell of its grids, whose strides are 8, 16, 32 and perhaps
    64: where the tile is fixed, so is their number. What says nothing is taken for a list.
    """
    if fit.count is None:
        return fit.form.listed
    cells = [(tile[0] // stride) * (tile[1] // stride) for stride in (8, 16, 32, 64)] if tile else []
    heads = {times for times in (1, 3) for grids in range(1, len(cells) + 1) if fit.count == times * sum(cells[:grids])}
    if heads:
        return not fit.form.listed and fit.form.anchors in heads
    return fit.form.listed == (fit.count <= MOST_LISTED)
