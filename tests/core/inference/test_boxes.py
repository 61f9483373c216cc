"""Boxes: how they are written, what they have in common, and which of several that overlap stays."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from mlm_runner.core.inference.boxes import FORMS, Index, areas, iou, suppress


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float64).reshape(-1, 4)


@pytest.mark.parametrize(
    ("form", "written"),
    [("xyxy", (10, 20, 30, 60)), ("yxyx", (20, 10, 60, 30)), ("cxcywh", (20, 40, 20, 40))],
)
def test_each_way_of_writing_a_box_gives_the_same_corners(form: str, written: tuple[float, ...]) -> None:
    assert FORMS[form](np.array([written], np.float32)).tolist() == [[10, 20, 30, 60]]


def test_two_squares_that_share_a_quarter_have_one_seventh_of_their_union_in_common() -> None:
    assert iou(boxes((0, 0, 2, 2)), boxes((1, 1, 3, 3))) == pytest.approx([1 / 7])


def test_boxes_apart_inside_out_and_empty_have_nothing_in_common() -> None:
    some = boxes((0, 0, 2, 2), (5, 5, 3, 3), (1, 1, 1, 1))
    assert iou(some, boxes((2, 0, 4, 2), (3, 3, 5, 5), (1, 1, 1, 1))).tolist() == [0, 0, 0]
    assert areas(some).tolist() == [4, 0, 0]


def test_the_better_of_two_copies_stays() -> None:
    some = boxes((0, 0, 10, 10), (1, 0, 11, 10), (50, 50, 60, 60))
    assert suppress(some, np.array([0.5, 0.9, 0.3]), np.zeros(3, int), 0.45).tolist() == [1, 2]


def test_a_box_removed_by_a_better_one_removes_nothing_itself() -> None:
    chain = boxes((0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10))
    assert suppress(chain, np.array([0.9, 0.8, 0.7]), np.zeros(3, int), 0.4).tolist() == [0, 2]


def test_boxes_of_other_groups_stay_wherever_they_lie() -> None:
    some = boxes((0, 0, 10, 10), (0, 0, 10, 10), (1e6, 0, 1e6 + 10, 10))
    assert suppress(some, np.array([0.9, 0.8, 0.7]), np.array([0, 1, 0]), 0.45).tolist() == [0, 1, 2]


def test_of_equal_scores_the_first_stays() -> None:
    assert suppress(boxes((0, 0, 4, 4), (0, 0, 4, 4)), np.ones(2), np.zeros(2, int), 0.45).tolist() == [0]


def test_nothing_is_left_of_nothing() -> None:
    assert suppress(boxes(), np.zeros(0), np.zeros(0, int), 0.45).tolist() == []


@pytest.mark.parametrize("limit", [0.1, 0.45, 0.8])
@pytest.mark.parametrize("side", [40, 400])
def test_suppression_agrees_with_comparing_one_by_one(side: int, limit: float) -> None:
    random = np.random.default_rng(side)
    corner, size = random.uniform(-side, side, (600, 2)), random.uniform(1, 30, (600, 2))
    some = np.concatenate([corner, corner + size], axis=1)
    scores, groups = random.integers(0, 50, 600) / 50, random.integers(0, 3, 600)
    assert suppress(some, scores, groups, limit).tolist() == one_by_one(some, scores, groups, limit)


def one_by_one(some: np.ndarray, scores: np.ndarray, groups: np.ndarray, limit: float) -> list[int]:
    """Greedy suppression as textbooks write it, in plain Python."""
    stay: list[int] = []
    for place in sorted(range(len(some)), key=lambda p: -scores[p]):
        if all(groups[place] != groups[s] or overlap(some[place], some[s]) <= limit for s in stay):
            stay.append(place)
    return stay


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    union = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - width * height
    return width * height / union


def test_fifty_thousand_boxes_take_less_than_two_seconds() -> None:
    random = np.random.default_rng(1)
    objects = random.uniform(0, 20_000, (10_000, 2)).repeat(5, axis=0)
    corner = objects + random.uniform(-2, 2, objects.shape)
    some = np.concatenate([corner, corner + 30], axis=1)
    started = time.perf_counter()
    left = suppress(some, random.uniform(size=50_000), np.zeros(50_000, int), 0.45)
    assert time.perf_counter() - started < 2
    assert 9_000 < len(left) <= 10_000


def test_a_heap_of_copies_does_not_need_memory_for_all_pairs() -> None:
    """All 400 million pairs of 20,000 boxes would need gigabytes."""
    random = np.random.default_rng(2)
    corner = random.uniform(0, 1, (20_000, 2))
    some = np.concatenate([corner, corner + 30], axis=1)
    tracemalloc.start()
    left = suppress(some, random.uniform(size=20_000), np.zeros(20_000, int), 0.45)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(left) == 1
    assert most < 250e6


def test_an_index_finds_what_touches_in_the_same_group_only() -> None:
    index = Index(boxes((0, 0, 10, 10), (20, 0, 30, 10), (0, 0, 10, 10)), np.array([0, 0, 1]))
    asked, found = index.touching(boxes((5, 5, 25, 6)), np.array([0]))
    assert sorted(zip(asked.tolist(), found.tolist(), strict=True)) == [(0, 0), (0, 1)]
