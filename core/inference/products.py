"""Which files a run makes: the map itself, of classes or of numbers, and the files that were asked for besides."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

import numpy as np

from ..mlm.model import Band, ModelOutput
from . import sidecars
from .coding import Coding
from .layers import ClassLayer, ConfidenceLayer, Layer, ValueLayer
from .rows import Grid
from .scratch import Scratch


@dataclass(frozen=True)
class Wanted:
    """Files besides the map, where they are wanted.

    `min_area` (square metres) and `simplify` (pixels) say how polygons of classes are made.
    """

    probabilities: Optional[Path] = None
    confidence: Optional[Path] = None
    vector: Optional[Path] = None
    min_area: float = 0.0
    simplify: float = 0.0

    def paths(self) -> dict[str, Path]:
        named = {"probabilities": self.probabilities, "confidence": self.confidence, "vector": self.vector}
        return {name: path for name, path in named.items() if path is not None}


@dataclass
class Products:
    """The files of one output under construction; a context manager, in whose end unfinished ones are gone."""

    output: ModelOutput
    coded: Optional[Coding]
    channels: int
    grid: Grid
    scene: bool
    tags: Mapping[str, str]
    scratch: Scratch
    wanted: Wanted
    classes: Optional[ClassLayer] = None
    _layers: list[Layer] = field(default_factory=list)
    _scratches: dict[str, Scratch] = field(default_factory=dict)
    _scenes: Optional[Any] = None
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Products:
        with ExitStack() as opening:
            opening.enter_context(self.scratch)
            for name, path in self.wanted.paths().items():
                self._scratches[name] = opening.enter_context(Scratch(path, within=self.scratch))
            for layer in self._all():
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

    def complete(self, check: Callable[[], None]) -> None:
        """Complete all files, under names that nobody sees yet; `check` may raise to stop."""
        for layer in self._layers:
            layer.finish(check)
        if self.coded is None:
            return
        sidecars.write_category_names(self.scratch.path(".aux.xml"), self.coded.entries)
        sidecars.write_style(self.scratch.path().with_suffix(".qml"), self.coded.entries)
        if "vector" in self._scratches:
            self._vector(self._scratches["vector"].path(), self.coded, check)

    def name(self) -> None:
        """Give all files their names, the map last."""
        for scratch in (*self._scratches.values(), self.scratch):
            scratch.finish()

    def _all(self) -> list[Layer]:
        layers: list[Layer] = []
        if self.coded is None:
            bands = self._bands()
            names = [band.name for band in bands] or [""] * self.channels
            layers.append(ValueLayer(self.scratch.path(), self.grid, names, self.tags, bands))
        else:
            self.classes = ClassLayer(self.scratch.path(), self.grid, self.coded, self.tags)
            layers.append(self.classes)
        if "probabilities" in self._scratches:
            path = self._scratches["probabilities"].path()
            layers.append(ValueLayer(path, self.grid, self.class_names(), self.tags))
        if "confidence" in self._scratches:
            layers.append(ConfidenceLayer(self._scratches["confidence"].path(), self.grid, self.coded, self.tags))
        if "vector" in self._scratches and self.scene and self.coded is not None:
            from .scenes import SceneLayer  # needs shapely, see _vector

            self._scenes = SceneLayer(self.grid, self.coded, self.class_names())
            layers.append(self._scenes)
        return layers

    def _vector(self, path: Path, coded: Coding, check: Callable[[], None]) -> None:
        # Here and not above: a system's Python may be the runtime without what makes polygons.
        from .polygons import polygons
        from .vectors import write, write_style

        if self._scenes is not None:
            features = self._scenes.features()
        else:
            features = polygons(
                self.scratch.path(), coded.entries, self.wanted.min_area, self.wanted.simplify, check=check
            )
        check()
        write(path, features, self.grid.crs, "Polygon", self.tags["TIFFTAG_IMAGEDESCRIPTION"], self.tags)
        write_style(path, [e for e in coded.entries if not e.nodata], "value")

    def _bands(self) -> Sequence[Band]:
        """Return what the item says of the output's bands; nothing where it describes another number of them."""
        said = (*self.output.bands, *self.output.variables)
        return said if len(said) == self.channels else ()

    def class_names(self) -> Sequence[str]:
        """Return what the scores' bands are called."""
        if len(self.output.classes) != self.channels:
            return [f"score {k}" for k in range(self.channels)]
        return [c.label for c in self.output.classes]


def only_map(wanted: Wanted) -> Wanted:
    """Return the wishes for a further output: none of the files that belong to the first."""
    return replace(wanted, probabilities=None, confidence=None, vector=None)
