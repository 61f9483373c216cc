"""Which files a run makes: the map itself, of classes or of numbers, and the rasters that were asked for besides."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

import numpy as np

from ..mlm.model import ModelOutput
from .coding import Coding
from .layers import ClassLayer, ConfidenceLayer, Layer, ValueLayer
from .rows import Grid
from .scratch import Scratch
from .sidecars import write_category_names, write_style


@dataclass(frozen=True)
class Wanted:
    """Files besides the map, where they are wanted."""

    probabilities: Optional[Path] = None
    confidence: Optional[Path] = None

    def paths(self) -> dict[str, Path]:
        named = {"probabilities": self.probabilities, "confidence": self.confidence}
        return {name: path for name, path in named.items() if path is not None}


@dataclass
class Products:
    """The files under construction; a context manager, in whose end unfinished ones are gone."""

    output: ModelOutput
    coded: Optional[Coding]
    channels: int
    grid: Grid
    tags: Mapping[str, str]
    scratch: Scratch
    wanted: Wanted
    classes: Optional[ClassLayer] = None
    _layers: list[Layer] = field(default_factory=list)
    _scratches: list[Scratch] = field(default_factory=list)
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Products:
        with ExitStack() as opening:
            for layer in self._all(opening):
                self._layers.append(opening.enter_context(layer))
            self._exit = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.__exit__(*error)  # type: ignore[arg-type]  # what a context manager is given, handed on

    def put(self, row: int, col: int, scores: np.ndarray, valid: np.ndarray) -> None:
        """Take finished scores (channels, rows, columns) at a place of the result."""
        for layer in self._layers:
            layer.put(row, col, scores, valid)

    def done(self, row: int) -> None:
        """Say that everything above `row` is final."""
        for layer in self._layers:
            layer.done(row)

    def finish(self, check: Callable[[], None]) -> None:
        """Complete all files and give them their names, the map last."""
        for layer in self._layers:
            layer.finish(check)
        if self.coded is not None:
            write_category_names(self.scratch.path(".aux.xml"), self.coded.entries)
            write_style(self.scratch.path().with_suffix(".qml"), self.coded.entries)
        check()
        for scratch in (*self._scratches, self.scratch):
            scratch.finish()

    def _all(self, opening: ExitStack) -> list[Layer]:
        layers: list[Layer] = []
        if self.coded is None:
            layers.append(ValueLayer(self.scratch.path(), self.grid, self._band_names(), self.tags))
        else:
            self.classes = ClassLayer(self.scratch.path(), self.grid, self.coded, self.tags)
            layers.append(self.classes)
        for name, path in self.wanted.paths().items():
            scratch = opening.enter_context(Scratch(path))
            self._scratches.append(scratch)
            if name == "probabilities":
                layers.append(ValueLayer(scratch.path(), self.grid, self._class_names(), self.tags))
            else:
                layers.append(ConfidenceLayer(scratch.path(), self.grid, self.tags))
        return layers

    def _band_names(self) -> Sequence[str]:
        """Return what the item calls the output's bands; without names they have none."""
        named = [b.name for b in (*self.output.bands, *self.output.variables)]
        return named if len(named) == self.channels else [""] * self.channels

    def _class_names(self) -> Sequence[str]:
        if len(self.output.classes) != self.channels:
            return [f"score {k}" for k in range(self.channels)]
        return [c.label for c in self.output.classes]
