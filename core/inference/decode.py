"""The raw output becomes scores for each class (windows, classes, height, width), or class numbers where the file
gives those.
"""

from __future__ import annotations

import numpy as np

from ..errors import NotRunnable
from .layout import Layout


def missing_activation(channels: int, in_file: str) -> str:
    """Return what is to be applied to the scores: softmax over several classes, sigmoid on a single one, or nothing."""
    if in_file:
        return ""
    return "softmax" if channels > 1 else "sigmoid"


def arrange(raw: np.ndarray, layout: Layout, windows: int, tile: tuple[int, int]) -> np.ndarray:
    """Return the raw output as (windows, channels, height, width); labels have one channel, scenes one pixel.

    Raises `NotRunnable` where it is not as large as the input, which needs more than this engine does.
    """
    if layout.per_pixel:
        rows = raw if layout.output_order[0] == "batch" else raw.T
        pixels = rows.reshape(windows, tile[0], tile[1], -1)
        return pixels.transpose(0, 3, 1, 2)
    if layout.scene:
        return raw[:, :, None, None]
    order = list(layout.output_order)
    if "channel" not in order:
        raw, order = np.expand_dims(raw, 1), [order[0], "channel", *order[1:]]
    arranged = raw.transpose([order.index(d) for d in ("batch", "channel", "height", "width")])
    if arranged.shape[2:] != tile:
        height, width = arranged.shape[2:]
        raise NotRunnable(
            f"The model turns windows of {tile[0]} x {tile[1]} into {height} x {width}, which is not supported. "
            "Choose a model whose result has the size of its input."
        )
    return arranged


def activation_of(tried: np.ndarray) -> str:
    """Return the activation whose mark scores (windows, channels, height, width) of noise bear, or an empty string.

    Scores of a softmax add up to 1 over the channels, those of a sigmoid lie between 0 and 1; logits do neither.
    """
    if tried.min() < 0 or tried.max() > 1:
        return ""
    if tried.shape[1] > 1 and np.allclose(tried.sum(axis=1), 1, atol=1e-3):
        return "softmax"
    return "sigmoid"


def scores(arranged: np.ndarray, activation: str) -> np.ndarray:
    """Return float32 scores between 0 and 1, with `activation` applied over the channels."""
    values = arranged.astype(np.float32, copy=False)
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    if activation == "sigmoid":
        with np.errstate(over="ignore"):
            return 1.0 / (1.0 + np.exp(-values))
    return values
