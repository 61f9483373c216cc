"""How an output's pixels lie on the input's: how many there are for one, and what a network without padding cuts off.

For an input of n pixels the output has scale x (n - 2 margin): 1 and 0 where both are of one size, 1 and 2 for two
valid convolutions of 3 x 3, 1/4 and 0 for a network that gives a coarse map, 2 and 0 for one that doubles resolution.
Sizes of the file decide; where it leaves them free, two trials tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Optional

from ..errors import NotRunnable

SMALL = (64, 128)
"""Sides of the squares on which a network of free size is tried."""
CLASS_TOKENS = (0, 1, 5)
"""How many tokens a vision transformer has besides its patches: none, a class token, and four registers with it."""


@dataclass(frozen=True)
class Geometry:
    """Output pixels for one input pixel, and input pixels lost at each side."""

    scale: Fraction = Fraction(1)
    margin: int = 0

    @property
    def unit(self) -> int:
        """How many input pixels a whole number of output pixels needs."""
        return self.scale.denominator

    def out(self, pixels: int) -> int:
        """Return how many output pixels a stretch of input pixels has, which is a multiple of `unit`."""
        return int(pixels * self.scale)


def of_sizes(given: tuple[int, int], made: tuple[int, int]) -> Geometry:
    """Return the geometry of a network that makes `made` (height, width) of `given`.

    Raises `NotRunnable` where the two can't lie on each other: other factors along both sides, or half a pixel cut off.
    """
    if given == made:
        return Geometry()
    scales = {Fraction(m, g) for g, m in zip(given, made)}
    lost = {g - m for g, m in zip(given, made)}
    if len(scales) == 1 and 1 in (next(iter(scales)).numerator, next(iter(scales)).denominator):
        return Geometry(scales.pop())
    cut = next(iter(lost))
    if len(lost) == 1 and cut > 0 and cut % 2 == 0:
        return Geometry(Fraction(1), cut // 2)
    raise _no_image(f"{given[0]} x {given[1]} pixels", f"{made[0]} x {made[1]}")


def _no_image(given: str, made: str) -> NotRunnable:
    return NotRunnable(
        f"The model turns windows of {given} into {made}, which is no image of them: neither as many pixels, nor a "
        "multiple or a fraction, nor as many pixels cut off at opposite sides. Choose another model."
    )


def of_two(sizes: tuple[int, int], made: tuple[int, int]) -> Geometry:
    """Return the geometry from what squares of two sizes become; raises `NotRunnable` as `of_sizes` does."""
    scale = Fraction(made[1] - made[0], sizes[1] - sizes[0])
    if scale > 0 and 1 in (scale.numerator, scale.denominator):
        margin = (sizes[0] - made[0] / scale) / 2
        if margin >= 0 and margin % scale.denominator == 0:
            return Geometry(scale, int(margin))
    raise _no_image(f"{sizes[0]} and {sizes[1]} pixels", f"{made[0]} and {made[1]}")


def patches(tokens: int) -> Optional[tuple[int, int]]:
    """Return the side of the square of patches that a row of tokens is, and how many tokens come before it."""
    for extra in CLASS_TOKENS:
        side = isqrt(max(0, tokens - extra))
        if side and side * side == tokens - extra:
            return side, extra
    return None
