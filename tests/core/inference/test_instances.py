"""Masks: cut out of frames and prototypes, trimmed, moved and joined."""

from __future__ import annotations

import numpy as np
import pytest

from mlm_runner.core.inference.instances import Frames, Mask, Prototypes, joined, sigmoid


def mask(row: int, col: int, *rows: str) -> Mask:
    return Mask(row, col, np.array([[c == "#" for c in line] for line in rows]))


def drawn(one: Mask) -> list[str]:
    return ["".join("#" if p else "." for p in line) for line in one.pixels]


def test_what_lies_outside_is_cut_off_and_empty_rows_and_columns_go() -> None:
    left = mask(10, 20, "....", ".##.", ".#..", "...#").within(0, 0, 13, 99)
    assert (left.row, left.col, drawn(left)) == (11, 21, ["##", "#."])


def test_a_mask_wholly_outside_is_empty() -> None:
    assert mask(10, 20, "##").within(0, 0, 5, 5).pixels.size == 0
    assert mask(10, 20, "##").within(30, 30, 50, 50).pixels.size == 0


def test_what_is_kept_of_a_mask_does_not_keep_the_whole_picture_alive() -> None:
    assert mask(0, 0, "#.", "..").within(0, 0, 2, 2).pixels.base is None


def test_pieces_are_joined_where_they_lie() -> None:
    whole = joined([mask(10, 20, "##", "#."), mask(11, 21, "#", "#").moved(0, 1)])
    assert (whole.row, whole.col, drawn(whole)) == (10, 20, ["##.", "#.#", "..#"])


def test_sigmoid_does_not_overflow() -> None:
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-1e4, 0, 1e4])).tolist() == [0, 0.5, 1]


def test_a_coarse_picture_is_refined_as_other_tools_do_it() -> None:
    """Four pixels 0, 0, 1, 1 over eight: linear between centres at 1, 3, 5, 7, so 0.25 at 3.5 and 0.75 at 4.5."""
    frame = np.array([[[0, 0, 1, 1]] * 4], np.float32)
    frames = Frames(frame, np.array([[0, 0, 8, 8]]), (8, 8))
    assert drawn(frames[0]) == ["....####"] * 8


@pytest.mark.parametrize("box", [(0, 0, 8, 8), (3, 2, 7, 8), (2.5, 0.1, 3.5, 7.9)])
def test_a_part_is_refined_as_the_whole(box: tuple[float, ...]) -> None:
    """The linear interpolation of the whole picture, written out pixel by pixel."""
    coarse = np.random.default_rng(0).uniform(size=(4, 4)).astype(np.float32)
    whole = np.zeros((8, 8))
    for row in range(8):
        for col in range(8):
            y, x = min(max((row + 0.5) / 2 - 0.5, 0), 3), min(max((col + 0.5) / 2 - 0.5, 0), 3)
            j, i = min(int(y), 2), min(int(x), 2)
            upper = coarse[j, i] * (1 - (x - i)) + coarse[j, i + 1] * (x - i)
            lower = coarse[j + 1, i] * (1 - (x - i)) + coarse[j + 1, i + 1] * (x - i)
            whole[row, col] = upper * (1 - (y - j)) + lower * (y - j)
    cut = Frames(coarse[None], np.array([box]), (8, 8))[0]
    col0, row0, col1, row1 = int(box[0]), int(box[1]), int(np.ceil(box[2])), int(np.ceil(box[3]))
    assert (cut.row, cut.col) == (row0, col0)
    assert (cut.pixels == (whole[row0:row1, col0:col1] > 0.5)).all()


def test_frames_of_logits_are_told_by_their_values() -> None:
    frame = np.full((1, 4, 4), -3, np.float32)
    frame[0, 1:3, 1:3] = 0.4
    assert drawn(Frames(frame, np.array([[0, 0, 4, 4]]), (4, 4))[0]) == ["....", ".##.", ".##.", "...."]


def test_prototypes_are_added_with_the_objects_own_weights() -> None:
    pictures = np.zeros((2, 4, 4), np.float32)
    pictures[0, :2] = 5
    pictures[1, :, :2] = 5
    found = Prototypes(np.array([[1, -1], [-1, 1]], np.float32), pictures, np.array([[0, 0, 4, 4]] * 2), (4, 4))
    assert len(found) == 2
    assert drawn(found[0]) == ["..##", "..##", "....", "...."]
    assert drawn(found[1]) == ["....", "....", "##..", "##.."]


def test_a_box_thinner_than_a_pixel_still_has_one() -> None:
    frames = Frames(np.ones((1, 4, 4), np.float32), np.array([[3.9, 2.2, 4.0, 2.3]]), (4, 4))
    assert (frames[0].row, frames[0].col, drawn(frames[0])) == (2, 3, ["#"])
