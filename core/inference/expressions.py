"""Computes parsed expressions on arrays; what an expression may hold is decided in `core.mlm.expression`."""

from __future__ import annotations

from typing import Callable, Mapping

import numpy as np

from ..errors import NotRunnable
from ..mlm.expression import FUNCTIONS, Call, Name, Parsed, Tree

OPERATIONS: dict[str, Callable[..., np.ndarray]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "%": np.mod,
    "//": np.floor_divide, "&": np.logical_and, "|": np.logical_or, "^": np.logical_xor,
    "+x": np.positive, "-x": np.negative, "~x": np.logical_not,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
    **{name: getattr(np, name) for name in FUNCTIONS},
}  # fmt: skip
"""Operators and functions by their name in a tree; on pixels that are true or false, & and | are logical."""


def compute(parsed: Parsed, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the expression's value as float32, for arrays by name; raises `NotRunnable` for a name without one.

    Where it is no number (0 / 0), the result is NaN or infinite; the caller decides what that means.
    """
    missing = [name for name in parsed.names if name not in values]
    if missing:
        given = ", ".join(values)
        raise NotRunnable(f"The expression names {missing[0]}, and there is {given}. Ask the item's publisher.")
    with np.errstate(all="ignore"):
        result = _value(parsed.tree, values)
    shape = np.broadcast_shapes(*(v.shape for v in values.values()))
    return np.broadcast_to(np.asarray(result, dtype=np.float32), shape)


def _value(tree: Tree, values: Mapping[str, np.ndarray]) -> np.ndarray:
    if isinstance(tree, Name):
        return values[tree.name]
    if isinstance(tree, Call):
        return OPERATIONS[tree.function](*(_value(argument, values) for argument in tree.arguments))
    return np.asarray(tree, dtype=np.float32)
