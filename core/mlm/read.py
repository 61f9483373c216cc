"""Reads a published Item into a `Model`; the newest form, MLM 1.4 to 1.6, is what this file speaks.

Field names and rules are those of the STAC MLM extension 1.5; what items in circulation do differently is repaired and
noted.
"""

from __future__ import annotations

import json
from typing import Any, Mapping, Optional

from ..errors import ItemUnreadable
from .artifacts import artifacts, is_model
from .bandinfo import complete, described, known_bands
from .classes import classes
from .forms import form_of
from .model import Band, Domain, Expression, Model, ModelInput, ModelOutput, Note, Tensor, ValueScaling
from .node import Node

SHAPE_LIMIT = 10**6
"""The largest size of a dimension that is taken seriously."""

SCALINGS: dict[str, tuple[str, ...]] = {
    "min-max": ("minimum", "maximum"),
    "z-score": ("mean", "stddev"),
    "clip": ("minimum", "maximum"),
    "clip-min": ("minimum",),
    "clip-max": ("maximum",),
    "offset": ("value",),
    "scale": ("value",),
    "processing": (),
}
"""The types of a Value Scaling Object, and the fields that each needs (MLM 1.5, Value Scaling Object)."""

MORE = (
    "mlm:framework_version",
    "mlm:memory_size",
    "mlm:total_parameters",
    "mlm:pretrained",
    "mlm:pretrained_source",
    "mlm:accelerator",
    "mlm:accelerator_constrained",
    "mlm:accelerator_summary",
    "mlm:accelerator_count",
)


def load_json(content: bytes, where: str) -> dict[str, Any]:
    """Return the JSON object in `content`; `where` names it in the error."""
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ItemUnreadable(f"{where} is no JSON file: byte {error.start} is no UTF-8 text.") from None
    except json.JSONDecodeError as error:
        kind = "a web page, not JSON" if content.lstrip()[:1] == b"<" else "no JSON"
        raise ItemUnreadable(f"{where} is {kind}: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise ItemUnreadable(f"{where} is nested too deeply to be an Item.") from None
    except ValueError as error:
        raise ItemUnreadable(f"{where} holds a number that can't be read: {error}.") from None
    if not isinstance(value, dict):
        raise ItemUnreadable(f"{where} holds a {type(value).__name__}, and an Item is an object.")
    return value


def read(item: Mapping[str, Any], href: str = "") -> Model:
    """Return what `item` says; `href` is the item's own path or URL, against which relative addresses are resolved.

    Raises `ItemUnreadable`, with the field's path, where a run could not know what to do.
    """
    notes: list[Note] = []
    node = Node(dict(item))
    form = form_of(node, notes)
    properties = node["properties"]
    files = artifacts(node, href, notes)
    known = known_bands(node, [a for _, a in node["assets"].members() if is_model(a)])
    tasks = properties["mlm:tasks"].texts()
    inputs = tuple(_input(n, known, notes) for n in properties["mlm:input"].required())
    outputs = tuple(_output(n, tasks, notes) for n in properties["mlm:output"].required())
    if not inputs or not outputs:
        empty = "properties.mlm:output" if inputs else "properties.mlm:input"
        raise ItemUnreadable(f"{empty} is empty; a model has at least one. Ask the item's publisher to describe it.")
    return Model(
        id=node["id"].required().text(),
        form=form,
        inputs=inputs,
        outputs=outputs,
        artifacts=files,
        title=properties["title"].text(),
        description=properties["description"].text(),
        name=properties["mlm:name"].text(),
        architecture=properties["mlm:architecture"].text(),
        tasks=tasks,
        framework=properties["mlm:framework"].text(),
        license=properties["license"].text(),
        providers=tuple(p["name"].text() for p in properties["providers"] if p["name"].present),
        keywords=properties["keywords"].texts(),
        citation=properties["sci:citation"].text(),
        doi=properties["sci:doi"].text(),
        version=properties["version"].text(),
        deprecated=properties["deprecated"].flag(),
        domain=_domain(node, notes),
        gsd=properties["gsd"].number(),
        batch_size_suggestion=properties["mlm:batch_size_suggestion"].integer(),
        hyperparameters={key: value.kept() for key, value in properties["mlm:hyperparameters"].members()},
        more={word: properties[word].kept() for word in MORE if properties[word].present},
        notes=tuple(notes),
        href=href,
    )


def _input(node: Node, known: list[Band], notes: list[Note]) -> ModelInput:
    bands = tuple(_band(n, known, notes) for n in node["bands"])
    variables = tuple(_band(n, known, notes) for n in node["variables"])
    tensor = _tensor(node["input"].required(), notes)
    scaling = tuple(_scaling(n) for n in node["value_scaling"])
    wanted = len(bands) or len(variables)
    if wanted and len(scaling) not in (0, 1, wanted):
        raise ItemUnreadable(
            f"{node['value_scaling'].path} has {len(scaling)} entries for {wanted} bands; "
            "it needs one for each, or one for all."
        )
    if node["norm_by_channel"].present:
        notes.append(Note(node["norm_by_channel"].path, "norm_by_channel is of forms before 1.4 and is ignored."))
    return ModelInput(
        name=node["name"].text(),
        tensor=tensor,
        bands=bands,
        variables=variables,
        description=node["description"].text(),
        value_scaling=scaling,
        resize_type=node["resize_type"].text() or None,
        pre_processing=_functions(node["pre_processing_function"]),
    )


def _output(node: Node, tasks: tuple[str, ...], notes: list[Note]) -> ModelOutput:
    own = node["tasks"].texts()
    if tasks and not own:
        notes.append(Note(node["tasks"].path, f"The output names no task; it is taken to be {', '.join(tasks)}."))
    return ModelOutput(
        name=node["name"].text(),
        tasks=own or tasks,
        tensor=_tensor(node["result"].required(), notes),
        classes=classes(node, notes),
        bands=tuple(_band(n, [], notes) for n in node["bands"]),
        variables=tuple(_band(n, [], notes) for n in node["variables"]),
        description=node["description"].text(),
        post_processing=_functions(node["post_processing_function"]),
    )


def _tensor(node: Node, notes: list[Note]) -> Tensor:
    shape = tuple(_size(n) for n in node["shape"].required())
    order = tuple(name.lower() for name in node["dim_order"].required().texts())
    if len(shape) != len(order):
        text = f"shape has {len(shape)} sizes and dim_order {len(order)} names; the model's file decides."
        notes.append(Note(node["dim_order"].path, text))
    return Tensor(shape, order, node["data_type"].text())


def _size(node: Node) -> int:
    size = node.required().integer()
    if size is None or size < -1 or size == 0 or size > SHAPE_LIMIT:
        raise node.wrong(f"a size from 1 to {SHAPE_LIMIT}, or -1 where it is free")
    return size


def _band(node: Node, known: list[Band], notes: list[Note]) -> Band:
    if isinstance(node.value, str):
        band = Band(name=node.text())
    else:
        band = described(node)
        if node["expression"].present or node["format"].present:
            band = Band(name=band.name, expression=_expression(node))
    if not band.name:
        raise ItemUnreadable(f"{node.path} has no name, by which its band could be found.")
    return complete(band, known, node.path, notes)


def _scaling(node: Node) -> Optional[ValueScaling]:
    """Read a Value Scaling Object; null, and a type of null, stand for a band left as it is."""
    kind = node["type"].text() if node.present else ""
    if not kind:
        return None
    if kind not in SCALINGS:
        raise node["type"].wrong(f"one of {', '.join(SCALINGS)}")
    if kind == "processing":
        return ValueScaling(kind, expression=_expression(node))
    values: dict[str, Any] = {word: node[word].required().number() for word in SCALINGS[kind]}
    low, high, stddev = (values.get(word) for word in ("minimum", "maximum", "stddev"))
    if low is not None and high is not None and low >= high:
        raise node["maximum"].wrong(f"more than the minimum, {low:g}")
    if stddev is not None and stddev <= 0:
        raise node["stddev"].wrong("above 0, since values are divided by it")
    if kind == "scale" and values["value"] == 0:
        raise node["value"].wrong("other than 0, since values are divided by it")
    return ValueScaling(kind, **values)


def _functions(node: Node) -> tuple[Expression, ...]:
    """Read a Processing Expression, a list of them (MLM 1.5), or none."""
    if not node.present:
        return ()
    if isinstance(node.value, list):
        return tuple(_expression(n) for n in node)
    if isinstance(node.value, str):
        return (Expression("unknown", node.text()),)
    return (_expression(node),)


def _expression(node: Node) -> Expression:
    return Expression(
        node["format"].required().text(), node["expression"].required().kept(), node["description"].text()
    )


def _domain(node: Node, notes: list[Note]) -> Domain:
    properties = node["properties"]
    return Domain(
        bbox=_bbox(node["bbox"], notes),
        geometry=node["geometry"].kept() if isinstance(node["geometry"].value, dict) else None,
        start=properties["start_datetime"].text() or properties["datetime"].text(),
        end=properties["end_datetime"].text() or properties["datetime"].text(),
    )


def _bbox(node: Node, notes: list[Note]) -> Optional[tuple[float, float, float, float]]:
    """Return west, south, east, north in degrees from -180 to 180; a west beyond the east crosses the antimeridian."""
    numbers = [n.required().number() or 0.0 for n in node]
    if len(numbers) not in (4, 6):
        if numbers:
            notes.append(Note(node.path, f"A bbox has 4 or 6 numbers, this one has {len(numbers)}; it is ignored."))
        return None
    west, south, east, north = (*numbers[:2], *numbers[3:5]) if len(numbers) == 6 else numbers
    if south > north:
        south, north = north, south
        notes.append(Note(node.path, f"The south and the north of the bbox are exchanged: {south:g} to {north:g}."))
    if east - west >= 360:
        return -180.0, south, 180.0, north
    if max(abs(west), abs(east)) > 180:
        west, east = ((x + 180) % 360 - 180 for x in (west, east))
        notes.append(Note(node.path, f"The longitudes of the bbox are read as {west:g} to {east:g}."))
    return west, south, east, north
