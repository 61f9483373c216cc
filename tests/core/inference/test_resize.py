"""The interpolations give what OpenCV gives, whatever becomes larger or smaller."""

from __future__ import annotations

import numpy as np
import pytest

from mlm_runner.core.errors import NotRunnable
from mlm_runner.core.inference.resize import KINDS, MEANINGLESS, resize

IMAGE = np.array([[3, 7, 1, 9, 4], [0, 5, 8, 2, 6], [9, 1, 4, 7, 3], [2, 6, 0, 5, 8]], np.float32)

BY_OPENCV = {
    # Computed with cv2.resize of OpenCV 4.14: all larger, all smaller, and one of each
    ("interpolation-nearest", (5, 7)): [
        [3, 3, 7, 1, 1, 9, 4],
        [3, 3, 7, 1, 1, 9, 4],
        [0, 0, 5, 8, 8, 2, 6],
        [9, 9, 1, 4, 4, 7, 3],
        [2, 2, 6, 0, 0, 5, 8],
    ],
    ("interpolation-nearest", (3, 2)): [
        [3, 1],
        [0, 8],
        [9, 4],
    ],
    ("interpolation-nearest", (2, 8)): [
        [3, 3, 7, 7, 1, 9, 9, 4],
        [9, 9, 1, 1, 4, 7, 7, 3],
    ],
    ("interpolation-linear", (5, 7)): [
        [3, 5.2857, 5.2857, 1, 6.7143, 6.8571, 4],
        [0.9, 3.5857, 5.6857, 5.9, 4.6143, 4.6571, 5.4],
        [4.5, 3.6429, 3.8571, 6, 4.9286, 4.5, 4.5],
        [6.9, 4.3857, 2.5857, 2.8, 5.3714, 5.5857, 4.5],
        [2, 4.2857, 4.2857, 0, 3.5714, 6.2857, 8],
    ],
    ("interpolation-linear", (3, 2)): [
        [5.625, 6.9583],
        [3.375, 4.5],
        [4.6667, 5.7917],
    ],
    ("interpolation-linear", (2, 8)): [
        [1.5, 3.4688, 5.9062, 4.9688, 4.8125, 5.4375, 5.2188, 5],
        [5.5, 4.625, 3.4062, 2.4688, 3.25, 5.75, 5.7188, 5.5],
    ],
    ("interpolation-cubic", (5, 7)): [
        [2.8722, 6.1548, 5.4378, 0.5747, 7.4102, 8.0255, 3.4419],
        [-0.6397, 3.364, 6.9358, 6.488, 3.9782, 4.0732, 5.9594],
        [5.0743, 2.9144, 3.435, 7.0312, 5.0073, 3.7951, 4.2335],
        [8.5183, 4.4574, 1.2187, 2.443, 6.1343, 6.2412, 3.8337],
        [1.2025, 5.0055, 4.8694, -0.243, 2.8664, 6.854, 8.5734],
    ],
    ("interpolation-cubic", (3, 2)): [
        [6.2891, 7.7152],
        [2.4229, 3.7573],
        [5.2446, 6.308],
    ],
    ("interpolation-cubic", (2, 8)): [
        [0.1254, 3.2353, 6.5357, 5.5842, 4.7419, 5.0091, 5.1864, 5.3045],
        [6.6426, 5.0814, 2.9046, 1.3649, 2.9379, 6.2755, 6.1471, 5.1027],
    ],
    ("interpolation-area", (5, 7)): [
        [3, 5.4, 5.8, 1, 7.4, 7, 4],
        [0.75, 3.6, 5.65, 6.25, 4.25, 4.45, 5.5],
        [4.5, 3.6, 3.6, 6, 4.8, 4.5, 4.5],
        [7.25, 4.25, 2.4, 3, 5.8, 5.6, 4.25],
        [2, 4.4, 4.8, 0, 4, 6.2, 8],
    ],
    ("interpolation-area", (3, 2)): [
        [4.05, 5.25],
        [4.2, 4.8],
        [3.6, 5.1],
    ],
    ("interpolation-area", (2, 8)): [
        [1.5, 3.3, 6, 4.8, 4.7, 5.5, 5.2, 5],
        [5.5, 4.7, 3.5, 2.3, 2.8, 6, 5.7, 5.5],
    ],
    ("interpolation-lanczos4", (5, 7)): [
        [2.8605, 6.8334, 4.9255, 0.5426, 7.32, 8.6264, 3.017],
        [-1.0776, 3.1866, 7.4222, 6.4036, 3.4895, 4.0799, 6.3506],
        [5.3715, 2.524, 3.4099, 7.3077, 5.2156, 3.2874, 4.3107],
        [8.7615, 4.8974, 0.7551, 2.1195, 6.6468, 6.4872, 3.4962],
        [0.7676, 5.2757, 5.0517, -0.0968, 2.4252, 7.2338, 8.4546],
    ],
    ("interpolation-lanczos4", (3, 2)): [
        [6.751, 7.997],
        [2.0652, 3.327],
        [5.5407, 6.7725],
    ],
    ("interpolation-lanczos4", (2, 8)): [
        [-0.5912, 3.1254, 6.8853, 5.9014, 4.1965, 4.7087, 5.4159, 5.6402],
        [6.9123, 5.659, 2.795, 0.6684, 2.9076, 6.73, 6.5206, 4.655],
    ],
}


@pytest.mark.parametrize(("kind", "size"), BY_OPENCV)
def test_an_image_is_resized_as_by_opencv(kind, size):
    found = resize(IMAGE, size, kind)
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array(BY_OPENCV[kind, size]), abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_each_band_of_each_image_is_resized_by_itself(kind):
    stack = np.stack([[IMAGE, 2 * IMAGE, -IMAGE]] * 2)
    found = resize(stack, (5, 7), kind)
    assert found.shape == (2, 3, 5, 7)
    assert found[1, 2] == pytest.approx(-np.array(BY_OPENCV[kind, (5, 7)]), abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 4), (64, 64), (7, 300)])
def test_an_even_image_stays_even(kind, size):
    assert resize(np.full((5, 4), 0.7, np.float32), size, kind) == pytest.approx(np.full(size, 0.7), abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_the_right_size_is_left_as_it_is(kind):
    assert (resize(IMAGE, IMAGE.shape, kind) == IMAGE).all()


def test_bytes_become_numbers_with_a_fraction():
    assert resize(np.array([[0, 255]], np.uint8), (1, 1), "interpolation-linear") == pytest.approx(127.5)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_pixel_without_a_number_spoils_only_what_is_made_of_it(hole):
    image = np.ones((4, 6), np.float32)
    image[0, 0] = hole
    found = resize(image, (2, 3), "interpolation-area")
    assert np.isnan(found[0, 0])
    assert (np.delete(found.ravel(), 0) == 1).all()


@pytest.mark.parametrize("kind", MEANINGLESS)
def test_flags_that_are_no_interpolation_are_refused_with_the_reason(kind):
    with pytest.raises(NotRunnable, match=f"resize_type '{kind}' can't be done: it "):
        resize(IMAGE, (2, 2), kind)


def test_an_unknown_word_is_refused_with_those_that_are_known():
    with pytest.raises(NotRunnable, match="'bicubic' can't be done: the interpolations are interpolation-nearest, "):
        resize(IMAGE, (2, 2), "bicubic")
