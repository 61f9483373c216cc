"""Inputs that take no bands: a number, or a list of numbers, that the item gives among its parameters."""

from __future__ import annotations

from typing import Any, Optional

from .model import Model, ModelInput


def constant(model: Model, given: ModelInput) -> Optional[Any]:
    """Return the value of an input without bands: a number or nested lists of numbers; None where the item has none.

    It is looked for under the input's name in its own `params`, then in the model's hyperparameters; of `params` that
    hold one thing only, that is it.
    """
    for place in (given.params, model.hyperparameters):
        value = _numbers(place.get(given.name))
        if value is not None:
            return value
    return _numbers(next(iter(given.params.values()))) if len(given.params) == 1 else None


def _numbers(value: Any) -> Optional[Any]:
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, list) and value and all(_numbers(member) is not None for member in value):
        return value
    return None
