"""A model that gives one class for each window, as polygons: the windows' outlines with their class and its scores."""

from __future__ import annotations

from typing import Callable, Sequence

import numpy as np
import shapely

from .coding import Coding
from .rows import Grid
from .vectors import Features


class SceneLayer:
    """Collects the scores of windows that have a value; there are few, one for each window."""

    def __init__(self, grid: Grid, coding: Coding, names: Sequence[str]) -> None:
        self._grid, self._coding, self._names = grid, coding, names
        self._places: list[tuple[int, int]] = []
        self._scores: list[np.ndarray] = []
        self._values: list[int] = []

    def __enter__(self) -> SceneLayer:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is held open."""

    def put(self, row: int, col: int, scores: np.ndarray, valid: np.ndarray) -> None:
        """Take the scores (channels, 1, 1) of a window."""
        if valid.all():
            self._places.append((row, col))
            self._scores.append(scores[:, 0, 0])
            self._values.append(int(self._coding.encode(scores, valid)[0, 0]))

    def done(self, row: int) -> None:
        """Nothing waits for rows here."""

    def finish(self, check: Callable[[], None]) -> None:
        """Nothing is left to do: the features are asked for."""

    def features(self) -> Features:
        """Return a polygon for each window, with `value`, `class` and a field for the score of each class."""
        rows, cols = np.array(self._places, dtype=float).reshape(-1, 2).T
        corners = [(rows, cols), (rows, cols + 1), (rows + 1, cols + 1), (rows + 1, cols), (rows, cols)]
        a, b, c, d, e, f = tuple(self._grid.transform)[:6]
        rings = np.stack([np.stack([a * x + b * y + c, d * x + e * y + f], axis=-1) for y, x in corners], axis=1)
        labels = {entry.value: entry.label for entry in self._coding.entries}
        fields: dict[str, np.ndarray] = {
            "value": np.array(self._values, dtype=np.int32),
            "class": np.array([labels.get(v, f"value {v}") for v in self._values], dtype=object),
        }
        if self._coding.values is not None:
            scores = np.array(self._scores, dtype=np.float64).reshape(len(self._values), -1)
            names = (
                self._names if len(self._names) == scores.shape[1] else [f"score {k}" for k in range(scores.shape[1])]
            )
            fields.update({f"score_{name}": scores[:, k] for k, name in enumerate(names)})
        return Features(shapely.polygons(rings) if len(rings) else np.empty(0, dtype=object), fields)
