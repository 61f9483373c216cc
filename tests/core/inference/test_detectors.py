"""Which output, and which column of it, a detector's boxes, scores and classes are read from."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import pytest

from mlm_runner.core.inference.detectors import Part, Reading, reading
from mlm_runner.core.inference.session import TensorInfo
from mlm_runner.core.mlm.finding import Finding
from mlm_runner.core.mlm.model import ModelClass, ModelOutput, Tensor

TILE = (640, 640)
Shape = Sequence[Optional[int]]


def output(values: Sequence[int] = (0, 1, 2), task: str = "object-detection", **more: Any) -> ModelOutput:
    classes = tuple(ModelClass(v, f"thing-{v}") for v in values)
    return ModelOutput("out", (task,), Tensor((), (), "float32"), classes, **more)


def tensors(**shapes: Any) -> list[TensorInfo]:
    """Build tensors of float32, or of the type that stands after the shape."""
    return [
        TensorInfo(n, s[0], s[1]) if s and isinstance(s[0], tuple) else TensorInfo(n, s, "float32")
        for n, s in shapes.items()
    ]


def read(*given: Any, tile: Optional[tuple[int, int]] = TILE, **shapes: Any) -> tuple[Reading, list[Finding]]:
    found, findings = reading(given[0] if given else output(), tensors(**shapes), tile)
    assert found is not None, findings
    return found, findings


def columns(found: Reading) -> dict[str, Optional[tuple[int, int]]]:
    return {role: part.columns for role, part in found.parts.items()}


DENSE = {"boxes": (0, 4), "scores": (4, 7)}
OBJECTNESS = {"boxes": (0, 4), "objectness": (4, 5), "scores": (5, 8)}
LISTED = {"boxes": (0, 4), "scores": (4, 5), "labels": (5, 6)}


@pytest.mark.parametrize(
    ("family", "shape", "where", "box", "first", "batch"),
    [
        ("YOLOv8, YOLO11", (1, 7, 8400), DENSE, "cxcywh", True, "axis"),
        ("YOLOv8 of any size", (None, 7, None), DENSE, "cxcywh", True, "axis"),
        ("its transpose", (1, 8400, 7), DENSE, "cxcywh", False, "axis"),
        ("YOLOv5, YOLOv7", (1, 25200, 8), OBJECTNESS, "cxcywh", False, "axis"),
        ("a list without a batch", (None, 6), LISTED, "xyxy", False, "none"),
        ("YOLOv10, exports with NMS", (1, 300, 6), LISTED, "xyxy", False, "axis"),
        ("any number of finds", (None, None, 6), LISTED, "xyxy", False, "axis"),
        (
            "YOLOv7 end to end",
            (None, 7),
            {"window": (0, 1), "boxes": (1, 5), "labels": (5, 6), "scores": (6, 7)},
            "xyxy",
            False,
            "column",
        ),
    ],
)
def test_one_tensor_is_read_by_its_shape(
    family: str, shape: Shape, where: dict[str, tuple[int, int]], box: str, first: bool, batch: str
) -> None:
    found, findings = read(output0=tuple(shape))
    assert columns(found) == where, family
    assert (found.box, found.first, found.batch) == (box, first, batch)
    assert found.outputs == ("output0",)
    assert "output0" in found.said[0]
    assert not [f for f in findings if f.level != "note"]


def test_a_detr_in_yolos_form_is_no_list_although_it_has_300_rows() -> None:
    found, findings = read(output(range(80)), output0=(1, 300, 84))
    assert columns(found) == {"boxes": (0, 4), "scores": (4, 84)} and not found.first
    assert not findings


def test_yolo_nas_writes_the_score_before_the_class_unlike_yolov7() -> None:
    found, _ = read(graph2_flat_predictions=(None, 7))
    assert columns(found) == {"window": (0, 1), "boxes": (1, 5), "scores": (5, 6), "labels": (6, 7)}


@pytest.mark.parametrize("shape", [(1, 39, 8400), (1, 8400, 40), (1, 300, 38)])
def test_a_seg_model_has_mask_coefficients_at_the_end_of_its_rows(shape: Shape) -> None:
    found, _ = read(output(task="instance-segmentation"), output0=shape, output1=(1, 32, 160, 160))
    start, stop = columns(found)["coefficients"] or (0, 0)
    assert stop - start == 32
    assert stop == (39 if found.first else shape[2])
    assert found.parts["prototypes"] == Part("output1")
    assert found.has_masks


def test_feature_maps_beside_the_rows_are_left_alone() -> None:
    found, _ = read(output=(1, 25200, 8), a=(1, 3, 80, 80, 8), b=(1, 3, 40, 40, 8), c=(1, 3, 20, 20, 8))
    assert found.outputs == ("output",)


@pytest.mark.parametrize(
    ("values", "shape", "tile", "listed", "level"),
    [
        ((0,), (1, 300, 6), TILE, True, "note"),
        ((0,), (1, 25200, 6), TILE, False, "note"),
        ((0, 1), (1, 8400, 6), TILE, False, "note"),
        ((0, 1), (1, 21, 6), (32, 32), False, "note"),
        ((0,), (1, 63, 6), (32, 32), False, "note"),
        ((0, 1), (1, None, 6), TILE, True, "doubt"),
        ((0, 1), (1, None, 6), None, True, "doubt"),
    ],
)
def test_six_columns_are_a_list_or_a_head_by_the_number_of_rows(
    values: Sequence[int], shape: Shape, tile: Optional[tuple[int, int]], listed: bool, level: str
) -> None:
    """640 x 640 has 80 x 80 + 40 x 40 + 20 x 20 = 8400 boxes, with three anchors 25200; 32 x 32 has 21 or 63."""
    found, findings = read(output(values), tile=tile, output0=shape)
    assert ("labels" in found.parts) == listed
    assert [f.level for f in findings] == [level]
    assert "could also hold" in findings[0].text


def test_the_file_is_believed_and_the_item_fills_what_it_leaves_free() -> None:
    given = ModelOutput("out", ("object-detection",), Tensor((-1, 300, 6), (), "float32"), output().classes)
    found, _ = read(given, values=(None, None, None))
    assert columns(found) == LISTED


def test_a_background_in_the_item_has_no_place_in_yolos_rows() -> None:
    background = ModelClass(0, "background", nodata=True)
    given = ModelOutput("out", ("object-detection",), Tensor((), (), ""), (background, ModelClass(1, "ship")))
    found, findings = read(given, output0=(1, 5, 8400))
    assert [c.value for c in found.classes] == [1]
    assert "class background has no place" in findings[0].text


@pytest.mark.parametrize(("count", "objectness"), [(25200, True), (8400, False)])
def test_a_background_in_the_item_is_told_from_objectness_by_the_number_of_anchors(
    count: int, objectness: bool
) -> None:
    """Six columns are a box and two classes, or a box, objectness and one class: YOLOv5's cells have three boxes."""
    classes = (ModelClass(0, "background"), ModelClass(1, "ship"))
    given = ModelOutput("out", ("object-detection",), Tensor((), (), ""), classes)
    found, findings = read(given, output0=(1, count, 6))
    assert ("objectness" in found.parts) == objectness
    assert found.nothing == (() if objectness else (0,))
    assert "could also hold" in findings[0].text


def test_a_list_numbers_classes_from_zero_and_says_so_where_the_item_does_not() -> None:
    found, findings = read(output((1, 2, 3)), output0=(1, 300, 6))
    assert found.by_place
    assert findings[0].level == "doubt" and "1, 2, 3" in findings[0].text


def test_number_0_of_a_list_is_the_first_thing_and_never_the_items_background() -> None:
    classes = (ModelClass(0, "background"), ModelClass(1, "ship"))
    found, findings = read(ModelOutput("out", ("detection",), Tensor((), (), ""), classes), output0=(1, 300, 6))
    assert [c.name for c in found.classes] == ["ship"] and not found.nothing
    assert any("the item's first is taken for number 0" in f.text for f in findings)


@pytest.mark.parametrize(
    ("family", "shapes", "box", "batch"),
    [
        ("named", {"labels": (1, 100), "scores": (1, 100), "boxes": (1, 100, 4)}, "xyxy", "axis"),
        ("torchvision", {"boxes": (None, 4), "labels": ((None,), "int64"), "scores": (None,)}, "xyxy", "none"),
        ("no names", {"3560": (None, 4), "3569": ((None,), "int64"), "3570": (None,)}, "xyxy", "none"),
        (
            "Detectron2",
            {"a": (None, 4), "b": ((None,), "int64"), "c": (None,), "d": ((2,), "int64")},
            "xyxy",
            "none",
        ),
        (
            "TensorFlow",
            {
                "detection_boxes": (1, 100, 4),
                "detection_classes": (1, 100),
                "detection_scores": (1, 100),
                "num_detections": (1,),
            },
            "yxyx",
            "axis",
        ),
        (
            "NMS outside of the head",
            {
                "num_dets": ((1, 1), "int32"),
                "det_boxes": (1, 100, 4),
                "det_scores": (1, 100),
                "det_classes": ((1, 100), "int32"),
            },
            "xyxy",
            "axis",
        ),
    ],
)
def test_boxes_scores_and_labels_may_be_outputs_of_their_own(
    family: str, shapes: dict[str, Any], box: str, batch: str
) -> None:
    found, findings = read(**shapes)
    assert set(found.parts) == {"boxes", "scores", "labels"}, family
    assert (found.box, found.batch, found.by_place) == (box, batch, False)
    assert not findings


def test_labels_and_scores_are_told_apart_by_their_element_type() -> None:
    found, _ = read(**{"3560": (None, 4), "3569": ((None,), "int64"), "3570": (None,)})
    assert (found.parts["labels"].output, found.parts["scores"].output) == ("3569", "3570")


def test_a_file_without_a_batch_in_its_result_takes_one_window_at_a_time() -> None:
    found, _ = read(boxes=(None, 4), labels=((None,), "int64"), scores=(None,))
    assert found.one_by_one


def test_mask_rcnn_gives_masks_too() -> None:
    found, _ = read(
        output(task="instance-segmentation"),
        boxes=(None, 4), labels=((None,), "int64"), scores=(None,), masks=(None, 1, None, None),
    )  # fmt: skip
    assert found.parts["masks"] == Part("masks")


def test_mmdetection_puts_the_score_behind_the_box() -> None:
    found, _ = read(dets=(1, 100, 5), labels=((1, 100), "int64"))
    assert found.parts["boxes"] == Part("dets", (0, 4)) and found.parts["scores"] == Part("dets", (4, 5))


@pytest.mark.parametrize(
    ("family", "shapes", "box", "units", "logits", "nothing"),
    [
        ("DETR", {"logits": (1, 100, 4), "pred_boxes": (1, 100, 4)}, "cxcywh", "shares", "softmax", (3,)),
        ("RT-DETR", {"logits": (1, 300, 3), "pred_boxes": (1, 300, 4)}, "cxcywh", "shares", "sigmoid", ()),
        ("RF-DETR", {"dets": (1, 300, 4), "labels": (1, 300, 4)}, "cxcywh", "shares", "sigmoid", (3,)),
        ("YOLO-NAS", {"pred_bboxes": (1, 8400, 4), "pred_scores": (1, 8400, 3)}, "xyxy", "", "sigmoid", ()),
    ],
)
def test_boxes_and_a_score_for_each_class_may_be_two_outputs(
    family: str, shapes: dict[str, Any], box: str, units: str, logits: str, nothing: tuple[int, ...]
) -> None:
    found, findings = read(**shapes)
    assert set(found.parts) == {"boxes", "scores"}, family
    assert (found.box, found.units, found.logits, found.nothing) == (box, units, logits, nothing)
    assert not findings


def test_a_background_named_by_the_item_is_no_object() -> None:
    classes = (ModelClass(0, "background"), ModelClass(1, "ship"))
    given = ModelOutput("out", ("object-detection",), Tensor((), (), ""), classes)
    found, _ = read(given, boxes=(1, 3000, 4), scores=(1, 3000, 2))
    assert found.nothing == (0,)


def test_the_item_may_say_that_boxes_are_shares() -> None:
    found, _ = read(output(more={"normalized": True}), output0=(1, 300, 6))
    assert found.units == "shares"
    assert any("as the item says" in said for said in found.said)


def test_without_classes_in_the_item_the_rows_tell_how_many_there_are() -> None:
    found, _ = read(output(()), output0=(1, 84, 8400))
    assert len(found.classes) == 80
    assert any("names no classes" in said for said in found.said)


def test_a_detector_for_an_instance_task_gives_boxes_and_that_is_a_doubt() -> None:
    _, findings = read(output(task="instance-segmentation"), output0=(1, 7, 8400))
    assert [f.level for f in findings] == ["doubt"] and "boxes only" in findings[0].text


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ({"output0": (1, 84, 8400)}, ("no list of objects of 3 classes", "1 x 84 x 8400")),
        ({"y": (1, 3, 512, 512)}, ("no list of objects", "1 x 3 x 512 x 512")),
        ({"output0": ((1, 7, 8400), "int64")}, ("no list of objects",)),
        ({"output0": (None, None, None)}, ("free x free x free",)),
        ({"boxes": (1, 100, 4)}, ("no list of objects",)),
        ({"output0": (1, 8, 8400)}, ("angle", "not supported")),
        ({"output0": (1, 300, 7, )}, ("angle",)),
        ({"a": (1, 100, 4), "b": (1, 100, 4)}, ("a and b", "could each be the boxes")),
        ({"boxes": (1, 100, 4), "x": (1, 100), "y": (1, 100)}, ("x and y", "could each be the scores")),
        ({"boxes": (1, 3000, 4), "scores": (1, 3000, 4)}, ("a column more than the item has classes",)),
    ],
)  # fmt: skip
def test_what_can_be_no_objects_is_refused_in_a_sentence(shapes: dict[str, Any], words: Sequence[str]) -> None:
    given = output((0, 1)) if shapes.get("output0") == (1, 300, 7) else output()
    found, findings = reading(given, tensors(**shapes), TILE)
    assert found is None
    assert [f.level for f in findings if f.level == "error"] == ["error"]
    for word in words:
        assert word in findings[-1].text
