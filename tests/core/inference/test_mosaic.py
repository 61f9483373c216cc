import numpy as np
import pytest

from mlm_runner.core.inference.mosaic import Mosaic
from mlm_runner.core.inference.plan import Plan, Window


def joined(plan: Plan, scores_of) -> np.ndarray:
    """Return the picture that a mosaic makes of windows, with NaN where nothing was given back."""
    height, width = plan.area.height, plan.area.width
    picture = np.full((2, height, width), np.nan, np.float32)
    mosaic = Mosaic(plan, 2, np.dtype("float32"))
    for i, j, window in plan.windows():
        row, col, block = mosaic.add(i, j, scores_of(i, j, window))
        assert np.isnan(picture[:, row : row + block.shape[1], col : col + block.shape[2]]).all(), "given back twice"
        picture[:, row : row + block.shape[1], col : col + block.shape[2]] = block[:, : height - row, : width - col]
    return picture


def position(i: int, j: int, window: Window) -> np.ndarray:
    """Scores that say where a pixel is: row and column."""
    rows, cols = np.mgrid[window.row : window.row + window.height, window.col : window.col + window.width]
    return np.stack([rows, cols]).astype(np.float32)


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (64, 64), (65, 63), (200, 131)])
@pytest.mark.parametrize(("halo", "ramp"), [(0, 0), (4, 0), (4, 8), (0, 16), (5, 11)])
def test_windows_that_agree_are_joined_without_a_trace(size, halo, ramp):
    plan = Plan(Window(7, 3, *size), (64, 48), halo, ramp, 1)
    rows, cols = np.mgrid[7 : 7 + size[0], 3 : 3 + size[1]]
    assert np.allclose(joined(plan, position), [rows, cols], atol=1e-4)


def test_windows_that_differ_fade_over_the_ramp_and_nowhere_else():
    plan = Plan(Window(0, 0, 20, 60), (28, 28), 4, 8, 1)
    picture = joined(plan, lambda i, j, w: np.full((2, 28, 28), j, np.float32))[0, 10]
    # Insides are 20 wide and 12 apart: 0..11 is the first alone, 12..19 the ramp with weights (k + 1/2) / 8 by hand.
    assert (picture[:12] == 0).all()
    assert np.allclose(picture[12:20], (np.arange(8) + 0.5) / 8)
    assert np.allclose(picture[24:32], 1 + (np.arange(8) + 0.5) / 8)


def test_context_at_the_edge_of_a_window_never_shows():
    def spoilt(i, j, window):
        scores = position(i, j, window)
        scores[:, :4] = scores[:, -4:] = scores[:, :, :4] = scores[:, :, -4:] = 1e6
        return scores

    plan = Plan(Window(0, 0, 90, 90), (32, 32), 4, 6, 1)
    assert joined(plan, spoilt).max() < 100
