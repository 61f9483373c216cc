"""The raw output becomes scores for each class (windows, classes, height, width), or class numbers where the file
gives those.
"""

from __future__ import annotations

import numpy as np

from ..errors import NotRunnable
from .geometry import patches
from .layout import Exit

SLACK = 1e-3
"""How far rounding takes a probability out of 0 to 1."""


def missing_activation(channels: int, in_file: str) -> str:
    """Return what is to be applied to the scores: softmax over several classes, sigmoid on a single one, or nothing."""
    if in_file:
        return ""
    return "softmax" if channels > 1 else "sigmoid"


def arrange(raw: np.ndarray, one: Exit, per_pixel: bool, tile: tuple[int, int]) -> np.ndarray:
    """Return the raw output as (windows, channels, height, width) in float32, or whole numbers for labels.

    Rows of pixels are windows of `tile` again; what stands for a whole window has one pixel; tokens are the patches of
    a square, those before them (class tokens) left out.
    """
    order = list(one.order)
    if "time" in order:
        raw = raw.squeeze(order.index("time"))
        order.remove("time")
    if "batch" not in order:
        raw, order = raw[None], ["batch", *order]
    if "channel" not in order:
        raw, order = np.expand_dims(raw, 1), [order[0], "channel", *order[1:]]
    if per_pixel:
        rows = raw.transpose([order.index(d) for d in ("batch", "channel")])
        if len(rows) % (tile[0] * tile[1]):
            raise NotRunnable(
                f"The model gave results for {len(rows)} pixels of windows of {tile[0]} x {tile[1]}. "
                "Choose another model."
            )
        return rows.reshape(-1, tile[0], tile[1], rows.shape[1]).transpose(0, 3, 1, 2)
    if "token" in order:
        return _of_tokens(raw.transpose([order.index(d) for d in ("batch", "channel", "token")]))
    if "height" not in order:
        return raw.transpose([order.index(d) for d in ("batch", "channel")])[:, :, None, None]
    return raw.transpose([order.index(d) for d in ("batch", "channel", "height", "width")])


def _of_tokens(rows: np.ndarray) -> np.ndarray:
    found = patches(rows.shape[2])
    if found is None:
        raise NotRunnable(f"The model gives {rows.shape[2]} tokens, which are no square of patches. Choose another.")
    side, extra = found
    return rows[:, :, extra:].reshape(*rows.shape[:2], side, side)


def activation_of(tried: np.ndarray) -> str:
    """Return the activation whose mark scores (windows, channels, height, width) of noise bear, or an empty string.

    Scores of a softmax add up to 1 over the channels, those of a sigmoid lie between 0 and 1; logits do neither.
    """
    tried = np.moveaxis(tried, 1, 0)[:, np.isfinite(tried).all(axis=1)]
    if not tried.size or not looks_finished(tried):
        return ""
    if len(tried) > 1 and np.allclose(tried.sum(axis=0), 1, atol=SLACK):
        return "softmax"
    return "sigmoid"


def looks_finished(values: np.ndarray) -> bool:
    """Whether scores can be those of a softmax or a sigmoid, but for rounding (float16 among it)."""
    return bool(values.min() >= -SLACK and values.max() <= 1 + SLACK)


def scores(arranged: np.ndarray, activation: str) -> np.ndarray:
    """Return float32 scores between 0 and 1, with `activation` applied over the channels."""
    values = arranged.astype(np.float32, copy=False)
    # Where a pixel has no value the network may have divided by zero.
    with np.errstate(over="ignore", invalid="ignore"):
        if activation == "softmax":
            powers = np.exp(values - values.max(axis=1, keepdims=True))
            return powers / powers.sum(axis=1, keepdims=True)
        if activation == "sigmoid":
            return 1.0 / (1.0 + np.exp(-values))
    return values
