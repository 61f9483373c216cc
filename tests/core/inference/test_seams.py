"""What several windows have seen comes out once, and whole."""

from __future__ import annotations

import itertools
import time
from typing import Iterable, Optional, Sequence

import numpy as np
import pytest

from mlm_runner.core.inference.instances import Mask
from mlm_runner.core.inference.objects import Found
from mlm_runner.core.inference.seams import Collector, Objects

SIDE = 100
"""A window's side; `area` pixels are seen by windows of this size."""
Box = tuple[float, float, float, float]


class Cutouts:
    """Masks that fill their boxes."""

    def __init__(self, boxes: np.ndarray) -> None:
        self._boxes = boxes

    def __len__(self) -> int:
        return len(self._boxes)

    def __getitem__(self, place: int) -> Mask:
        left, top, right, bottom = (int(v) for v in self._boxes[place])
        return Mask(top, left, np.ones((bottom - top, right - left), bool))


def found(
    boxes: Iterable[Box], scores: Sequence[float] = (), classes: Sequence[int] = (), masks: bool = False
) -> Found:
    rows = np.array(list(boxes), np.float32).reshape(-1, 4)
    return Found(
        rows,
        np.array(scores or [0.9] * len(rows), np.float32),
        np.array(classes or [0] * len(rows), np.int64),
        Cutouts(rows) if masks else None,
    )


def seen(
    things: Sequence[tuple[Box, int]],
    step: int,
    windows: tuple[int, int] = (1, 2),
    least: float = 3,
    masks: bool = False,
    jitter: float = 0,
    iou: float = 0.45,
    agnostic: bool = False,
) -> Objects:
    """Show each window what of the things lies in it, as a perfect network would (or one that errs by `jitter`)."""
    random = np.random.default_rng(7)
    collector = Collector(0.25, iou, agnostic)
    for i, j in itertools.product(range(windows[0]), range(windows[1])):
        left, top = j * step, i * step
        boxes, classes = [], []
        for (x0, y0, x1, y1), one in things:
            part = np.array([x0 - left, y0 - top, x1 - left, y1 - top]) + random.uniform(-jitter, jitter, 4)
            part = part.clip(0, SIDE)
            if part[2] - part[0] >= least and part[3] - part[1] >= least:
                boxes.append(tuple(part))
                classes.append(one)
        scores = random.uniform(0.3, 0.95, len(boxes)).tolist()
        collector.add(found(boxes, scores, classes, masks), top, left, (0, 0, SIDE, SIDE), np.ones((SIDE, SIDE), bool))
    return collector.finish()


def rounded(objects: Objects) -> list[tuple[int, ...]]:
    return sorted(tuple(round(float(v)) for v in box) for box in objects.boxes)


@pytest.mark.parametrize(
    ("what", "box", "step", "windows"),
    [
        ("whole in one window, a piece in the other", (60, 40, 90, 60), 80, (1, 2)),
        ("a sliver in the other", (40, 40, 84, 60), 80, (1, 2)),
        ("whole in both", (82, 40, 98, 60), 80, (1, 2)),
        ("larger than the overlap, whole in none", (30, 40, 160, 60), 80, (1, 2)),
        ("across three windows", (30, 40, 230, 60), 80, (1, 3)),
        ("at the corner of four", (70, 70, 130, 120), 80, (2, 2)),
        ("much larger than the overlap at the corner of four", (30, 20, 160, 170), 80, (2, 2)),
        ("windows that touch and do not overlap", (70, 40, 130, 60), 100, (1, 2)),
        ("four windows that touch", (70, 60, 130, 150), 100, (2, 2)),
        ("larger than a window", (20, 20, 230, 230), 80, (3, 3)),
    ],
)
@pytest.mark.parametrize("jitter", [0, 0.8])
def test_an_object_at_a_seam_comes_out_once_and_whole(
    what: str, box: Box, step: int, windows: tuple[int, int], jitter: float
) -> None:
    objects = seen([(box, 0)], step, windows, jitter=jitter)
    assert len(objects) == 1, what
    assert objects.boxes[0] == pytest.approx(box, abs=1.7 if jitter else 1e-5)


def test_masks_of_an_object_in_two_windows_are_joined() -> None:
    objects = seen([((30, 40, 160, 60), 0)], 80, masks=True)
    assert objects.masks is not None and len(objects) == 1
    mask = objects.masks[0]
    assert (mask.row, mask.col, mask.pixels.shape) == (40, 30, (20, 130))
    assert mask.pixels.all()


def two_windows(first: Box, second: Box, scores: tuple[float, float] = (0.9, 0.8), down: int = 0) -> Objects:
    """Show one box to a window at 0, 0 and another to one 80 pixels further right, or down."""
    collector, everything = Collector(0.25, 0.45), np.ones((SIDE, SIDE), bool)
    collector.add(found([first], [scores[0]]), 0, 0, (0, 0, SIDE, SIDE), everything)
    collector.add(found([second], [scores[1]]), down, 80 - down, (0, 0, SIDE, SIDE), everything)
    return collector.finish()


def test_a_piece_that_lies_in_a_whole_object_goes_even_if_it_is_badly_drawn() -> None:
    assert rounded(two_windows((60, 40, 90, 60), (0, 46, 10, 54))) == [(60, 40, 90, 60)]


def test_a_small_whole_object_does_not_swallow_a_large_piece_around_it() -> None:
    assert rounded(two_windows((30, 20, 100, 80), (5, 40, 12, 50))) == [(30, 20, 100, 80), (85, 40, 92, 50)]


def test_an_object_at_the_areas_own_edge_is_not_cut_there() -> None:
    """Both windows see it whole, so the better box stays as it is, and none around both is made."""
    assert rounded(two_windows((0, 85, 30, 95), (0, 4, 31, 15), down=80)) == [(0, 85, 30, 95)]


def test_whatever_windows_give_no_two_of_a_class_overlap_more_than_allowed() -> None:
    random = np.random.default_rng(0)
    collector, everything = Collector(0.25, 0.3), np.ones((SIDE, SIDE), bool)
    for top, left in itertools.product(range(0, 300, 50), range(0, 300, 50)):
        corner = random.uniform(0, 80, (12, 2))
        boxes = np.concatenate([corner, (corner + random.uniform(10, 60, (12, 2))).clip(0, SIDE)], axis=1)
        one = found(map(tuple, boxes), random.uniform(0.3, 1, 12).tolist())
        collector.add(one, top, left, (0, 0, SIDE, SIDE), everything)
    left_over = collector.finish().boxes
    low = np.maximum(left_over[:, None, :2], left_over[None, :, :2])
    high = np.minimum(left_over[:, None, 2:], left_over[None, :, 2:])
    both = (high - low).clip(0).prod(axis=2)
    sizes = (left_over[:, 2:] - left_over[:, :2]).prod(axis=1)
    shares = both / (sizes[:, None] + sizes[None] - both)
    np.fill_diagonal(shares, 0)
    assert len(left_over) > 10 and shares.max() <= 0.3


def test_a_whole_object_keeps_its_box_and_score_though_a_piece_of_it_has_a_better_one() -> None:
    objects = two_windows((60, 40, 90, 60), (0, 40, 10, 60), (0.4, 0.9))
    assert rounded(objects) == [(60, 40, 90, 60)]
    assert objects.scores.tolist() == pytest.approx([0.4])


def test_a_joined_object_has_the_best_score_of_its_pieces() -> None:
    assert two_windows((30, 40, 100, 60), (0, 40, 80, 60), (0.4, 0.9)).scores.tolist() == pytest.approx([0.9])


@pytest.mark.parametrize(
    ("what", "things", "steps"),
    [
        ("that overlap a little, in one window", [(10, 10, 30, 30), (26, 10, 46, 30)], (80, 100)),
        ("that overlap a little, where both windows see them", [(60, 10, 88, 30), (85, 10, 120, 30)], (80, 100)),
        ("one above the other across the seam", [(70, 10, 130, 30), (70, 28, 130, 48)], (80, 100)),
        ("larger than the overlap, one above the other", [(30, 10, 160, 30), (30, 28, 160, 48)], (80, 100)),
        ("in a row", [(60, 10, 78, 30), (79, 10, 97, 30), (98, 10, 116, 30), (117, 10, 135, 30)], (80,)),
    ],
)
def test_neighbours_of_one_class_both_stay(what: str, things: list[Box], steps: tuple[int, ...]) -> None:
    for step in steps:
        assert rounded(seen([(t, 0) for t in things], step)) == sorted(things), what


def test_other_classes_do_not_suppress_each_other() -> None:
    here = (60, 40, 90, 60)
    objects = seen([(here, 0), (here, 1)], 80)
    assert rounded(objects) == [here, here]
    assert sorted(objects.classes.tolist()) == [0, 1]


def test_other_classes_do_where_that_is_wanted() -> None:
    here = (60, 40, 90, 60)
    assert rounded(seen([(here, 0), (here, 1)], 80, agnostic=True)) == [here]


def test_pieces_of_other_classes_are_not_joined() -> None:
    things = [((30, 40, 100, 60), 0), ((100, 40, 160, 60), 1)]
    assert rounded(seen(things, 100)) == [(30, 40, 100, 60), (100, 40, 160, 60)]


def test_a_town_of_houses_comes_out_house_by_house() -> None:
    """Houses of 12 to 30 pixels on a grid of 34, seen by 36 windows that overlap by 30, by a network that errs."""
    random = np.random.default_rng(3)
    houses: list[Box] = []
    for x, y in itertools.product(range(2, 420, 34), range(2, 420, 34)):
        width, height = random.uniform(12, 30, 2)
        houses.append((x, y, x + width, y + height))
    objects = seen([(h, 0) for h in houses], 70, (6, 6), jitter=0.7)
    assert len(objects) == len(houses)
    order = np.lexsort((np.round(objects.boxes[:, 1] / 34), np.round(objects.boxes[:, 0] / 34)))
    assert np.abs(objects.boxes[order] - np.array(houses)).max() < 1.7


def place(
    boxes: Sequence[Box],
    inside: tuple[int, int, int, int] = (0, 0, SIDE, SIDE),
    valid: Optional[np.ndarray] = None,
    masks: bool = False,
    row: int = 0,
    col: int = 0,
) -> Objects:
    collector = Collector(0.25, 0.45)
    everything = np.ones((SIDE, SIDE), bool) if valid is None else valid
    collector.add(found(boxes, masks=masks), row, col, inside, everything)
    return collector.finish()


def test_an_object_in_nodata_is_none() -> None:
    valid = np.ones((SIDE, SIDE), bool)
    valid[:, 50:] = False
    assert rounded(place([(10, 10, 30, 30), (60, 10, 80, 30), (30, 40, 60, 60)], valid=valid)) == [
        (10, 10, 30, 30),
        (30, 40, 60, 60),
    ]


def test_objects_end_at_the_area_and_mirror_images_beyond_are_none() -> None:
    boxes = [(5, 40, 15, 50), (25, 40, 35, 50), (15, 60, 27, 80)]
    assert rounded(place(boxes, (0, 20, 100, 100), col=-20)) == [(0, 60, 7, 80), (5, 40, 15, 50)]


def test_a_mask_ends_at_the_area_and_lies_in_its_pixels() -> None:
    masks = place([(15, 60, 27, 80)], (0, 20, 100, 100), masks=True, row=300, col=-20).masks
    assert masks is not None
    assert (masks[0].row, masks[0].col, masks[0].pixels.shape) == (360, 0, (20, 7))


def test_an_object_without_a_pixel_of_mask_is_none() -> None:
    class Empty(Cutouts):
        def __getitem__(self, place: int) -> Mask:
            return Mask(0, 0, np.zeros((10, 10), bool))

    one = found([(10, 10, 30, 30)])
    collector = Collector(0.25, 0.45)
    masked = Found(one.boxes, one.scores, one.classes, Empty(one.boxes))
    collector.add(masked, 0, 0, (0, 0, SIDE, SIDE), np.ones((SIDE, SIDE), bool))
    objects = collector.finish()
    assert len(objects) == 0 and objects.masks == []


def test_scores_below_the_threshold_are_left_out() -> None:
    collector = Collector(0.5, 0.45)
    two = found([(10, 10, 30, 30), (50, 50, 70, 70)], [0.49, 0.5])
    collector.add(two, 0, 0, (0, 0, SIDE, SIDE), np.ones((SIDE, SIDE), bool))
    assert rounded(collector.finish()) == [(50, 50, 70, 70)]


def test_without_objects_there_are_none() -> None:
    objects = Collector(0.25, 0.45).finish()
    assert objects.boxes.shape == (0, 4) and objects.masks is None


def test_fifty_thousand_objects_of_four_hundred_windows_take_less_than_two_seconds() -> None:
    random = np.random.default_rng(5)
    windows = []
    for i, j in itertools.product(range(20), range(20)):
        corner = random.uniform(0, 990, (125, 2))
        boxes = np.concatenate([corner, (corner + random.uniform(5, 40, corner.shape)).clip(0, 1000)], axis=1)
        windows.append((i * 800, j * 800, found(map(tuple, boxes), random.uniform(0.3, 1, 125).tolist())))
    collector, valid = Collector(0.25, 0.45), np.ones((1000, 1000), bool)
    started = time.perf_counter()
    for top, left, objects in windows:
        collector.add(objects, top, left, (0, 0, 1000, 1000), valid)
    left_over = collector.finish()
    assert time.perf_counter() - started < 2
    assert 30_000 < len(left_over) < 50_000
