"""dlm of v1.0.0-beta2 and beta3 becomes the draft of January 2024: `dlm:inputs`, `outputs`, `data` and `archive` are
taken apart.
"""

from __future__ import annotations

from typing import Any

from ..node import Node
from .draft import function
from .rewrite import Rewrite

MODEL_WORDS = ("weight", "checkpoint", "model trained", "model artefact", "model file")
"""What the role of a file contains that is the model itself."""


def from_beta(rewrite: Rewrite) -> None:
    """Rewrite the item's fields in the draft's words."""
    properties = rewrite.properties
    if isinstance(rewrite.item.get("id"), int):
        rewrite.item["id"] = str(rewrite.item["id"])
    for old, new in (("mlm:inputs", "mlm:input"), ("mlm:outputs", "mlm:output")):
        rewrite.move(properties, "properties", old, properties, new)
    _inputs(properties, rewrite)
    _data(properties, rewrite)
    _archive(properties, rewrite)


def _inputs(properties: dict[str, Any], rewrite: Rewrite) -> None:
    node = Node(properties, "properties")["mlm:input"]
    entry = node.value
    if not isinstance(entry, dict):
        return
    rewrite.move(entry, node.path, "input_tensors", entry, "input_arrays")
    function(entry, node.path, "pre_processing_function", rewrite)
    if "selected_bands" in entry:
        chosen = entry.pop("selected_bands")
        rule = "indexes count from 0 in some items and from 1 in others; the names in dlm:data are used."
        rewrite.say(f"{node.path}.selected_bands", chosen, None, rule)


def _data(properties: dict[str, Any], rewrite: Rewrite) -> None:
    """Take the bands in the order of `useful_bands`, with the type and nodata that are said of all."""
    data = properties.pop("mlm:data", None)
    node = Node(data, "properties.dlm:data")
    entry = properties.get("mlm:input")
    if not node.present or not isinstance(entry, dict):
        return
    common = {
        "data_type": node["data_type"].value or node["dtype"].value,
        "nodata": _first(node["nodata"].value, node["nodata_value"].value),
    }
    bands = []
    for band in node["useful_bands"]:
        own = {
            "name": band["name"].required().text(),
            "data_type": common["data_type"],
            "nodata": _first(band["nodata"].value, band["nodata_value"].value, common["nodata"]),
        }
        bands.append({word: value for word, value in own.items() if value is not None})
    entry.setdefault("bands", bands)
    rewrite.say(node.path, data, bands, "the bands, in the order of useful_bands, belong to the input now.")
    level = node["process_level"].value
    if level is not None:
        properties.setdefault("draft:process_level", level)
    for word in ("test_file", "item_examples", "number_of_bands"):
        if node[word].present:
            properties[f"draft:{word}"] = node[word].value


def _first(*values: Any) -> Any:
    return next((v for v in values if v is not None), None)


def _archive(properties: dict[str, Any], rewrite: Rewrite) -> None:
    """Make an asset of each file of the archive; one that holds weights is the model."""
    files = properties.pop("mlm:archive", None)
    for node in Node(files, "properties.dlm:archive"):
        name = node["name"].required().text()
        roles = node["role"].texts()
        said = " ".join((*roles, name)).lower()
        model = any(word in said for word in MODEL_WORDS)
        asset = {
            "href": node["href"].text() or name,
            "title": name,
            "roles": ["mlm:model", "mlm:weights"] if model else ["data"],
        }
        if roles:
            asset["description"] = ", ".join(roles)
        rewrite.assets[name] = asset
        rewrite.say(node.path, node.value, asset, "a file of the archive is an asset now.")
