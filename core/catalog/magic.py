"""Tells an ONNX file by its content, for a model's file that neither its item nor its name calls so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..mlm.model import Model, Note

_LOOKED_AT = 4096
_IR_VERSION = 0x08
"""The tag of the first field of an ONNX file: `ir_version`, a small number (onnx.proto, ModelProto)."""
_NEWEST_IR = 64
_PRODUCER, _DOMAIN, _GRAPH, _OPSET = 0x12, 0x22, 0x3A, 0x42
"""Tags that can follow it: the producer's name, the domain, the graph, the operator sets."""


def looks_like_onnx(path: Path) -> bool:
    """Whether a file begins as an ONNX model does; onnxruntime has the last word."""
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
    except OSError:
        return False
    return (
        len(start) > 2
        and start[0] == _IR_VERSION
        and 0 < start[1] < _NEWEST_IR
        and start[2] in (_PRODUCER, _DOMAIN, _GRAPH, _OPSET)
    )


def recognised(model: Model) -> Model:
    """Return `model` with files of unknown kind that are on this machine, and are ONNX by their content, marked as
    such.
    """
    if model.runnable:
        return model
    files, notes = [], list(model.notes)
    for artifact in model.artifacts:
        if artifact.artifact_type == "unknown" and looks_like_onnx(_local(artifact.href)):
            notes.append(Note(f"assets.{artifact.key}", "The file is ONNX by its content.", "unknown", "onnx"))
            artifact = replace(artifact, artifact_type="onnx", runnable=True, why_not="")
        files.append(artifact)
    return replace(model, artifacts=tuple(sorted(files, key=lambda a: not a.runnable)), notes=tuple(notes))


def _local(href: str) -> Path:
    parts = urlsplit(href)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(href)
