"""The draft of December 2023, which had `signatures`, `artifact` and `class_map`, becomes MLM 1.0."""

from __future__ import annotations

from typing import Any

from ..node import Node
from .rewrite import Rewrite

IMAGE = {4: ["batch", "channel", "height", "width"], 3: ["channel", "height", "width"], 2: ["batch", "channel"]}
RESULT = {4: ["batch", "class", "height", "width"], 3: ["batch", "height", "width"], 2: ["batch", "class"]}
"""The usual orders; this draft named no dimensions."""

KEPT = ("ml_model_type", "ml_model_processor_type", "ml_model_learning_approach", "runtime_config")


def from_signatures(rewrite: Rewrite) -> None:
    """Rewrite signatures, artifact and class map."""
    properties = rewrite.properties
    node = Node(properties.pop("signatures"), "signatures")
    properties["mlm:input"] = [_entry(n, "input", IMAGE) for n in node["inputs"]]
    properties["mlm:output"] = [_entry(n, "result", RESULT) for n in node["outputs"]]
    rewrite.say(
        "signatures", node.value, "mlm:input, mlm:output", "dimensions have no names there; the usual order is taken."
    )
    if node["params"].present:
        properties["mlm:hyperparameters"] = node["params"].value
    names = Node(properties.pop("class_map", None), "class_map")["class_to_label_id"]
    if names.present:
        for output in properties["mlm:output"]:
            output["class_name_mapping"] = names.value
    tasks = Node(properties.pop("ml_model_prediction_type", None), "ml_model_prediction_type").texts()
    for output in properties["mlm:output"]:
        output["tasks"] = list(tasks)
    if not tasks:
        rewrite.say("ml_model_prediction_type", None, [], "no task is given.")
    rewrite.move(properties, "properties", "ml_model_architecture", properties, "mlm:architecture")
    rewrite.move(properties, "properties", "name", properties, "mlm:name")
    for word in KEPT:
        rewrite.move(properties, "properties", word, properties, f"draft:{word}")
    _artifact(Node(properties.pop("artifact", None), "artifact"), rewrite)


def _entry(node: Node, word: str, orders: dict[int, list[str]]) -> dict[str, Any]:
    shape = [n.integer() for n in node["shape"]]
    if len(shape) not in orders:
        raise node["shape"].wrong("two to four sizes")
    return {
        "name": node["name"].text(),
        word: {"shape": shape, "dim_order": orders[len(shape)], "data_type": node["dtype"].text()},
    }


def _artifact(node: Node, rewrite: Rewrite) -> None:
    if not node["path"].present:
        return
    rewrite.assets["model"] = {"href": node["path"].text(), "roles": ["mlm:model"]}
    rewrite.say("artifact.path", node["path"].value, rewrite.assets["model"], "the artifact is an asset now.")
