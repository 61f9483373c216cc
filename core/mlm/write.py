"""Writes a `Model` as an Item of MLM 1.5, the form in which any other is converted; reading it again gives the same
model.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

from ..errors import ItemUnreadable, OutputNotWritable
from .model import Artifact, Band, Domain, Expression, Link, Model, ModelClass, ModelInput, ModelOutput, Tensor

ADDRESS = "https://stac-extensions.github.io/mlm/v1.5.2/schema.json"
EXTENSIONS = {
    "file:": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "sci:": "https://stac-extensions.github.io/scientific/v1.0.0/schema.json",
    "version": "https://stac-extensions.github.io/version/v1.2.0/schema.json",
    "eo:": "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "raster:": "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "cube:": "https://stac-extensions.github.io/datacube/v2.2.0/schema.json",
}
"""The addresses of other extensions, by the prefix of fields that call for them."""

TASKS = frozenset(
    ("regression", "classification", "scene-classification", "detection", "object-detection", "segmentation")
    + ("semantic-segmentation", "instance-segmentation", "panoptic-segmentation", "similarity-search", "generative")
    + ("image-captioning", "super-resolution", "downscaling")
)
"""The specification's tasks."""

BAND_FIELDS = {
    "name": "name",
    "common_name": "eo:common_name",
    "description": "description",
    "center_wavelength": "eo:center_wavelength",
    "full_width_half_max": "eo:full_width_half_max",
    "data_type": "data_type",
    "nodata": "nodata",
    "unit": "unit",
    "scale": "raster:scale",
    "offset": "raster:offset",
    "spatial_resolution": "raster:spatial_resolution",
}
"""Fields of `Band`, and what each is called in the item's `bands` (STAC 1.1)."""

STATISTICS = ("minimum", "maximum", "mean", "stddev")


def write(model: Model) -> dict[str, Any]:
    """Return `model` as an Item; raises `ItemUnreadable` where the form has no word for what it does."""
    properties = _present(
        {
            **_times(model.domain),
            "title": model.title,
            "description": model.description,
            "license": model.license,
            "keywords": list(model.keywords),
            "sci:citation": model.citation,
            "sci:doi": model.doi,
            "version": model.version,
            "deprecated": model.deprecated or None,
            "gsd": model.gsd,
            "mlm:name": model.name,
            "mlm:architecture": model.architecture,
            "mlm:tasks": _tasks(model.tasks, "properties"),
            "mlm:framework": model.framework,
            "mlm:batch_size_suggestion": model.batch_size_suggestion,
            "mlm:hyperparameters": dict(model.hyperparameters),
            "mlm:input": [_input(i) for i in model.inputs],
            "mlm:output": [_output(o) for o in model.outputs],
            "bands": _bands(model),
            **model.more,
        }
    )
    properties.setdefault("datetime", None)
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": model.id,
        "geometry": model.domain.geometry,
        "properties": properties,
        "assets": {a.key: _asset(a) for a in (*model.artifacts, *model.resources)},
        "links": [_link(link) for link in model.links],
    }
    if model.domain.bbox is not None:
        item["bbox"] = list(model.domain.bbox)
    item["stac_extensions"] = _extensions(item)
    return item


def save_item(item: Mapping[str, Any], path: Path) -> None:
    """Write `item` as JSON to `path`, whole or not at all; raises `OutputNotWritable`."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_text(json.dumps(item, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise OutputNotWritable(f"{path} can't be written: {error.strerror}. Choose another place.") from error


def _times(domain: Domain) -> dict[str, Any]:
    if domain.start and domain.start == domain.end:
        return {"datetime": domain.start}
    return {"start_datetime": domain.start, "end_datetime": domain.end}


def _tasks(tasks: Sequence[str], path: str) -> list[str]:
    unknown = [task for task in tasks if task not in TASKS]
    if unknown:
        raise ItemUnreadable(f"{path} has the task {unknown[0]!r}, for which MLM 1.5 has no word; it can't be written.")
    return list(tasks)


def _input(given: ModelInput) -> dict[str, Any]:
    scaling = [s.to_json() if s is not None else {"type": None} for s in given.value_scaling]
    return _present(
        {
            "name": given.name or "input",
            "description": given.description,
            "bands": [_band_name(b) for b in given.bands],
            "variables": [_band_name(v) for v in given.variables],
            "input": _tensor(given.tensor),
            "value_scaling": [s if s["type"] else None for s in scaling] if scaling else None,
            "resize_type": given.resize_type,
            "pre_processing_function": _functions(given.pre_processing),
            "params": dict(given.params),
            **given.more,
        },
        keep=("bands",),
    )


def _output(output: ModelOutput) -> dict[str, Any]:
    return _present(
        {
            "name": output.name or "output",
            "description": output.description,
            "tasks": _tasks(output.tasks, f"output {output.name}"),
            "bands": [_band_name(b) for b in output.bands],
            "variables": [_band_name(v) for v in output.variables],
            "result": _tensor(output.tensor),
            "classification:classes": [_class(c) for c in output.classes],
            "post_processing_function": _functions(output.post_processing),
            **output.more,
        }
    )


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "dim_order": list(tensor.dim_order), "data_type": tensor.data_type}


def _band_name(band: Band) -> Any:
    if band.expression is None:
        return band.name
    return {"name": band.name, "format": band.expression.format, "expression": band.expression.expression}


def _functions(functions: Sequence[Expression]) -> Any:
    written = [
        _present({"format": f.format, "expression": f.expression, "description": f.description}) for f in functions
    ]
    return written[0] if len(written) == 1 else written


def _class(one: ModelClass) -> dict[str, Any]:
    """Return a Class Object that both versions of the extension take: 1 wants a description, 2 a name."""
    return _present(
        {
            "value": one.value,
            "name": one.name or f"class-{one.value}",
            "title": one.title,
            "description": one.description or one.title or one.name or f"class-{one.value}",
            "color_hint": one.color,
            "nodata": one.nodata or None,
        },
        keep=("value",),
    )


def _bands(model: Model) -> list[dict[str, Any]]:
    """Return what is known of each band by its name, once; a computed band is described where it is used."""
    found: dict[str, Band] = {}
    results = [
        b for o in model.outputs for b in (*o.bands, *o.variables) if replace(b, name="", expression=None) != Band("")
    ]
    for band in (*(b for i in model.inputs for b in (*i.sources, *i.bands)), *results):
        found.setdefault(band.name, replace(band, expression=None))
    return [_described(band) for band in found.values()]


def _described(band: Band) -> dict[str, Any]:
    written = {word: getattr(band, field) for field, word in BAND_FIELDS.items()}
    written["statistics"] = _present({word: getattr(band, word) for word in STATISTICS})
    return _present(written, keep=("name",))


def _asset(artifact: Artifact) -> dict[str, Any]:
    return _present(
        {
            "href": artifact.href,
            "type": artifact.type,
            "title": artifact.title,
            "description": artifact.description,
            "roles": list(artifact.roles),
            "mlm:artifact_type": artifact.artifact_type,
            "file:size": artifact.size,
            "file:checksum": artifact.checksum,
            **artifact.more,
        },
        keep=("href",),
    )


def _link(link: Link) -> dict[str, Any]:
    return _present({"rel": link.rel, "href": link.href, "title": link.title, "type": link.type, **link.more})


def _extensions(item: Mapping[str, Any]) -> list[str]:
    words = set(item["properties"])
    for member in (*item["assets"].values(), *item["properties"].get("bands", [])):
        words |= set(member)
    return [ADDRESS, *(address for prefix, address in EXTENSIONS.items() if any(w.startswith(prefix) for w in words))]


def _present(members: Mapping[str, Optional[Any]], keep: Sequence[str] = ()) -> dict[str, Any]:
    """Return the members that say something."""
    return {word: value for word, value in members.items() if word in keep or value not in (None, "", [], {})}
