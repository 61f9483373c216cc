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
    stored = bool(factors) and any(_of_stored_values(o) for o in objects)
    if factors and not stored:
        objects = _folded(objects, factors, old)
    if objects:
        entry["value_scaling"] = objects
    for word, value in before.items():
        if value is not None:
            used = {"scaling_factor": not stored, "norm_by_channel": False}.get(word, bool(norm))
            rewrite.say(f"{path}.{word}", value, (objects or None) if used else None, _rule(word, norm, stored))


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
    made = [make(entry) for entry in statistics]
    for number, one in enumerate(made):
        _computable(one, number, old, norm)
    return made


def _computable(made: dict[str, Any], number: int, old: Node, norm: str) -> None:
    """Raise where the statistics of the band at `number` leave nothing to divide by."""
    spread: float = made["maximum"] - made["minimum"] if "maximum" in made else made.get("stddev", made.get("value", 1))
    if spread == 0 or (spread < 0 and made["type"] != "scale"):
        raise ItemUnreadable(
            f"{old.path}.statistics has a spread of {spread:g} at index {number}, by which {norm} can't divide. "
            "Ask the item's publisher for the true statistics."
        )


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
    """Return objects that multiply by a factor first."""
    if not objects:
        return [{"type": "scale", "value": 1 / f} for f in factors]
    count = max(len(objects), len(factors))
    if len({len(objects), len(factors)} - {1}) > 1:
        raise ItemUnreadable(f"{old.path} has {len(factors)} scaling factors and {len(objects)} sets of statistics.")
    pairs = zip(objects * (count if len(objects) == 1 else 1), factors * (count if len(factors) == 1 else 1))
    return [_before(o, f) for o, f in pairs]


def _of_stored_values(scaling: dict[str, Any]) -> bool:
    """Whether statistics are plainly of values as they are stored; then the factor was not applied before them."""
    numbers: list[Optional[float]] = [scaling.get(w) for w in ("mean", "maximum", "value")]
    return any(n is not None and abs(n) > _LARGEST_SCALED for n in numbers)


def _before(scaling: dict[str, Any], factor: float) -> dict[str, Any]:
    """Return the object that does the same to x as `scaling` does to x * `factor`; its numbers are divided by it."""
    if scaling["type"] == "processing":
        if scaling["format"] != "gdal-calc":
            return scaling
        return {**scaling, "expression": scaling["expression"].replace("A", f"(A * {factor!r})", 1)}
    return {word: n if word == "type" else n / factor for word, n in scaling.items()}


def _rule(word: str, norm: str, stored: bool) -> str:
    """Return what became of one of the older members, for its note."""
    if word == "scaling_factor":
        if stored:
            return "the statistics are of stored values, so the factor does not come before them."
        folded = "; it comes first and is folded into the norm's numbers" if norm else ""
        return f"scaling_factor multiplies, value_scaling's scale divides{folded}."
    if word == "norm_by_channel":
        return "value_scaling has one entry for each band, or one for all."
    if not norm:
        return "no norm is named, so these are not applied to the values."
    return f"{norm} with its statistics is value_scaling since MLM 1.4."
