"""Every type of value_scaling, as MLM 1.5's table gives its formula, and what older forms had in its place."""

from __future__ import annotations

import numpy as np
import pytest

VALUES = np.array([[[-2.0, 0.0, 1.0], [5.0, 7.5, 12.0]], [[4.0, 1.0, 0.5], [100.0, -3.0, 2.0]]], dtype=np.float32)
FORMULAS = {
    "min-max": ({"minimum": -1, "maximum": 9}, lambda x: (x - -1) / (9 - -1)),
    "z-score": ({"mean": 2.5, "stddev": 0.5}, lambda x: (x - 2.5) / 0.5),
    "clip": ({"minimum": 0, "maximum": 5}, lambda x: min(max(x, 0), 5)),
    "clip-min": ({"minimum": 0.75}, lambda x: max(x, 0.75)),
    "clip-max": ({"maximum": 6}, lambda x: min(x, 6)),
    "offset": ({"value": 3}, lambda x: x - 3),
    "scale": ({"value": 4}, lambda x: x / 4),
    "processing": ({"format": "gdal-calc", "expression": "A * logical_or(A <= 1, A >= 7)"},
                   lambda x: x if x <= 1 or x >= 7 else 0),
}  # fmt: skip
"""The specification's words, and its formula for a single number."""


@pytest.fixture
def scaled(engine, item, convolution, raster):
    """Run a network that changes nothing; returns what it was fed."""

    def go(scaling, **given):
        described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"], tasks=["regression"],
                         value_scaling=scaling)  # fmt: skip
        del described["properties"]["mlm:output"][0]["classification:classes"]
        described["properties"]["mlm:input"][0].update(given)
        made, found = engine(described, raster(VALUES, ("red", "nir")))
        return made.read(), found

    return go


def by_hand(*formulas):
    return np.array(
        [[[formula(float(x)) for x in row] for row in band] for band, formula in zip(VALUES, formulas, strict=True)]
    )


@pytest.mark.parametrize("kind", FORMULAS)
def test_one_scaling_is_for_all_bands(scaled, kind):
    numbers, formula = FORMULAS[kind]
    made, found = scaled([{"type": kind, **numbers}])
    assert np.allclose(made, by_hand(formula, formula), atol=1e-6)
    assert any(step.startswith(f"value_scaling: {kind}(") for step in found["applied"])


@pytest.mark.parametrize("kind", FORMULAS)
@pytest.mark.parametrize("nothing", [None, {"type": None}])
def test_each_band_has_its_own_and_null_leaves_a_band_as_it_is(scaled, kind, nothing):
    numbers, formula = FORMULAS[kind]
    made, _ = scaled([nothing, {"type": kind, **numbers}])
    assert np.allclose(made, by_hand(lambda x: x, formula), atol=1e-6)


@pytest.mark.parametrize(
    ("norm", "statistics", "formula"),
    [
        ("min-max", {"minimum": -1, "maximum": 9}, FORMULAS["min-max"][1]),
        ("z-score", {"mean": 2.5, "stddev": 0.5}, FORMULAS["z-score"][1]),
        ("z-score", {"mean": 2.5, "std": 0.5}, FORMULAS["z-score"][1]),
    ],
)
def test_the_norms_of_forms_before_1_4_are_the_same_formulas(scaled, norm, statistics, formula):
    older = {"norm_type": norm, "norm_by_channel": True, "statistics": [statistics, statistics]}
    made, _ = scaled(None, **older)
    assert np.allclose(made, by_hand(formula, formula), atol=1e-6)


def test_the_clip_of_forms_before_1_4_divides_and_then_clips_to_0_and_1(scaled):
    made, _ = scaled(None, norm_type="clip", norm_by_channel=True, norm_clip=[10, 2])
    assert np.allclose(made, by_hand(lambda x: min(max(x / 10, 0), 1), lambda x: min(max(x / 2, 0), 1)), atol=1e-6)
