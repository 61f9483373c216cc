"""Stored numbers become the very float32 that their quotient is: trees split between values one step apart."""

from __future__ import annotations

import numpy as np
import pytest

from mlm_runner.core.inference.prepare import Recipe, prepare

ALL = np.arange(65536, dtype=np.uint16).reshape(1, 256, 256)


def prepared(factor: float, offset: float = 0.0) -> np.ndarray:
    recipe = Recipe(((factor, offset),), ("b",), (0,), ("b",), (), (None,))
    return prepare(ALL, np.ones((256, 256), bool), recipe)[0]


@pytest.mark.parametrize("divisor", [255, 1000, 10_000, 65_535])
def test_every_16_bit_number_divided_is_the_float32_next_to_the_quotient(divisor):
    # Python's own division, in 64 bits, rounded once.
    expected = np.array([number / divisor for number in range(65536)], dtype=np.float32)
    assert (prepared(1 / divisor).ravel() == expected).all()


def test_a_factor_that_is_no_inverse_of_a_whole_number_multiplies():
    # Landsat Collection 2, surface reflectance (USGS): 2.75e-5 and -0.2.
    expected = np.array([number * 2.75e-5 - 0.2 for number in range(65536)])
    assert np.abs(prepared(2.75e-5, -0.2).ravel() - expected).max() < 2e-7
