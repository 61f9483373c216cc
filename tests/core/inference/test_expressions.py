import numpy as np
import pytest

from mlm_runner.core.errors import NotRunnable
from mlm_runner.core.inference.expressions import compute
from mlm_runner.core.mlm.expression import parse
from mlm_runner.core.mlm.model import Expression

A = np.array([[1.0, 4.0], [0.0, -2.0]], np.float32)
B = np.array([[3.0, 4.0], [0.0, 2.0]], np.float32)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(B - A) / (B + A)", [[0.5, 0.0], [np.nan, np.inf]]),
        ("A * logical_or(A <= 0, A >= 4)", [[0, 4], [0, -2]]),
        ("where(A > B, A, B)", [[3, 4], [0, 2]]),
        ("numpy.clip(A, 0, 3)", [[1, 3], [0, 0]]),
        ("logical_not(A)", [[0, 0], [1, 0]]),
        ("(A > 0) & (B > 3)", [[0, 1], [0, 0]]),
        ("-A ** 2 + 1", [[0, -15], [1, -3]]),
        ("minimum(maximum(A / 2.0, 0), 1)", [[0.5, 1], [0, 0]]),
        ("9 ** 9 ** 9", [[np.inf, np.inf], [np.inf, np.inf]]),
    ],
)
def test_an_expression_gives_what_the_same_formula_gives_by_hand(text, expected):
    assert np.allclose(compute(parse(Expression("gdal-calc", text)), {"A": A, "B": B}), expected, equal_nan=True)


def test_a_name_that_no_band_has_is_said():
    with pytest.raises(NotRunnable, match="names B11, and there is B04, B08"):
        compute(parse(Expression("rio-calc", "B04 - B11")), {"B04": A, "B08": B})
