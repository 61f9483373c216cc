"""Numbers of a scaling that leave nothing of the values: refused with the value, before anything is computed."""

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.read import read


@pytest.mark.parametrize(
    ("scaling", "why"),
    [
        ({"type": "z-score", "mean": float("nan"), "stddev": 1}, "mean must be a finite number"),
        ({"type": "z-score", "mean": 0, "stddev": float("inf")}, "stddev must be a finite number"),
        ({"type": "z-score", "mean": 0, "stddev": 0}, "stddev must be above 0"),
        ({"type": "z-score", "mean": 0, "stddev": 1e-300}, "stddev must be above 0.*1e-300"),
        ({"type": "z-score", "mean": 1e300, "stddev": 1}, "mean must be a number that float32 can hold.*1e.300"),
        ({"type": "min-max", "minimum": 3, "maximum": 3}, "maximum must be more than the minimum, 3"),
        ({"type": "min-max", "minimum": 1e8, "maximum": 1e8 + 1}, "maximum must be more than the minimum, 100000000"),
        ({"type": "min-max", "minimum": 1e6, "maximum": 1e6 + 1e-9}, "maximum must be more than the minimum, 1000000"),
        ({"type": "min-max", "minimum": 0, "maximum": 1e-40}, "maximum must be more than the minimum, 0.*1e-40"),
        (
            {"type": "min-max", "minimum": -3e38, "maximum": 3e38},
            r"maximum must be no more than 3.4e\+38 above the minimum, -3e\+38",
        ),
        ({"type": "scale", "value": 0}, "value must be other than 0"),
        ({"type": "scale", "value": 1e-320}, "value must be other than 0"),
        ({"type": "clip", "minimum": 1, "maximum": 0}, "maximum must be more than the minimum, 1"),
    ],
)
def test_a_scaling_that_leaves_no_numbers_is_refused_with_its_value(item, scaling, why):
    with pytest.raises(ItemUnreadable, match=rf"value_scaling\[0\]\.{why}"):
        read(item(input={"value_scaling": [scaling]}))


def test_a_clip_may_leave_one_side_open(item):
    assert read(item(input={"value_scaling": [{"type": "clip", "minimum": -3.4e38, "maximum": 3.4e38}]})).inputs
