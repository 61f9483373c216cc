"""Reads a published Item into a `Model`, whatever form of MLM it is in; field names are those of MLM 1.5.

Older forms are first rewritten in the newest one (`older`). What items in circulation do differently is repaired and
noted.
"""

from __future__ import annotations

from typing import Any, Mapping

from ..errors import ItemUnreadable
from .artifacts import artifacts, is_model, links, resources
from .bandinfo import COLLECTION, LISTS, collection_bands, known_bands
from .domain import domain
from .load import REPAIRED, load_json
from .model import Band, Model, ModelInput, ModelOutput, Note
from .node import Node
from .older import newest
from .parts import model_input, model_output
from .slug import model_name

__all__ = ["load_json", "read"]

CONSUMED = frozenset(
    ("title", "description", "license", "keywords", "sci:citation", "sci:doi", "version", "deprecated", "gsd")
    + ("datetime", "start_datetime", "end_datetime", "mlm:name", "mlm:architecture", "mlm:tasks", "mlm:framework")
    + ("mlm:input", "mlm:output", "mlm:batch_size_suggestion", "mlm:hyperparameters", *LISTS)
)
"""Properties that have a field of their own in `Model`; all others are kept in `Model.more`."""


def read(item: Mapping[str, Any], href: str = "") -> Model:
    """Return what `item` says; `href` is the item's own path or URL, against which relative addresses are resolved.

    Raises `ItemUnreadable`, with the field's path, where a run could not know what to do.
    """
    notes: list[Note] = []
    rewritten, form = newest(item, notes)
    node = Node(rewritten)
    for what in Node(rewritten.pop(REPAIRED, None), REPAIRED).texts():
        notes.append(Note("", f"The file has {what}, which JSON has not; they were taken out."))
    properties = node["properties"]
    files = artifacts(node, href, notes)
    known = known_bands(node, [a for _, a in node["assets"].members() if is_model(a)])
    known += collection_bands(Node(rewritten.get(COLLECTION), COLLECTION), _named(properties), notes)
    tasks = properties["mlm:tasks"].texts()
    inputs = tuple(model_input(n, known, notes) for n in properties["mlm:input"].required())
    outputs = tuple(model_output(n, _results(known, inputs), tasks, notes) for n in properties["mlm:output"].required())
    if not inputs or not outputs:
        empty = "properties.mlm:output" if inputs else "properties.mlm:input"
        raise ItemUnreadable(f"{empty} is empty; a model has at least one. Ask the item's publisher to describe it.")
    return Model(
        id=node["id"].required().text(),
        form=form,
        inputs=inputs,
        outputs=outputs,
        artifacts=files,
        resources=resources(node, href, notes),
        links=links(node, href, notes),
        title=properties["title"].text(),
        description=properties["description"].text(),
        name=_name(node, notes),
        architecture=_architecture(properties, notes),
        tasks=tasks or _tasks(outputs, notes),
        framework=properties["mlm:framework"].text(),
        license=properties["license"].text(),
        providers=tuple(p["name"].text() for p in properties["providers"] if p["name"].present),
        keywords=properties["keywords"].texts(),
        citation=properties["sci:citation"].text(),
        doi=properties["sci:doi"].text(),
        version=properties["version"].text(),
        deprecated=properties["deprecated"].flag(),
        domain=domain(node, notes),
        gsd=properties["gsd"].number(),
        batch_size_suggestion=properties["mlm:batch_size_suggestion"].integer(),
        hyperparameters={key: value.kept() for key, value in properties["mlm:hyperparameters"].members()},
        more={key: value.kept() for key, value in properties.members() if key not in CONSUMED and value.present},
        notes=tuple(notes),
        href=href,
    )


def _results(known: list[Band], inputs: tuple[ModelInput, ...]) -> list[Band]:
    """Return what the item says of bands that are no input's, for outputs of the same name."""
    taken = {band.name for given in inputs for band in (*given.fed, *given.sources)}
    return [band for band in known if band.name not in taken]


def _named(properties: Node) -> set[str]:
    """Return the names of bands in the item's inputs."""
    bands = [band for given in properties["mlm:input"] for band in given["bands"]]
    return {b.text() if isinstance(b.value, str) else b["name"].text() for b in bands}


def _name(node: Node, notes: list[Note]) -> str:
    given = node["properties"]["mlm:name"].text()
    if given:
        return given
    made = model_name(node["properties"]["title"].text() or node["id"].text())
    notes.append(Note("properties.mlm:name", f"The model has no name; it is called {made}.", None, made))
    return made


def _architecture(properties: Node, notes: list[Note]) -> str:
    given = properties["mlm:architecture"].text()
    if not given:
        notes.append(Note("properties.mlm:architecture", "The architecture is not given.", None, "unknown"))
    return given or "unknown"


def _tasks(outputs: tuple[ModelOutput, ...], notes: list[Note]) -> tuple[str, ...]:
    """Return the tasks of all outputs, for an item that lists none."""
    found = tuple(dict.fromkeys(task for output in outputs for task in output.tasks))
    notes.append(Note("properties.mlm:tasks", "The item lists no tasks; they are those of its outputs.", None, found))
    return found
