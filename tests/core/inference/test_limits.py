"""The thresholds of a detector: the item's own, else the usual ones, and said."""

from __future__ import annotations

from typing import Any, Mapping, Optional

import pytest

from mlm_runner.core.inference.limits import thresholds
from mlm_runner.core.mlm.model import Model, ModelOutput, Tensor


def model(hyperparameters: Mapping[str, Any], more: Optional[Mapping[str, Any]] = None) -> Model:
    output = ModelOutput("out", ("object-detection",), Tensor((), (), ""), more=more or {})
    return Model("m", "1.5", (), (output,), (), hyperparameters=hyperparameters)


@pytest.mark.parametrize(
    ("hyperparameters", "score", "iou"),
    [
        ({}, 0.25, 0.45),
        ({"confidence_threshold": 0.4, "nms_threshold": 0.6}, 0.4, 0.6),
        ({"conf_thres": 0.1, "iou_thres": 0.65}, 0.1, 0.65),
        ({"score_threshold": 0.05, "iou_threshold": 0.5}, 0.05, 0.5),
        ({"inference.confidence_threshold": 0.35}, 0.35, 0.45),
        ({"inference": {"confidence_threshold": 0.35, "nms_threshold": 0.3}}, 0.35, 0.3),
        ({"confidence_threshold": 40}, 0.25, 0.45),
        ({"confidence_threshold": True}, 0.25, 0.45),
        ({"confidence_threshold": 0, "conf_thres": 0.3}, 0.3, 0.45),
    ],
)
def test_thresholds_are_the_items_or_the_usual(hyperparameters: dict[str, Any], score: float, iou: float) -> None:
    assert thresholds(model(hyperparameters))[:2] == (score, iou)


def test_what_the_output_recommends_goes_first() -> None:
    assert thresholds(model({"confidence_threshold": 0.4}, {"recommended_threshold": 0.7}))[0] == 0.7


def test_it_is_said_which_are_the_items_and_which_assumed() -> None:
    _, _, notes = thresholds(model({"conf_thres": 0.1}))
    assert notes == (
        "objects with a score of at least 0.1 (conf_thres of the item)",
        "boxes are one object from an intersection over union of 0.45, which is assumed: the item gives none",
    )


def test_a_threshold_that_is_no_share_is_left_out_and_that_is_said() -> None:
    _, _, notes = thresholds(model({"conf_thres": 40}))
    assert notes[0] == "the item's conf_thres 40 is no share between 0 and 1 and is left out"
