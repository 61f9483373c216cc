"""Stored values become what the model was trained on: units, expressions, then `value_scaling`.

Where a pixel is not valid the network sees 0 after scaling: the mean of a band under z-score, the minimum under min-
max. Formulas are those of MLM 1.5, Value Scaling Object.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable, Optional, Sequence, Union

import numpy as np

from ..mlm.expression import Parsed, by_letters, letters, parse
from ..mlm.model import Expression, ModelInput, ValueScaling
from ..mlm.sources import for_each, scalings
from .expressions import compute


@dataclass(frozen=True)
class Function:
    """A function of the item: `each` where it changes every channel, `lettered` where it calls them A, B, C."""

    parsed: Parsed
    each: bool
    lettered: bool


@dataclass(frozen=True)
class Recipe:
    """What happens to the values of a window.

    `units` holds (factor, offset) for each source band, `names` what they are called. `channels` are what the network
    gets, in order: the place of a source band, or an expression of them; `called` are their names. `functions` then
    change each channel, or make one of all, and `scaling` is what is done to each that is left.
    """

    units: tuple[tuple[float, float], ...]
    names: tuple[str, ...]
    channels: tuple[Union[int, Parsed], ...]
    called: tuple[str, ...]
    functions: tuple[Function, ...]
    scaling: tuple[Optional[ValueScaling], ...]


def recipe(given: ModelInput, units: Sequence[tuple[float, float]], skip_functions: bool = False) -> Recipe:
    """Return the recipe of an input; `units` are those of its source bands."""
    places = iter(range(len(given.sources)))
    return Recipe(
        units=tuple(units),
        names=tuple(band.name for band in given.sources),
        channels=tuple(next(places) if b.expression is None else parse(b.expression) for b in given.fed),
        called=tuple(band.name for band in given.fed),
        functions=() if skip_functions else tuple(_function(f, given) for f in given.pre_processing),
        scaling=scalings(given, skip_functions),
    )


def _function(expression: Expression, given: ModelInput) -> Function:
    parsed = parse(expression)
    return Function(parsed, for_each(expression, parsed, given), by_letters(expression, parsed))


def prepare(stored: np.ndarray, valid: np.ndarray, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 (channels, height, width) as the model was trained on, and where they are valid.

    `stored` holds the source bands. A pixel for which an expression gives no number (0 / 0) is not valid.
    """
    values = stored.astype(np.float32)
    for band, (factor, offset) in zip(values, recipe.units):
        if (factor, offset) != (1.0, 0.0):
            _multiply(band, factor)
            band += np.float32(offset)
    if recipe.channels != tuple(range(len(values))) or recipe.functions:
        values = _computed(values, recipe)
        valid = valid & np.isfinite(values).all(axis=0)
    for band, scaling in zip(values, recipe.scaling):
        if scaling is not None:
            band[...] = SCALE[scaling.type](band, scaling)
            if scaling.expression is not None:
                valid = valid & np.isfinite(band)
    values[:, ~valid] = 0
    return values, valid


def _multiply(band: np.ndarray, factor: float) -> None:
    """Multiply in place, or divide by the whole number that `factor` is the inverse of.

    1 / 10000 is no float32: by a rounded factor a third of all reflectances come out beside the float32 next to them,
    on the other side of a tree's split, which lies at values of the training data.
    """
    whole = round(1 / factor) if abs(factor) > 2**-24 else 0  # larger numbers are not all float32 themselves
    if whole and math.isclose(whole * factor, 1, rel_tol=1e-12):
        band /= np.float32(whole)
    else:
        band *= np.float32(factor)


def _computed(values: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Return the channels: source bands as they are, computed ones, and what functions make of all of them."""
    sources = dict(zip(recipe.names, values))
    channels = [values[c] if isinstance(c, int) else compute(c, sources) for c in recipe.channels]
    for function in recipe.functions:
        if function.each:
            channels = [compute(function.parsed, dict.fromkeys(function.parsed.names or ("A",), c)) for c in channels]
        elif function.lettered:
            channels = [compute(function.parsed, dict(zip(letters(len(channels)), channels)))]
        else:
            channels = [compute(function.parsed, {**sources, **dict(zip(recipe.called, channels))})]
    return np.stack(channels)


def _number(value: Optional[float]) -> np.float32:
    return np.float32(0.0 if value is None else value)


def _by_expression(values: np.ndarray, expression: Optional[Expression]) -> np.ndarray:
    """Return a band scaled by an expression, in which it has any one name."""
    if expression is None:
        return values
    parsed = parse(expression)
    return compute(parsed, dict.fromkeys(parsed.names or ("A",), values))


SCALE: dict[str, Callable[[np.ndarray, ValueScaling], np.ndarray]] = {
    "min-max": lambda x, s: (x - _number(s.minimum)) / (_number(s.maximum) - _number(s.minimum)),
    "z-score": lambda x, s: (x - _number(s.mean)) / _number(s.stddev),
    "clip": lambda x, s: np.clip(x, _number(s.minimum), _number(s.maximum)),
    "clip-min": lambda x, s: np.maximum(x, _number(s.minimum)),
    "clip-max": lambda x, s: np.minimum(x, _number(s.maximum)),
    "offset": lambda x, s: x - _number(s.value),
    "scale": lambda x, s: x / _number(s.value),
    "processing": lambda x, s: _by_expression(x, s.expression),
}
"""The specification's word for a scaling, and what it does. The reader has made sure that its numbers are there."""
