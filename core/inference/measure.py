"""What only a trial tells: how an output lies on its input, how many channels it has, whether its scores are finished.

Where the file's own signature and graph say it, nothing is tried. Trials are made on noise that is always the same, and
what they told is kept with the loaded network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence

import numpy as np

from ..errors import NotRunnable, UsageError
from . import decode
from .feeding import sides
from .geometry import SMALL, Geometry, of_sizes, of_two, patches
from .layout import Exit, Layout
from .scorer import Scorer
from .session import Network

CONTRASTS = (1.0, 30.0, 1000.0)
"""How strong the noise is in which scores are looked at: logits may lie between 0 and 1 where there is little."""
A_FEW = (8, 8)
"""A window for networks that see one pixel at a time."""
STRIDES = (8, 16, 32, 64)
"""What a window's sides must be multiples of, where not every size will do."""


@dataclass(frozen=True)
class Trait:
    """What is known of an output: where its pixels lie, its channels, the activation that it ends in ("" if none), and
    whether that is only what trials look like.
    """

    geometry: Geometry
    channels: int
    ends_in: str
    guessed: bool = False


def measure(
    network: Network, layout: Layout, tile: tuple[int, int], dates: Mapping[int, int] = {}
) -> tuple[Trait, ...]:
    """Return the traits of the layout's exits for windows of `tile` (height, width) pixels; `dates` is how many the
    run has, by the input's place, for files that take any number.

    Raises `NotRunnable` where the network fails on them, or makes of them what is no image; `UsageError` with a size
    that it takes, where there is one.
    """
    times = tuple(entry.sizes.get("time") or dates.get(entry.place, 1) for entry in layout.entries)
    key = (layout.exits, tuple((e.name, e.order) for e in layout.entries), tile, times)
    if key not in network.tried:
        trial = _Trial(network, layout, A_FEW if layout.per_pixel else _tensor(layout, tile), times)
        _sized(layout, trial)
        network.tried[key] = tuple(_trait(one, network, layout, trial) for one in layout.exits)
    traits: tuple[Trait, ...] = network.tried[key]
    return traits


def _sized(layout: Layout, trial: _Trial) -> None:
    """Raise `UsageError` for windows that the network does not take, where it takes somewhat larger ones.

    Many networks halve their windows several times and put them together again, which must come out even. Multiples of
    the squares on which networks are tried come out so, and are not tried again.
    """
    free = layout.size("height") is None and layout.size("width") is None
    odd = any(side % SMALL[0] for side in trial.tensor)
    if layout.per_pixel or not free or not odd or trial.takes(trial.tensor):
        return
    for stride in STRIDES:
        side = math.ceil(max(trial.tensor) / stride) * stride
        if trial.takes((side, side)):
            height, width = trial.tensor
            raise UsageError(f"The network does not take windows of {height} x {width} pixels. Use a tile of {side}.")


def _tensor(layout: Layout, tile: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of what the network sees: the tile, unless it is resized."""
    entry = layout.entries[0]
    return (sides(entry) or tile) if entry.resize else tile


def _trait(one: Exit, network: Network, layout: Layout, trial: _Trial) -> Trait:
    shape = next(t.shape for t in network.outputs if t.name == one.name)
    has = dict(zip(one.order, shape))
    geometry = Geometry() if one.scene or layout.per_pixel else _geometry(one, has, layout, trial)
    channels = one.channels if one.channels is not None else trial.of(one).shape[1]
    if one.labels and channels > 1:
        raise NotRunnable(
            f"The model's output {one.name!r} has whole numbers in {channels} bands, and labels of classes are one. "
            "Choose another model."
        )
    ends_in = network.graph.ends_in.get(one.name)
    if not one.scores:
        ends_in = ""
    if ends_in is not None:
        return Trait(geometry, channels, ends_in)
    found = {decode.activation_of(trial.of(one, contrast=contrast)) for contrast in CONTRASTS}
    # A sigmoid that is sure of one class looks as a softmax does; what once has no bounds has none.
    ends_in = "" if "" in found else found.pop() if len(found) == 1 else "sigmoid"
    return Trait(geometry, channels, ends_in, guessed=True)


def _geometry(one: Exit, has: dict[str, Optional[int]], layout: Layout, trial: _Trial) -> Geometry:
    if "token" in one.order:
        tokens = has["token"]
        found = patches(tokens) if tokens is not None else None
        side = found[0] if found else trial.of(one).shape[2]
        return of_sizes(trial.tensor, (side, side))
    height, width = has["height"], has["width"]
    if height is not None and width is not None:
        return of_sizes(trial.tensor, (height, width))
    if layout.size("height") is None and layout.size("width") is None:
        geometry = trial.on_squares(one)
        if geometry is not None:
            return geometry
    made = trial.of(one).shape
    return of_sizes(trial.tensor, (made[2], made[3]))


class _Trial:
    """Runs the network on noise, once for each size that is asked for."""

    def __init__(self, network: Network, layout: Layout, tensor: tuple[int, int], times: Sequence[int]) -> None:
        self._network, self._layout, self.tensor, self._times = network, layout, tensor, times
        self._made: dict[tuple[tuple[int, int], float], list[np.ndarray]] = {}

    def of(self, one: Exit, size: Optional[tuple[int, int]] = None, contrast: float = 1.0) -> np.ndarray:
        """Return (1, channels, height, width) that the network makes of a window of `size`, with noise so strong."""
        key = (size or self.tensor, contrast)
        if key not in self._made:
            scorer = Scorer(self._network, self._layout)
            self._made[key] = scorer.raw([self._noise(*key)])
        raw, size = self._made[key][self._layout.exits.index(one)], key[0]
        return decode.arrange(raw, one, self._layout.per_pixel, size)[:1]

    def takes(self, size: tuple[int, int]) -> bool:
        """Return whether the network computes windows of `size`."""
        names = self._layout.objects.outputs if self._layout.objects is not None else ()
        try:
            Scorer(self._network, self._layout, names).raw([self._noise(size, 1.0)])
        except NotRunnable:
            return False
        return True

    def on_squares(self, one: Exit) -> Optional[Geometry]:
        """Return what two small squares tell, or None where the network takes none, or makes no squares of them."""
        try:
            (first, other), (second, another) = (self.of(one, (side, side)).shape[2:] for side in SMALL)
        except NotRunnable:
            return None
        return of_two(SMALL, (first, second)) if (first, second) == (other, another) else None

    def _noise(self, size: tuple[int, int], contrast: float) -> list[np.ndarray]:
        random = np.random.default_rng(0)
        shapes = [(times, e.count, *size) for e, times in zip(self._layout.entries, self._times)]
        return [random.normal(0, contrast, shape).astype(np.float32) for shape in shapes]
