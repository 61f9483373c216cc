"""A finished run as a layer that explains itself: named, styled, with metadata that says what was done and how to
repeat it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Mapping

from qgis.core import QgsLayerMetadata, QgsLayerTreeLayer, QgsProject, QgsRasterLayer

from ..core.errors import RasterUnreadable

ABSTRACT = "Classes that the model {model} gave to the pixels of {layer}."


def load(result: Mapping[str, Any], params: Mapping[str, Any], title: str, source_name: str) -> QgsRasterLayer:
    """Return the layer of a run's output, not yet in a project; `title` is the model's."""
    path = str(result["output"])
    layer = QgsRasterLayer(path, layer_name(title, source_name))
    if not layer.isValid():
        raise RasterUnreadable(
            f"The result {path} can't be opened by QGIS. It may have been moved; run the model again."
        )
    dress(layer, result, params, title, source_name)
    return layer


def dress(
    layer: QgsRasterLayer,
    result: Mapping[str, Any],
    params: Mapping[str, Any],
    title: str,
    source_name: str,
) -> None:
    """Give a result's layer the style beside its file, its name and its metadata."""
    style = Path(str(result["output"])).with_suffix(".qml")
    if style.exists():
        layer.loadNamedStyle(str(style))
    layer.setName(layer_name(title, source_name))
    layer.setMetadata(metadata(layer, result, params, title, source_name))


def add(layer: QgsRasterLayer, source_id: str) -> None:
    """Put the layer into the project, just above the layer that it was made from."""
    project = QgsProject.instance()
    project.addMapLayer(layer, False)
    root = project.layerTreeRoot()
    node = root.findLayer(source_id)
    if node is None or node.parent() is None:
        made = root.insertLayer(0, layer)
    else:
        made = node.parent().insertLayer(node.parent().children().index(node), layer)
    unfold(made)


def unfold(node: QgsLayerTreeLayer) -> None:
    """Show the classes in the layers panel, which folds up long legends and those that came after their layer."""
    node.setExpanded(False)
    node.setExpanded(True)


def layer_name(title: str, layer: str) -> str:
    return f"{title} - {layer}"


def metadata(
    layer: QgsRasterLayer, result: Mapping[str, Any], params: Mapping[str, Any], title: str, source_name: str
) -> QgsLayerMetadata:
    """Return what the layer's metadata page shows; what the layer has already is kept."""
    made = layer.metadata()
    made.setTitle(layer.name())
    made.setAbstract(ABSTRACT.format(model=title, layer=source_name))
    made.setType("dataset")
    if layer.crs().isValid():
        made.setCrs(layer.crs())
    for line in history(result, params):
        made.addHistoryItem(line)
    return made


def history(result: Mapping[str, Any], params: Mapping[str, Any]) -> list[str]:
    """Return what was done to the values, what was assumed about them, and the command that does it again."""
    lines = [f"Applied: {text}" for text in texts(result.get("applied"))]
    lines += [f"Assumed: {text}" for text in texts(result.get("assumed"))]
    lines += [f"Source: {raster}" for raster in params["rasters"]]
    lines.append(f"Model: {params['model']}")
    lines.append(f"To repeat it: {command_line(params)}")
    return lines


def texts(value: Any) -> list[str]:
    """Return the sentences of `applied` or `assumed`, given as a list or by subject."""
    if isinstance(value, Mapping):
        return [f"{subject}: {text}" for subject, text in value.items()]
    if isinstance(value, (list, tuple)):
        return [str(v.get("text", v)) if isinstance(v, Mapping) else str(v) for v in value]
    return [str(value)] if value else []


def command_line(params: Mapping[str, Any]) -> str:
    """Return the shell's words for a run's parameters."""
    words = ["mlm-runner", "run", str(params["model"]), *map(str, params["rasters"]), "-o", str(params["output"])]
    if params.get("extent"):
        words += ["--extent", *(f"{number:.10g}" for number in params["extent"])]
        if params.get("extent_crs"):
            words += ["--extent-crs", str(params["extent_crs"])]
    for band, raster in (params.get("bands") or {}).items():
        words += ["--band", f"{band}={raster}"]
    for option in ("units", "tile", "overlap", "merge"):
        value = params.get(option)
        if value is not None and (option, value) != ("units", "auto"):
            words += [f"--{option}", str(value)]
    if params.get("skip_functions"):
        words.append("--skip-functions")
    return shlex.join(words)


def shares(classes: list[Mapping[str, Any]], limit: int = 4) -> str:
    """Return "forest 41.2 %, water 12.9 %" for the largest classes."""
    counted = [c for c in classes if c.get("pixels")]
    total = sum(c["pixels"] for c in counted)
    if not total:
        return "no pixel has a class"
    ranked = sorted(counted, key=lambda c: -c["pixels"])
    said = [f"{c['name']} {100 * c['pixels'] / total:.1f} %" for c in ranked[:limit]]
    if len(ranked) > limit:
        rest = sum(c["pixels"] for c in ranked[limit:])
        said.append(f"{len(ranked) - limit} more {100 * rest / total:.1f} %")
    return ", ".join(said)
