"""MLM 1.0 to 1.3, and liberties that newer items take, become the newest form: the fields stay, their shapes and some
words change.
"""

from __future__ import annotations

import re
from typing import Any, Optional

from ..bandinfo import LISTS as BAND_LISTS
from ..node import Node
from .classlists import class_objects
from .norms import scaling
from .rewrite import Rewrite

DIMENSION_LETTERS = {"b": "batch", "n": "batch", "t": "time", "c": "bands", "h": "height", "w": "width"}
"""Letters of the drafts' `dim_order`."""

TASK_ALIASES = {"binary-classification": "classification", "multi-class-classification": "classification"}
"""Tasks in circulation that the specification has another word for."""

WAVELENGTHS = tuple(f"{p}{w}" for p in ("", "eo:") for w in ("center_wavelength", "full_width_half_max"))
LONGEST_UM = 50.0
"""No band of a sensor lies beyond this; a larger number is in nanometres, as the first items have it."""

PROPERTIES = frozenset(
    f"mlm:{word}"
    for word in [
        "name",
        "architecture",
        "tasks",
        "input",
        "output",
        "framework",
        "framework_version",
        "memory_size",
        "total_parameters",
        "pretrained",
        "pretrained_source",
        "batch_size_suggestion",
        "accelerator",
        "accelerator_constrained",
        "accelerator_summary",
        "accelerator_count",
        "hyperparameters",
    ]
)
"""The properties that MLM 1.5 has; it allows no others with its prefix, so older ones go by the prefix draft:."""

RESIZES = {
    "none": None,
    "interpolation": "interpolation-linear",
    "interpolate-nearest": "interpolation-nearest",
    "interpolate-linear": "interpolation-linear",
}
"""Words for a resize in drafts, and misspellings of the one Python library that has them, in the specification's
words.
"""


def from_flat(rewrite: Rewrite) -> None:
    """Rewrite inputs, outputs and assets of the item."""
    properties = rewrite.properties
    rewrite.move(properties, "properties", "mlm:task", properties, "mlm:tasks", tasks)
    _tasks(properties, "properties", "mlm:tasks", rewrite)
    _framework_version(properties, rewrite)
    for word in [w for w in properties if w.startswith("mlm:") and w not in PROPERTIES]:
        rewrite.move(properties, "properties", word, properties, f"draft:{word.removeprefix('mlm:')}")
    _as_list(properties, "mlm:input", rewrite)
    _as_list(properties, "mlm:output", rewrite)
    for node in Node(properties, "properties")["mlm:input"]:
        if isinstance(node.value, dict):
            _input(node.value, node.path, rewrite)
    for node in Node(properties, "properties")["mlm:output"]:
        if isinstance(node.value, dict):
            _output(node.value, node.path, rewrite)
    _wavelengths(Node(properties, "properties"), rewrite)
    for key, node in Node(rewrite.assets, "assets").members():
        if isinstance(node.value, dict):
            _wavelengths(node, rewrite)
            rewrite.move(node.value, f"assets.{key}", "mlm_artifact_type", node.value, "mlm:artifact_type")


def tasks(node: Node) -> list[str]:
    """Return a task, or a list of them, in the specification's spelling: "semantic segmentation" has a hyphen now."""
    words = (text.lower().replace(" ", "-").replace("_", "-") for text in node.texts())
    return [TASK_ALIASES.get(word, word) for word in words]


def _tasks(holder: dict[str, Any], path: str, word: str, rewrite: Rewrite) -> None:
    """Spell the tasks of the item or an output as the specification does."""
    node = Node(holder, path)[word]
    found = tasks(node)
    if found != list(node.texts()):
        holder[word] = found
        rewrite.say(node.path, node.value, found, "tasks are spelled as in the specification.")


def _framework_version(properties: dict[str, Any], rewrite: Rewrite) -> None:
    """Fill a version of one or two numbers up to the three that the specification asks for (semantic versioning)."""
    node = Node(properties, "properties")["mlm:framework_version"]
    text = node.text()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        full = text + ".0" * (2 - text.count("."))
        properties["mlm:framework_version"] = full
        rewrite.say(node.path, node.value, full, "a version has three numbers.")


def _as_list(properties: dict[str, Any], word: str, rewrite: Rewrite) -> None:
    if isinstance(properties.get(word), dict):
        rewrite.say(f"properties.{word}", "an object", "a list of one", f"{word} is a list.")
        properties[word] = [properties[word]]


def _wavelengths(place: Node, rewrite: Rewrite) -> None:
    """Bring wavelengths to micrometres: what is far above the thermal infrared is in nanometres."""
    for word in BAND_LISTS:
        for band in place[word] if isinstance(place[word].value, list) else ():
            changed: dict[str, float] = {}
            for name in WAVELENGTHS if isinstance(band.value, dict) else ():
                value = _length(band.value.get(name)) if _in_nanometres(band.value) else None
                if value is not None:
                    rewrite.say(band[name].path, value, value / 1000, "wavelengths are in micrometres.")
                    changed[name] = value / 1000
            if changed:
                band.value.update(changed)


def _in_nanometres(band: dict[str, Any]) -> bool:
    """Whether a band's wavelength is too long for micrometres; its width is in the same unit."""
    return any((_length(band.get(name)) or 0) > LONGEST_UM for name in WAVELENGTHS)


def _length(value: Any) -> Optional[float]:
    """Return a wavelength that can be one in nanometres; whether others are numbers at all is not asked here."""
    return value if isinstance(value, (int, float)) and 0 < value < LONGEST_UM * 1000 else None


def _input(entry: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    rewrite.move(entry, path, "rescale_type", entry, "resize_type", _resize)
    if isinstance(entry.get("resize_type"), str) and entry["resize_type"] in RESIZES:
        old, entry["resize_type"] = entry["resize_type"], RESIZES[entry["resize_type"]]
        rewrite.say(f"{path}.resize_type", old, entry["resize_type"], "the specification's word for this.")
    if "bands" not in entry and isinstance(entry.get("type"), list):
        rewrite.move(entry, path, "type", entry, "bands")
    for word in ("parameters", "params"):
        _parameters(entry, path, word, rewrite)
    structure(entry, path, "input", rewrite)
    scaling(entry, path, _channels(entry, path), rewrite)


def _resize(node: Node) -> Optional[str]:
    word = node.text().lower()
    return RESIZES.get(word, word)


def _parameters(entry: dict[str, Any], path: str, word: str, rewrite: Rewrite) -> None:
    """Take an input's own parameters to the item's hyperparameters; the input keeps them as well, for a run."""
    node = Node(entry, path)[word]
    if not node.present:
        return
    values = {key: n.value for key, n in node.members()}
    if rewrite.properties.get("mlm:hyperparameters") is None:
        rewrite.properties["mlm:hyperparameters"] = {}
    own = rewrite.properties["mlm:hyperparameters"]
    if isinstance(own, dict):
        own.update({key: value for key, value in values.items() if key not in own})
    entry["params"] = values
    if word != "params":
        del entry[word]
    rewrite.say(node.path, values, values, "an input's parameters are mlm:hyperparameters of the item now.")


def structure(entry: dict[str, Any], path: str, word: str, rewrite: Rewrite) -> None:
    """Put an Input or Result Structure into today's shape: one object, dim_order a list of names, data_type."""
    value = entry.get(word)
    if isinstance(value, list):
        entry[word] = value[0] if value else None
        more = f"; {len(value) - 1} more are ignored" if len(value) > 1 else ""
        rewrite.say(f"{path}.{word}", value, entry[word], f"{word} is one object, not a list{more}.")
    inner = entry.get(word)
    if not isinstance(inner, dict):
        return
    inside = f"{path}.{word}"
    for old, new in (("dtype", "data_type"), ("dim_names", "dim_order")):
        rewrite.move(inner, inside, old, inner, new)
    if isinstance(inner.get("dim_order"), str):
        letters = inner["dim_order"].lower()
        if all(letter in DIMENSION_LETTERS for letter in letters):
            inner["dim_order"] = [DIMENSION_LETTERS[letter] for letter in letters]
            rewrite.say(f"{inside}.dim_order", letters, inner["dim_order"], "dim_order is a list of names now.")


def _channels(entry: dict[str, Any], path: str) -> int:
    """Return how many channels an input has: its bands, or the size of its channel dimension, or 0 if unknown."""
    bands = entry.get("bands")
    if isinstance(bands, list) and bands:
        return len(bands)
    inner = Node(entry, path)["input"]
    if not isinstance(inner.value, dict):
        return 0
    for name, size in zip(inner["dim_order"].texts(), inner["shape"]):
        if name in ("bands", "band", "channel", "channels"):
            return max(0, size.integer() or 0)
    return 0


def _output(entry: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    rewrite.move(entry, path, "task", entry, "tasks", tasks)
    _tasks(entry, path, "tasks", rewrite)
    if not entry.get("name"):
        entry["name"] = "output"
        rewrite.say(f"{path}.name", None, "output", "The output has no name.")
    structure(entry, path, "result", rewrite)
    class_objects(entry, path, rewrite)
