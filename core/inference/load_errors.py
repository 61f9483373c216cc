"""Why onnxruntime does not load a file, as a sentence: a newer format, an operation or a type that it lacks, or damage.

onnxruntime's errors have no types that tell these apart, so its words do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Union

import onnxruntime

from ..errors import ArtifactCorrupt, NotRunnable

_UPDATE = "Set up the engine again to update it, or ask the publisher for an older opset."
_PUBLISHER = "Ask the publisher for a model of standard operations."

REASONS: tuple[tuple[str, str], ...] = (
    (
        r"Opset (?P<a>\d+) is under development.*support for domain (?P<b>\S+) is till opset (?P<c>\d+)",
        "was written for a newer onnxruntime than {version}: it has opset {a} of {b}, which is known up to {c}. "
        + _UPDATE,
    ),
    (
        r"Unsupported model IR version: (?P<a>\d+), max supported IR version: (?P<b>\d+)",
        "was written for a newer onnxruntime than {version}: it has IR version {a}, which is known up to {b}. "
        + _UPDATE,
    ),
    (
        r"(?P<a>[\w.]+:[\w.]+)\(-?\d+\) is not a registered function/op",
        "uses an operation that onnxruntime {version} does not have: {a}. " + _PUBLISHER,
    ),
    (
        r"No Op registered for (?P<a>\S+) with domain_version of (?P<b>\d+)",
        "uses an operation that onnxruntime {version} does not have: {a} in opset {b}. " + _PUBLISHER,
    ),
    (
        r"Could not find an implementation for (?P<a>\w+)\((?P<b>\d+)\)",
        "uses an operation that onnxruntime {version} does not have for its element type: {a} of opset {b}. "
        "Ask the publisher for a model in float32.",
    ),
    (
        r"MLDataType for: tensor\((?P<a>\w+)\) is not currently registered",
        "has values of the type {a}, which onnxruntime {version} does not have. Ask the publisher for one in float32.",
    ),
    (
        r"Type 'tensor\((?P<a>\w+)\)' of input parameter \((?P<b>[^)]*)\) of operator \((?P<c>\w+)\)",
        "has values {b!r} of the type {a}, which the operation {c} does not take in onnxruntime {version}. "
        "Ask the publisher for one in float32.",
    ),
)
"""Patterns in onnxruntime's words, and what is said then; `{a}` to `{c}` are what the pattern's groups hold."""


def explained(path: Path, text: str) -> Union[ArtifactCorrupt, NotRunnable]:
    """Return the error to raise for onnxruntime's `text` about the file `path`."""
    version = onnxruntime.__version__
    for pattern, sentence in REASONS:
        found = re.search(pattern, text, re.DOTALL)
        if found:
            return NotRunnable(f"{path.name} {sentence.format(version=version, **found.groupdict())}")
    reason = text.split("\n")[0][:300].rstrip(".")
    return ArtifactCorrupt(
        f"{path.name} can't be loaded as an ONNX model: {reason}. Fetch it again, or ask its publisher."
    )
