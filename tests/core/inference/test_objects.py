"""From raw outputs to objects in a window's pixels, for every family of detectors, by hand-made values."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import numpy as np
import pytest

from mlm_runner.core.errors import NotRunnable
from mlm_runner.core.inference.detectors import Reading, reading
from mlm_runner.core.inference.objects import Found, decode, settled
from mlm_runner.core.inference.session import TensorInfo
from mlm_runner.core.mlm.model import ModelClass, ModelOutput, Tensor

TILE = (64, 96)
"""Height and width; 64 x 96 has 126 cells of strides 8, 16 and 32."""
F32 = np.float32


def read(raw: dict[str, np.ndarray], values: Sequence[int] = (0, 1, 2), free: Sequence[str] = ()) -> Reading:
    classes = tuple(ModelClass(v, f"thing-{v}") for v in values)
    output = ModelOutput("out", ("object-detection",), Tensor((), (), ""), classes)
    tensors = [TensorInfo(n, (None, *a.shape[1:]) if n in free else a.shape, str(a.dtype)) for n, a in raw.items()]
    found, findings = reading(output, tensors, TILE)
    assert found is not None, findings
    return found


def one(raw: dict[str, np.ndarray], threshold: float = 0.25, **more: Any) -> Found:
    return decode(read(raw, **more), raw, 1, TILE, threshold)[0]


def shown(found: Found) -> list[tuple[list[float], float, int]]:
    return [
        ([round(float(v), 3) for v in box], round(float(score), 4), int(place))
        for box, score, place in zip(found.boxes, found.scores, found.classes, strict=True)
    ]


def head(*rows: Sequence[float], count: int = 126) -> np.ndarray:
    """Return a head's rows: the given ones, then such of an empty sky."""
    sky = [48, 32, 20, 20] + [0.01] * (len(rows[0]) - 4)
    return np.array([[*rows, *[sky] * (count - len(rows))]], F32)


BOX = ([10, 20, 30, 60], 0.8, 1)
"""Centre 20, 40; width 20, height 40; the second class with 0.8."""


@pytest.mark.parametrize("rows_last", [True, False])
def test_yolov8_has_a_score_for_each_class_and_the_best_counts(rows_last: bool) -> None:
    rows = head((20, 40, 20, 40, 0.3, 0.8, 0.1))
    assert shown(one({"y": rows.swapaxes(1, 2) if rows_last else rows})) == [BOX]


def test_yolov5_multiplies_objectness_and_score() -> None:
    rows = head((20, 40, 20, 40, 0.5, 0.1, 0.9, 0.2), (60, 40, 20, 40, 0.2, 0.1, 0.9, 0.2), count=378)
    assert shown(one({"y": rows})) == [([10, 20, 30, 60], 0.45, 1)]


def test_an_end_to_end_list_has_corners_score_and_class() -> None:
    rows = np.array([[[10, 20, 30, 60, 0.8, 1], [40, 10, 50, 20, 0.2, 0], [0, 0, 0, 0, 0, 0]]], F32)
    assert shown(one({"y": rows})) == [BOX]


def test_yolov7_end_to_end_says_which_window_a_box_is_of() -> None:
    raw = {"y": np.array([[1, 10, 20, 30, 60, 1, 0.8], [0, 5, 5, 9, 9, 2, 0.5], [1, 1, 2, 3, 4, 0, 0.9]], F32)}
    found = decode(read(raw, free=("y",)), raw, 3, TILE, 0.25)
    assert shown(found[0]) == [([5, 5, 9, 9], 0.5, 2)]
    assert shown(found[1]) == [BOX, ([1, 2, 3, 4], 0.9, 0)]
    assert shown(found[2]) == []


def test_torchvision_gives_labels_that_are_values_of_classes() -> None:
    raw = {
        "boxes": np.array([[10, 20, 30, 60], [1, 2, 3, 4]], F32),
        "labels": np.array([7, 2], np.int64),
        "scores": np.array([0.8, 0.9], F32),
    }
    found = one(raw, values=(2, 7), free=tuple(raw))
    assert shown(found) == [BOX, ([1, 2, 3, 4], 0.9, 0)]


def test_a_list_by_yolo_counts_classes_from_zero_whatever_their_values() -> None:
    raw = {"y": np.array([[[10, 20, 30, 60, 0.8, 1]]], F32)}
    assert shown(one(raw, values=(1, 2))) == [BOX]


def test_mmdetection_has_the_score_behind_the_corners() -> None:
    raw = {"dets": np.array([[[10, 20, 30, 60, 0.8]]], F32), "labels": np.array([[1]], np.int64)}
    assert shown(one(raw)) == [BOX]


def test_tensorflow_writes_y_first_and_shares() -> None:
    raw = {
        "detection_boxes": np.array([[[20 / 64, 10 / 96, 60 / 64, 30 / 96]]], F32),
        "detection_classes": np.array([[2]], F32),
        "detection_scores": np.array([[0.8]], F32),
        "num_detections": np.array([1], F32),
    }
    assert shown(one(raw, values=(1, 2, 3))) == [BOX]


def test_detr_takes_the_softmax_and_leaves_out_no_object() -> None:
    """exp(2) / (1 + exp(2) + 1 + exp(1)) = 0.6103; the second query is no object by exp(4) / (3 + exp(4)) = 0.948."""
    raw = {
        "logits": np.array([[[0, 2, 0, 1], [0, 0, 0, 4]]], F32),
        "pred_boxes": np.array([[[20 / 96, 40 / 64, 20 / 96, 40 / 64], [0.5, 0.5, 0.1, 0.1]]], F32),
    }
    assert shown(one(raw)) == [([10, 20, 30, 60], 0.6103, 1)]


def test_rt_detr_takes_the_sigmoid_of_each_class() -> None:
    """1 / (1 + exp(-1.3863)) = 0.8."""
    raw = {
        "logits": np.array([[[-5, 1.386294, -5], [-5, -5, -5]]], F32),
        "pred_boxes": np.array([[[20 / 96, 40 / 64, 20 / 96, 40 / 64], [0.5, 0.5, 0.1, 0.1]]], F32),
    }
    assert shown(one(raw)) == [BOX]


def test_yolo_nas_has_corners_and_scores_in_two_outputs() -> None:
    raw = {
        "pred_bboxes": np.array([[[10, 20, 30, 60], [0, 0, 90, 60]]], F32),
        "pred_scores": np.array([[[0.1, 0.8, 0.2], [0, 0.1, 0]]], F32),
    }
    assert shown(one(raw)) == [BOX]


def test_a_background_is_no_object_however_sure_the_network_is() -> None:
    raw = {
        "boxes": np.array([[[10, 20, 30, 60], [1, 2, 3, 4]]], F32),
        "scores": np.array([[[0.1, 0.8], [0.95, 0.05]]], F32),
    }
    classes = (ModelClass(0, "background"), ModelClass(1, "ship"))
    output = ModelOutput("out", ("object-detection",), Tensor((), (), ""), classes)
    found, _ = reading(output, [TensorInfo(n, a.shape, "float32") for n, a in raw.items()], TILE)
    assert found is not None
    assert shown(decode(found, raw, 1, TILE, 0.25)[0]) == [BOX]


def test_a_label_of_background_is_no_object() -> None:
    raw = {
        "boxes": np.array([[10, 20, 30, 60], [1, 2, 3, 4]], F32),
        "labels": np.array([1, 0], np.int64),
        "scores": np.array([0.8, 0.9], F32),
    }
    classes = (ModelClass(0, "nothing", nodata=True), ModelClass(1, "ship"))
    output = ModelOutput("out", ("object-detection",), Tensor((), (), ""), classes)
    found, _ = reading(output, [TensorInfo(n, (None, *a.shape[1:]), str(a.dtype)) for n, a in raw.items()], TILE)
    assert found is not None
    assert shown(decode(found, raw, 1, TILE, 0.25)[0]) == [BOX]


def test_boxes_in_shares_of_the_tile_are_told_by_their_values() -> None:
    rows = np.array([[[10 / 96, 20 / 64, 30 / 96, 60 / 64, 0.8, 1], [0, 0, 0, 0, 0, 0]]], F32)
    raw = {"y": rows}
    assert shown(one(raw)) == [BOX]
    assert "shares of the window" in settled(read(raw), raw, 0.25).said[-1]


def test_a_batch_without_objects_settles_nothing() -> None:
    raw = {"y": np.zeros((1, 300, 6), F32)}
    assert settled(read(raw), raw, 0.25).units == ""
    assert len(one(raw)) == 0


def test_pixels_stay_pixels_once_settled() -> None:
    first = {"y": np.array([[[10, 20, 30, 60, 0.8, 1]]], F32)}
    found = settled(read(first), first, 0.25)
    speck = {"y": np.array([[[0, 0, 1, 1, 0.8, 1]]], F32)}
    assert shown(decode(found, speck, 1, TILE, 0.25)[0]) == [([0, 0, 1, 1], 0.8, 1)]


def test_pixels_after_shares_are_refused_with_the_value() -> None:
    first = {"y": np.array([[[0.1, 0.2, 0.3, 0.6, 0.8, 1]]], F32)}
    found = settled(read(first), first, 0.25)
    with pytest.raises(NotRunnable, match="a box at 60 after others within 0 and 1"):
        decode(found, {"y": np.array([[[10, 20, 30, 60, 0.8, 1]]], F32)}, 1, TILE, 0.25)


def test_a_heads_logits_get_a_sigmoid_and_that_is_said() -> None:
    rows = head((20, 40, 20, 40, -3, 1.386294, -4)) - np.array([0, 0, 0, 0, 3, 0, 3], F32)
    assert shown(one({"y": rows}, threshold=0.6)) == [BOX]
    assert "sigmoid is applied" in " ".join(settled(read({"y": rows}), {"y": rows}, 0.25).said)


def test_half_precision_is_read_as_well() -> None:
    raw = {"y": head((20, 40, 20, 40, 0.25, 0.75, 0.125)).astype(np.float16)}
    assert shown(one(raw)) == [([10, 20, 30, 60], 0.75, 1)]


def test_boxes_end_at_the_window_and_those_outside_are_gone() -> None:
    rows = np.array([[[-10, 20, 30, 80, 0.8, 1], [100, 10, 120, 20, 0.9, 0], [90, -5, 99, 20, 0.7, 2]]], F32)
    assert shown(one({"y": rows})) == [([0, 20, 30, 64], 0.8, 1), ([90, 0, 96, 20], 0.7, 2)]


def test_a_fixed_batch_is_filled_up_and_the_surplus_is_left_out() -> None:
    rows = np.array([[[10, 20, 30, 60, 0.8, 1]], [[1, 2, 3, 4, 0.9, 0]], [[5, 5, 50, 50, 0.9, 0]]], F32)
    found = decode(read({"y": rows}), {"y": rows}, 2, TILE, 0.25)
    assert [shown(f) for f in found] == [[BOX], [([1, 2, 3, 4], 0.9, 0)]]


def test_without_classes_in_the_item_the_numbers_stand_for_themselves() -> None:
    raw = {"y": np.array([[[10, 20, 30, 60, 0.8, 17]]], F32)}
    assert shown(one(raw, values=())) == [([10, 20, 30, 60], 0.8, 17)]


LIST = np.array([[[10, 20, 30, 60, 0.8, 1]]], F32)


def changed(column: int, value: float) -> dict[str, np.ndarray]:
    rows = LIST.copy()
    rows[0, 0, column] = value
    return {"y": rows}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (changed(4, np.nan), "no numbers"),
        (changed(0, np.nan), "no numbers"),
        (changed(4, 80), "scores from 80 to 80"),
        (changed(5, 0.31), "gave 0.31 where a class number was expected"),
        (changed(5, 3), r"class number 3, and the item's classes have the numbers 0, 1, 2"),
        (changed(5, -1), "class number -1"),
        (changed(2, 5), "1 of 1 boxes end before they begin"),
        ({"y": head((0.3, 0.2, -0.5, 1.2, 0.1, 0.9, 0.2))}, "offsets to a grid"),
        ({"y": head((20, 40, 20, 40, 300, 0.9, 0.2))}, "scores from 0.01 to 300"),
        ({"y": head((20, 40, 20, 40, np.inf, 0.9, 0.2))}, "no numbers"),
    ],
)
def test_values_that_contradict_the_reading_are_refused(raw: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(NotRunnable, match=words):
        one(raw)


def test_a_label_that_is_no_value_of_a_class_is_refused() -> None:
    raw = {"boxes": LIST[0, :, :4], "labels": np.array([3], np.int64), "scores": np.array([0.8], F32)}
    with pytest.raises(NotRunnable, match="class number 3, and the item's classes have the numbers 0, 1, 2"):
        one(raw, free=tuple(raw))


def test_labels_of_padding_are_not_looked_at() -> None:
    raw = {
        "boxes": np.array([[[10, 20, 30, 60], [0, 0, 0, 0]]], F32),
        "labels": np.array([[1, -1]], np.int64),
        "scores": np.array([[0.8, -1.0]], F32),
    }
    assert shown(one(raw)) == [BOX]


@pytest.mark.parametrize("windows", [2, 3])
def test_results_for_fewer_windows_than_asked_are_refused(windows: int) -> None:
    with pytest.raises(NotRunnable, match=f"1 of {windows} windows"):
        decode(read({"y": LIST}), {"y": LIST}, windows, TILE, 0.25)


def test_a_file_that_says_not_which_window_takes_one_only() -> None:
    raw = {"boxes": LIST[0, :, :4], "labels": np.array([1], np.int64), "scores": np.array([0.8], F32)}
    with pytest.raises(NotRunnable, match="batch size of 1"):
        decode(read(raw, free=tuple(raw)), raw, 2, TILE, 0.25)


def masks(raw: dict[str, np.ndarray], free: Sequence[str] = ()) -> Any:
    found = one(raw, free=free)
    assert found.masks is not None
    return found.masks


def test_yolo_seg_mixes_prototypes_within_the_box() -> None:
    """The object is where the first prototype is: the left half of the window, of which the box holds 10 to 48."""
    prototypes = np.full((1, 2, 16, 24), -8, F32)
    prototypes[0, 0, :, :12] = 8
    raw = {"y": head((35, 40, 50, 40, 0.1, 0.8, 0.1, 1, 0)).swapaxes(1, 2), "p": prototypes}
    mask = masks(raw)[0]
    assert (mask.row, mask.col, mask.pixels.shape) == (20, 10, (40, 50))
    assert mask.pixels[:, :38].all() and not mask.pixels[:, 38:].any()


def test_mask_rcnn_gives_a_picture_of_the_window_for_each_object() -> None:
    frame = np.zeros((2, 1, *TILE), F32)
    frame[1, 0, 25:50, 12:28] = 0.9
    frame[1, 0, 50, 12:28] = 0.5
    raw = {
        "boxes": np.array([[0, 0, 5, 5], [10, 20, 30, 60]], F32),
        "labels": np.array([0, 1], np.int64),
        "scores": np.array([0.1, 0.8], F32),
        "masks": frame,
    }
    mask = masks(raw, tuple(raw))[0]
    expected = np.zeros(TILE, bool)
    expected[25:50, 12:28] = True
    assert (mask.pixels == expected[20:60, 10:30]).all()


@pytest.mark.parametrize(("size", "wrong"), [((28, 28), "28 x 28"), ((4, 6), "4 x 6")])
def test_masks_that_are_no_picture_of_the_window_are_refused(size: tuple[int, int], wrong: Optional[str]) -> None:
    raw = {
        "boxes": np.array([[10, 20, 30, 60]], F32),
        "labels": np.array([1], np.int64),
        "scores": np.array([0.8], F32),
        "masks": np.ones((1, 1, *size), F32),
    }
    with pytest.raises(NotRunnable, match=f"masks of {wrong} pixels for windows of 64 x 96"):
        one(raw, free=tuple(raw))


def test_a_missing_output_is_named() -> None:
    with pytest.raises(NotRunnable, match="no output 'y'"):
        decode(read({"y": LIST}), {"z": LIST}, 1, TILE, 0.25)


def test_a_constant_network_gives_its_objects(network: Any) -> None:
    from onnx import TensorProto, helper

    from mlm_runner.core.inference.session import load

    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["m", "zero"], ["none"]),
        helper.make_node("Reshape", ["none", "shape"], ["flat"]),
        helper.make_node("Add", ["flat", "rows"], ["y"]),
    ]
    constants = {"zero": np.zeros(1, F32), "shape": np.array([-1, 1, 1]), "rows": LIST}
    path = network(
        nodes,
        [("x", ("n", 3, *TILE), TensorProto.FLOAT)],
        [("y", ("n", 1, 6), TensorProto.FLOAT)],
        constants,
    )
    loaded = load(path)
    classes = tuple(ModelClass(v, f"thing-{v}") for v in range(3))
    found, _ = reading(ModelOutput("out", ("object-detection",), Tensor((), (), ""), classes), loaded.outputs, TILE)
    assert found is not None
    raw = dict(zip(found.outputs, loaded.run({"x": np.ones((2, 3, *TILE), F32)}, found.outputs), strict=True))
    assert [shown(f) for f in decode(found, raw, 2, TILE, 0.25)] == [[BOX], [BOX]]
