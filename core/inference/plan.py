"""Which windows are computed and how they overlap, decided before the first pixel is read.

A window is `tile` pixels and yields its inside: the `halo` at each side is context only, since a network pads there.
Insides of neighbours share `ramp` pixels, over which one fades into the other; without a ramp they touch. Windows may
hang over the raster's edge, where it is continued as in a mirror, so every pixel has the same surroundings in whatever
window it falls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Iterator, Optional, Sequence

from ..errors import UsageError
from .geometry import Geometry
from .layout import Layout

TILE = 256
"""Side of a window where neither the file nor the item fixes it."""
LARGEST = 1024
"""The largest tile that an item's word alone is taken for; items that declare a whole scene (10980) mean any size."""
MOST_TILE = 8192
"""The largest tile that can be asked for: 64 million pixels at once."""
PIXEL_TILE = 512
"""Side of the block of pixels handed at once to a model that sees one pixel at a time."""
OVERLAP = 0.2
"""Share of the tile that neighbours have in common: the middle half of it is blended, the rest is context."""
COVERED = 4
"""A halo grows to cover the network's receptive field where that takes at most this part of the tile at each side."""
MOST_OVERLAP = 0.6
"""More than this would let three windows fade into one another."""


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels of the raster; it may begin before 0 and end behind the last."""

    row: int
    col: int
    height: int
    width: int


@dataclass(frozen=True)
class Plan:
    """The windows of a run. `area` is what is asked for, in the raster's pixels; `tile` is (height, width)."""

    area: Window
    tile: tuple[int, int]
    halo: int
    ramp: int
    batch: int

    @property
    def inside(self) -> tuple[int, int]:
        """Height and width of what a window yields, ramps included."""
        return self.tile[0] - 2 * self.halo, self.tile[1] - 2 * self.halo

    @property
    def rows(self) -> int:
        return self._count(self.area.height, self.inside[0])

    @property
    def columns(self) -> int:
        return self._count(self.area.width, self.inside[1])

    def windows(self) -> Iterator[tuple[int, int, Window]]:
        """Yield (row of windows, column of windows, what to read) from the top left, row by row."""
        for i in range(self.rows):
            for j in range(self.columns):
                top = self.area.row + i * (self.inside[0] - self.ramp) - self.halo
                left = self.area.col + j * (self.inside[1] - self.ramp) - self.halo
                yield i, j, Window(top, left, *self.tile)

    def scaled(self, geometry: Geometry) -> Plan:
        """Return the same windows in the pixels of an output that lies on the input as `geometry` says."""
        if geometry == Geometry():
            return self
        out = geometry.scale
        area = Window(
            round(self.area.row * out), round(self.area.col * out),
            math.ceil(self.area.height * out), math.ceil(self.area.width * out),
        )  # fmt: skip
        tile = (geometry.out(self.tile[0] - 2 * geometry.margin), geometry.out(self.tile[1] - 2 * geometry.margin))
        return Plan(area, tile, geometry.out(self.halo - geometry.margin), geometry.out(self.ramp), self.batch)

    def _count(self, size: int, inside: int) -> int:
        return max(1, math.ceil((size - self.ramp) / (inside - self.ramp)))


def tile_of(layout: Layout, wish: Optional[int] = None) -> tuple[int, int]:
    """Return height and width of the windows: what the file fixes, else what is asked for, else what the item says.

    A network whose input is resized takes windows of any size. Raises `UsageError` where `wish` contradicts the file.
    """
    if wish is not None and not 8 <= wish <= MOST_TILE:
        raise UsageError(f"A tile of {wish} pixels makes no sense; use 8 to {MOST_TILE}.")
    if layout.per_pixel:
        return (wish or PIXEL_TILE, wish or PIXEL_TILE)
    return _side(layout, "height", wish), _side(layout, "width", wish)


def plan(
    layout: Layout,
    area: Window,
    tile: tuple[int, int],
    geometries: Sequence[Geometry] = (),
    overlap: Optional[float] = None,
    merge: str = "blend",
    batch_size: Optional[int] = None,
) -> Plan:
    """Return the windows of `tile` (height, width) that cover `area`; `geometries` are those of the outputs.

    Raises `UsageError` where an option contradicts the model's file.
    """
    if merge not in ("blend", "crop"):
        raise UsageError(f"Merging {merge!r} is not known; use blend or crop.")
    share = OVERLAP if overlap is None else overlap
    if not 0 <= share <= MOST_OVERLAP:
        raise UsageError(f"An overlap of {share:g} makes no sense; use a fraction from 0 to {MOST_OVERLAP:g}.")
    if layout.per_pixel:
        return Plan(area, tile, 0, 0, 1)
    if layout.scene:
        return _within(Plan(area, tile, 0, 0, _batch(layout, batch_size)), layout)
    if layout.objects is not None:
        # Each window's objects are taken whole, so that what windows share needs no context and no fading.
        ramp = round(min(tile) * share)
        return _within(Plan(area, tile, 0, ramp, _batch(layout, batch_size)), layout)
    unit = math.lcm(*(g.unit for g in geometries)) if geometries else 1
    if tile[0] % unit or tile[1] % unit:
        raise UsageError(
            f"The model gives one pixel for {unit}, and a tile of {tile[0]} x {tile[1]} is no multiple of that. "
            f"Use a tile of {math.ceil(max(tile) / unit) * unit}."
        )
    overlap_px = 2 * round(min(tile) * share / 2)
    halo = overlap_px // 2 if merge == "crop" or layout.labels else overlap_px // 4
    ramp = overlap_px - 2 * halo
    if overlap is None and layout.radius is not None and halo < layout.radius <= min(tile) // COVERED:
        halo = layout.radius
    margin = max((g.margin for g in geometries), default=0)
    halo = math.ceil(max(halo, margin) / unit) * unit
    ramp = min(math.ceil(ramp / unit) * unit, (min(tile) - 2 * halo) // (2 * unit) * unit)
    if overlap is None and min(tile) <= 2 * halo:
        # Nobody asked for context, and a coarse result of small windows leaves no room for it.
        halo, ramp = math.ceil(margin / unit) * unit, 0
    if min(tile) - 2 * halo <= 0:
        raise UsageError(
            f"A tile of {tile[0]} x {tile[1]} has nothing left inside {halo} pixels of context at each side. "
            "Use a larger tile, or less overlap."
        )
    return _within(Plan(area, tile, halo, ramp, _batch(layout, batch_size)), layout)


def _within(plan: Plan, layout: Layout) -> Plan:
    """Return the plan with no more windows in a batch than there are, unless the file fixes their number."""
    return plan if layout.size("batch") is not None else replace(plan, batch=min(plan.batch, plan.rows * plan.columns))


def _side(layout: Layout, side: str, wish: Optional[int]) -> int:
    fixed, declared = layout.size(side), layout.declared.get(side, -1)
    if fixed is not None:
        if wish is not None and wish != fixed and not layout.entries[0].resize:
            raise UsageError(f"The model's file takes tiles of {fixed} pixels {side}; a tile of {wish} can't be used.")
        return wish or fixed
    if wish is not None:
        return wish
    if declared < 8 and layout.scene:
        raise UsageError("The model gives one class for an image of any size. Say how large its tiles are (--tile N).")
    return declared if 8 <= declared <= LARGEST else TILE


def _batch(layout: Layout, wish: Optional[int]) -> int:
    if wish is not None and wish < 1:
        raise UsageError(f"A batch of {wish} windows makes no sense; use 1 or more.")
    fixed = layout.size("batch") if layout.batched else 1
    if fixed is not None:
        if wish is not None and wish != fixed:
            raise UsageError(f"The model's file takes batches of {fixed}; {wish} can't be used.")
        return fixed
    return wish or 1
