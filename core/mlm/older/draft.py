"""The drafts of January to April 2024, and the specification of January 2024, become MLM 1.0: objects of fields become
flat fields.

`mlm:architecture`, `mlm:runtime` and a single `mlm:output` were objects. What has no field today is kept under the
prefix "draft:", so that it is shown and not lost.
"""

from __future__ import annotations

from typing import Any, Optional

from ..node import Node
from .flat import tasks
from .rewrite import Rewrite

ARCHITECTURE = {
    "total_parameters": "mlm:total_parameters",
    "total_nb_parameters": "mlm:total_parameters",
    "model_type": "mlm:architecture",
    "type": "mlm:architecture",
    "name": "mlm:architecture",
    "on_disk_size_mb": "draft:on_disk_size_mb",
    "summary": "draft:summary",
}
"""Members of the draft's Architecture, and the property that each is today."""

RUNTIME = {
    "framework": "mlm:framework",
    "version": "mlm:framework_version",
    "batch_size_suggestion": "mlm:batch_size_suggestion",
    "hardware_suggestion": "mlm:accelerator_summary",
    "hardware_summary": "mlm:accelerator_summary",
    "accelerator": "mlm:accelerator",
    "accelerator_constrained": "mlm:accelerator_constrained",
    "model_commit_hash": "draft:model_commit_hash",
    "requirement_file": "draft:requirement_file",
}
"""Members of the draft's Runtime, and the property that each is today."""

CONTAINER = {
    "working_dir": "draft:container_working_dir",
    "run": "draft:container_run",
    "accelerator": "draft:container_accelerator",
    "gpu": "draft:container_accelerator",
}
"""Members of the draft's Container that no field says today."""

OUTPUT_SHAPES = {
    4: ["batch", "class", "height", "width"],
    3: ["batch", "height", "width"],
    2: ["batch", "class"],
    1: ["batch"],
}
"""What the sizes of `final_layer_size` mean: N, C, H, W."""

ARRAY_SIZES = ("batch", "time", "channels", "height", "width")
_LETTER_SIZES = {"b": "batch", "n": "batch", "t": "time", "c": "channels", "h": "height", "w": "width"}
_USUAL_ORDER = "bchw"
_MEGABYTE = 1_000_000
_LARGEST_MB = 1_000_000_000


def from_draft(rewrite: Rewrite) -> None:
    """Rewrite architecture, runtime, inputs and outputs."""
    properties = rewrite.properties
    _architecture(properties, rewrite)
    _runtime(properties, rewrite)
    for word in ("mlm:input", "mlm:output"):
        if isinstance(properties.get(word), dict):
            properties[word] = [properties[word]]
            rewrite.say(f"properties.{word}", "an object", "a list of one", f"{word} is a list now.")
    for node in Node(properties, "properties")["mlm:input"]:
        if isinstance(node.value, dict):
            _input(node.value, node.path, rewrite)
    for node in Node(properties, "properties")["mlm:output"]:
        if isinstance(node.value, dict):
            _output(node.value, node.path, rewrite)
    rewrite.move(properties, "properties", "mlm:summary", properties, "description")
    rewrite.move(properties, "properties", "mlm:file_size", properties, "draft:file_size")


def _architecture(properties: dict[str, Any], rewrite: Rewrite) -> None:
    value = properties.get("mlm:architecture")
    if not isinstance(value, dict):
        return
    del properties["mlm:architecture"]
    path = "properties.mlm:architecture"
    for word in ("ram_size_mb", "estimated_total_size_mb"):
        rewrite.move(value, path, word, properties, "mlm:memory_size", _bytes)
    for word, new in ARCHITECTURE.items():
        rewrite.move(value, path, word, properties, new)
    source = Node(value, path)["pretrained"]
    if isinstance(source.value, bool):
        rewrite.move(value, path, "pretrained", properties, "mlm:pretrained")
    elif source.present:
        properties["mlm:pretrained"] = True
        rewrite.move(value, path, "pretrained", properties, "mlm:pretrained_source", Node.text)
    _leftovers(value, path, rewrite)


def _bytes(node: Node) -> Optional[int]:
    megabytes = node.number()
    if megabytes is not None and not 0 <= megabytes < _LARGEST_MB:
        raise node.wrong(f"a number of megabytes from 0 to {_LARGEST_MB}")
    return None if megabytes is None else round(megabytes * _MEGABYTE)


def _runtime(properties: dict[str, Any], rewrite: Rewrite) -> None:
    value = properties.pop("mlm:runtime", None)
    runtimes = value if isinstance(value, list) else [value]
    for position, node in enumerate(Node([r for r in runtimes if r is not None], "properties.mlm:runtime")):
        runtime = node.value
        if not isinstance(runtime, dict):
            raise node.wrong("an object")
        path = node.path if isinstance(value, list) else "properties.mlm:runtime"
        if isinstance(runtime.get("version"), (int, float)):
            runtime["version"] = str(runtime["version"])
        for word, new in RUNTIME.items():
            rewrite.move(runtime, path, word, properties, new)
        _files(runtime, path, "" if position == 0 else f"-{position + 1}", rewrite)
        _leftovers(runtime, path, rewrite)


def _files(runtime: dict[str, Any], path: str, suffix: str, rewrite: Rewrite) -> None:
    """Make assets of the runtime's files: the model, its source code, its container."""
    assets = rewrite.assets
    for word in ("model_asset", "asset"):
        rewrite.move(runtime, path, word, assets, f"model{suffix}", lambda n: _asset(n, ["mlm:model"]))
    code: dict[str, Any] = {}
    for word in ("model_src_url", "source_code_url"):
        rewrite.move(runtime, path, word, code, "href", Node.text)
    for word in ("model_handler", "handler"):
        rewrite.move(runtime, path, word, code, "mlm:entrypoint", Node.text)
    rewrite.move(
        runtime, path, "source_code", assets, f"source_code{suffix}", lambda n: _asset(n, ["mlm:source_code", "code"])
    )
    if code:
        code = {"href": "", "roles": ["mlm:source_code", "code"], **code}
        assets.setdefault(f"source_code{suffix}", code)
    for word in ("docker", "container"):
        containers = runtime.pop(word, None)
        node = Node(containers, f"{path}.{word}")
        for one in node if isinstance(containers, list) else (node,):
            if one.present:
                _container(one, suffix, rewrite)


def _asset(node: Node, roles: list[str]) -> dict[str, Any]:
    if isinstance(node.value, str):
        return {"href": node.text(), "roles": roles}
    members = {word: n.value for word, n in node.members()}
    have = Node(members, node.path)["roles"].texts()
    return {**members, "roles": [*have, *(r for r in roles if r not in have)]}


def _container(node: Node, suffix: str, rewrite: Rewrite) -> None:
    name, tag = node["image_name"].text(), node["tag"].text()
    image = name if not tag or ":" in name else f"{name}:{tag}"
    if image:
        asset = {
            "href": image,
            "type": "application/vnd.oci.image.index.v1+json",
            "roles": ["mlm:inference-runtime", "runtime"],
        }
        rewrite.assets[f"container{suffix}"] = asset
        rewrite.say(node.path, {"image_name": name, "tag": tag}, asset, "a container is an asset now.")
    if node["docker_file"].present:
        file = {"href": node["docker_file"].text(), "type": "text/x-dockerfile", "roles": ["metadata"]}
        rewrite.assets[f"docker_file{suffix}"] = file
        rewrite.say(f"{node.path}.docker_file", file["href"], file, "a Dockerfile is an asset now.")
    rest = {w: n.value for w, n in node.members() if w not in ("image_name", "tag", "docker_file")}
    for word, new in CONTAINER.items():
        rewrite.move(rest, node.path, word, rewrite.properties, new)
    _leftovers(rest, node.path, rewrite)


def _input(entry: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    for word in ("input_arrays", "input_array"):
        rewrite.move(entry, path, word, entry, "input", lambda n: _array(n, bool(entry.get("bands"))))
    _band_objects(entry, path, rewrite)
    for word in ("pre_processing_function",):
        function(entry, path, word, rewrite)


def _array(node: Node, has_bands: bool) -> Any:
    """Return an Input Structure for the draft's Array: sizes by name and their order in letters."""
    if isinstance(node.value, list):
        if len(node.value) != 1:
            raise node.wrong("one array")
        return _array(Node(node.value[0], f"{node.path}[0]"), has_bands)
    if node["shape"].present:
        return node.value
    order = node["dim_order"].text().lower() or _USUAL_ORDER
    if any(letter not in _LETTER_SIZES for letter in order):
        raise node["dim_order"].wrong("letters of b, t, c, h, w")
    sizes = [node[_LETTER_SIZES[letter]].integer() for letter in order]
    names = [
        "time" if x == "t" else {"b": "batch", "n": "batch", "h": "height", "w": "width"}.get(x, "") for x in order
    ]
    channel = "bands" if has_bands else "channel"
    return {
        "shape": [-1 if size is None else size for size in sizes],
        "dim_order": [name or channel for name in names],
        "data_type": node["data_type"].text() or node["dtype"].text() or "float32",
    }


def _band_objects(entry: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    """Leave the bands' names with the input, and take what else is said of them to the item's `bands`."""
    bands = entry.get("bands")
    if not isinstance(bands, list) or not any(
        isinstance(b, dict) and set(b) - {"name", "format", "expression"} for b in bands
    ):
        return
    names, described = [], []
    for node in Node(bands, f"{path}.bands"):
        name = node.text() if isinstance(node.value, str) else node["name"].required().text()
        names.append(name)
        if isinstance(node.value, dict):
            described.append({word: n.value for word, n in node.members()})
    entry["bands"] = names
    there = [node.value for node in Node(rewrite.properties, "properties")["bands"]]
    rewrite.properties["bands"] = [*there, *described]
    rewrite.say(f"{path}.bands", described, names, "an input names its bands; what else is said of them is in bands.")


def function(entry: dict[str, Any], path: str, word: str, rewrite: Rewrite) -> None:
    """Make a Processing Expression of a function that was an address, a code path, or a list of names."""
    value = entry.get(word)
    if isinstance(value, str):
        entry[word] = _expression(value)
    elif isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        entry[word] = [_expression(v) for v in value]
    else:
        return
    rewrite.say(f"{path}.{word}", value, entry[word], "a function is an object with format and expression now.")


def _expression(text: str) -> dict[str, Any]:
    if "://" in text:
        return {"format": "uri", "expression": {"href": text}}
    return {"format": "python", "expression": text}


def _output(entry: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    rewrite.move(entry, path, "task", entry, "tasks", tasks)
    rewrite.move(entry, path, "result_array", entry, "result")
    for word in ("final_layer_size", "output_shape"):
        rewrite.move(entry, path, word, entry, "result", _result)
    if not entry.get("result"):
        number = Node(entry, path)["number_of_classes"].integer() or -1
        entry["result"] = {"shape": [-1, number, -1, -1], "dim_order": OUTPUT_SHAPES[4], "data_type": "float32"}
        rewrite.say(f"{path}.result", None, entry["result"], "no output shape is given; a map of classes is taken.")
    function(entry, path, "post_processing_function", rewrite)
    rewrite.move(entry, path, "number_of_classes", rewrite.properties, "draft:number_of_classes")


def _result(node: Node) -> dict[str, Any]:
    shape = [-1 if n.integer() == -1 else n.integer() for n in node]
    if len(shape) not in OUTPUT_SHAPES:
        raise node.wrong("one to four sizes")
    return {"shape": shape, "dim_order": OUTPUT_SHAPES[len(shape)], "data_type": "float32"}


def _leftovers(value: dict[str, Any], path: str, rewrite: Rewrite) -> None:
    """Keep members that no rule knows, under the prefix "draft:"."""
    for word in [w for w, v in value.items() if v is not None]:
        rewrite.move(value, path, word, rewrite.properties, f"draft:{word}")
