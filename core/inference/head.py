"""One output of the network in a run: its scores are joined to a picture, which goes to its files."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Callable, Optional

import numpy as np

from .coding import Coding
from .layout import Layout
from .mosaic import Mosaic, Scenes
from .plan import Plan
from .products import Products
from .reader import Ready
from .rows import Grid
from .scoring import Scoring

HALF = 0.5
"""The share of the pixels under a coarser one, or in a window, that must have a value for it to get one."""


class Head:
    """The files of one output, under construction; a context manager."""

    def __init__(
        self, scoring: Scoring, coded: Optional[Coding], layout: Layout, plan: Plan, grid: Grid, products: Products
    ) -> None:
        self.scoring, self.coded, self.grid, self.products = scoring, coded, grid, products
        self._layout, self._plan = layout, plan
        self.any_value = False
        """Whether any pixel had a value in all needed bands, within the mask."""
        self._scaled = plan if scoring.exit.scene else plan.scaled(scoring.trait.geometry)
        scene = layout.scene
        self._mosaic = Scenes() if scene else Mosaic(self._scaled, scoring.trait.channels, scoring.data_type)

    def __enter__(self) -> Head:
        self.products.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.products.__exit__(*error)

    def scores(self, raw: np.ndarray, count: int) -> np.ndarray:
        """Return the scores of `count` windows from what the network gave; to be called from any thread."""
        return self.scoring.scores(raw, self._layout, self._plan, count)

    def take(self, batch: list[Ready], scored: Optional[np.ndarray]) -> None:
        """Take the scores of those windows of a batch that were computed; the others stay empty."""
        computed = iter(() if scored is None else scored)
        for window in batch:
            if window.values is None:
                end = self._mosaic.skip(window.i, window.j)
            else:
                row, col, finished = self._mosaic.add(window.i, window.j, next(computed))
                valid = self.scoring.proved(finished, self._valid(window, finished))
                self.any_value = self.any_value or bool(valid.any())
                self.products.put(row, col, finished, valid)
                end = row + finished.shape[1]
            if window.j == self._plan.columns - 1:
                self.products.done(end)

    def end(self) -> None:
        """Say that all windows have come."""
        self.products.done(self.grid.height)

    def _valid(self, window: Ready, finished: np.ndarray) -> np.ndarray:
        """Return where finished scores are valid; what is made of several pixels is, where half of them are."""
        if self._layout.scene:
            return np.full((1, 1), window.valid.mean() >= HALF)
        halo = self._plan.halo
        inside = window.valid[halo : window.valid.shape[0] - halo, halo : window.valid.shape[1] - halo]
        return _on_output(inside, self.scoring)[: finished.shape[1], : finished.shape[2]]


def _on_output(valid: np.ndarray, scoring: Scoring) -> np.ndarray:
    """Return where pixels of the output are valid, for the pixels of the input."""
    scale = scoring.trait.geometry.scale
    if scale > 1:
        return valid.repeat(scale.numerator, axis=0).repeat(scale.numerator, axis=1)
    if scale < 1:
        unit = scale.denominator
        height, width = valid.shape
        blocks = valid.reshape(height // unit, unit, width // unit, unit)
        return blocks.mean(axis=(1, 3)) >= HALF
    return valid


class Heads:
    """All heads of a run; a context manager. The first is the map that was asked for."""

    def __init__(self, heads: list[Head]) -> None:
        self.all = heads
        self._exit = ExitStack()

    def __enter__(self) -> Heads:
        with ExitStack() as opening:
            for head in self.all:
                opening.enter_context(head)
            self._exit = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.__exit__(*error)  # type: ignore[arg-type]  # what a context manager is given, handed on

    def scores(self, raw: list[np.ndarray], count: int) -> list[np.ndarray]:
        """Return the scores of each head for `count` windows."""
        return [head.scores(one, count) for head, one in zip(self.all, raw)]

    def take(self, batch: list[Ready], scored: Optional[list[np.ndarray]]) -> None:
        """Hand to each head its own scores for a batch."""
        for place, head in enumerate(self.all):
            head.take(batch, None if scored is None else scored[place])

    def finish(self, check: Callable[[], None]) -> None:
        """Complete all files, the first head's last; then give them their names, in the same order."""
        for head in self.all:
            head.end()
        for head in reversed(self.all):
            head.products.complete(check)
        check()
        for head in reversed(self.all):
            head.products.name()
