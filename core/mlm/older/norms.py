"""`norm_type` and `statistics` of MLM 1.0 to 1.3, and the drafts' scaling factor and norms, become `value_scaling`.

MLM 1.4 replaced them ("Value Scaling Object"). The drafts define none of max_norm, mean_norm and unit_variance: their
usual definitions are taken. A scaling factor multiplies before the norm; as one Value Scaling Object has no chain, it
is folded into it.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from ...errors import ItemUnreadable
from ..node import Node
from .rewrite import Rewrite

Numbers = dict[str, float]

ALIASES = {
    "min_max": "min-max", "minmax": "min-max",
    "z_score": "z-score", "zscore": "z-score", "standardization": "z-score", "standardize": "z-score",
    "max_norm": "max-norm", "max": "max-norm",
    "mean_norm": "mean-norm", "unit_variance": "unit-variance",
    "none": "", "null": "",
}  # fmt: skip
"""Spellings of norms in drafts and in circulation."""

NORMS: dict[str, tuple[tuple[str, ...], Callable[[Numbers], dict[str, Any]]]] = {
    "min-max": (
        ("minimum", "maximum"),
        lambda s: {"type": "min-max", "minimum": s["minimum"], "maximum": s["maximum"]},
    ),
    "z-score": (("mean", "stddev"), lambda s: {"type": "z-score", "mean": s["mean"], "stddev": s["stddev"]}),
    "max-norm": (("maximum",), lambda s: {"type": "scale", "value": s["maximum"]}),
    "unit-variance": (("stddev",), lambda s: {"type": "scale", "value": s["stddev"]}),
    "mean-norm": (
        ("mean", "minimum", "maximum"),
        lambda s: {"type": "z-score", "mean": s["mean"], "stddev": s["maximum"] - s["minimum"]},
    ),
}
"""Each norm with the statistics that it needs, and the Value Scaling Object that says the same."""

_LISTED = ("norm_by_channel", "norm_type", "statistics", "scaling_factor", "norm_clip", "norm_with_clip_values")
_BETA = ("normalization:mean", "normalization:std")
_WORDS = {word: word for word in ("minimum", "maximum", "mean", "stddev")}
_WORDS.update(std="stddev", min="minimum", max="maximum")
_LARGEST_SCALED = 3.0
"""Statistics above this can't be of values that a scaling factor has brought to 0..1."""


def scaling(entry: dict[str, Any], path: str, bands: int, rewrite: Rewrite) -> None:
    """Replace the norm of one input (at `path`) by `value_scaling`; `bands` is how many channels it has, or 0."""
    node = Node(entry, path)
    if not any(node[word].present for word in (*_LISTED, *_BETA)):
        return
    before = {word: entry.pop(word) for word in (*_LISTED, *_BETA) if word in entry}
    if entry.get("value_scaling") is not None:
        rewrite.say(path, before, entry["value_scaling"], "value_scaling is there already; the older norm is ignored.")
        return
    old = Node(before, path)
    norm = _norm(old)
    factors = _factors(old["scaling_factor"])
    objects = _objects(old, norm, bands)
    if factors:
        objects = _folded(objects, factors, old)
    if not objects:
        rewrite.say(path, before, None, "No norm is named, so values are left as they are.")
        return
    entry["value_scaling"] = objects
    rewrite.say(path, before, objects, _rule(norm, factors))


def _norm(old: Node) -> str:
    if old[_BETA[0]].present:
        return "z-score"
    word = old["norm_type"].text().lower().replace(" ", "_")
    return ALIASES.get(word, word.replace("_", "-"))


def _objects(old: Node, norm: str, bands: int) -> list[dict[str, Any]]:
    """Return the Value Scaling Objects of the norm alone: one a band, or one for all."""
    if not norm:
        return []
    if norm == "clip":
        limits = [
            n.required().number()
            for n in (old["norm_clip"] if old["norm_clip"].present else old["norm_with_clip_values"])
        ]
        return [_clip(limit or 0.0, old) for limit in limits] or [_unknown("norm-clip", norm)]
    if norm not in NORMS:
        return [_unknown("opencv-norm", norm)]
    needed, make = NORMS[norm]
    statistics = _statistics(old)
    if not statistics or any(word not in entry for entry in statistics for word in needed):
        return [_unknown("no-statistics", norm)]
    if bands and len(statistics) not in (1, bands):
        raise ItemUnreadable(
            f"{old.path}.statistics has {len(statistics)} entries for {bands} bands; "
            "it needs one for each, or one for all."
        )
    return [make(entry) for entry in statistics]


def _unknown(kind: str, norm: str) -> dict[str, Any]:
    """Return what stands for a norm that can't be computed, so that a run is refused and not silently without it."""
    return {"type": "processing", "format": kind, "expression": norm}


def _clip(limit: float, old: Node) -> dict[str, Any]:
    if limit <= 0:
        raise old["norm_clip"].wrong("numbers above 0")
    return {"type": "processing", "format": "gdal-calc", "expression": f"minimum(maximum(A / {limit!r}, 0), 1)"}


def _statistics(old: Node) -> list[Numbers]:
    """Return one set of numbers a band (or one for all), from a list of objects or an object of lists."""
    if old[_BETA[0]].present:
        lists = {"mean": old[_BETA[0]], "stddev": old[_BETA[1]]}
        return _transposed(lists, old.path)
    node = old["statistics"]
    if isinstance(node.value, dict):
        return _transposed({_WORDS[w]: n for w, n in node.members() if w in _WORDS and n.present}, node.path)
    return [{_WORDS[w]: n.number() or 0.0 for w, n in entry.members() if w in _WORDS and n.present} for entry in node]


def _transposed(lists: dict[str, Node], path: str) -> list[Numbers]:
    columns = {word: _numbers(node) for word, node in lists.items()}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ItemUnreadable(
            f"{path} has lists of different lengths: {', '.join(f'{w} {len(c)}' for w, c in columns.items())}."
        )
    return [{word: column[k] for word, column in columns.items()} for k in range(lengths.pop() if lengths else 0)]


def _numbers(node: Node) -> list[float]:
    if isinstance(node.value, list):
        return [n.required().number() or 0.0 for n in node]
    number = node.number()
    return [] if number is None else [number]


def _factors(node: Node) -> list[float]:
    factors = _numbers(node)
    if any(f == 0 for f in factors):
        raise node.wrong("other than 0, since values are multiplied by it")
    return factors


def _folded(objects: list[dict[str, Any]], factors: list[float], old: Node) -> list[dict[str, Any]]:
    """Return objects that multiply by a factor first; statistics that are plainly of stored values stay as they are."""
    if not objects:
        return [{"type": "scale", "value": 1 / f} for f in factors]
    count = max(len(objects), len(factors))
    if len({len(objects), len(factors)} - {1}) > 1:
        raise ItemUnreadable(f"{old.path} has {len(factors)} scaling factors and {len(objects)} sets of statistics.")
    pairs = zip(objects * (count if len(objects) == 1 else 1), factors * (count if len(factors) == 1 else 1))
    return [o if _of_stored_values(o) else _before(o, f) for o, f in pairs]


def _of_stored_values(scaling: dict[str, Any]) -> bool:
    numbers: list[Optional[float]] = [scaling.get(w) for w in ("mean", "maximum", "value")]
    return any(n is not None and abs(n) > _LARGEST_SCALED for n in numbers)


def _before(scaling: dict[str, Any], factor: float) -> dict[str, Any]:
    """Return the object that does the same to x as `scaling` does to x * `factor`; its numbers are divided by it."""
    if scaling["type"] == "processing":
        if scaling["format"] != "gdal-calc":
            return scaling
        return {**scaling, "expression": scaling["expression"].replace("A", f"(A * {factor!r})", 1)}
    return {word: n if word == "type" else n / factor for word, n in scaling.items()}


def _rule(norm: str, factors: list[float]) -> str:
    parts = []
    if factors:
        parts.append("scaling_factor multiplies, value_scaling's scale divides")
    if norm:
        parts.append(f"{norm} with its statistics is value_scaling since MLM 1.4")
    if factors and norm:
        parts.append("the factor comes first and is folded into the numbers, unless they are of stored values")
    return f"{'; '.join(parts)}."
