"""What a finished run says of itself: what it found in a line, what was done, and the command that repeats it."""

from __future__ import annotations

import shlex
from typing import Any, Mapping, Sequence

LIMIT = 4
"""Classes that are named in a line; the others are counted together."""
OPTIONS = (
    "units",
    "resolution",
    "mask",
    "tile",
    "overlap",
    "merge",
    "batch_size",
    "threshold",
    "iou",
    "probabilities",
    "confidence",
    "vector",
    "min_area",
    "simplify",
    "provider",
)
"""Parameters of a run that are options of the command line, under the same word."""


def history(result: Mapping[str, Any], params: Mapping[str, Any], copied: Sequence[str] = ()) -> list[str]:
    """Return what was done to the values, what was assumed about them, and the command that does it again.

    `copied` names layers that are no file: the command has a copy in their place, which is gone.
    """
    lines = [f"Applied: {text}" for text in texts(result.get("applied"))]
    lines += [f"Assumed: {text}" for text in texts(result.get("assumed"))]
    lines += [f"Source: {raster}" for raster in params["rasters"]]
    if params.get("mask"):
        lines.append(f"Mask: {params['mask']}")
    lines.append(f"Model: {params['model']}")
    lines += [f"Copied for the run: {name}. Save it as a file and name that to repeat the run." for name in copied]
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
    for option in OPTIONS:
        value = params.get(option)
        if value is not None and (option, value) != ("units", "auto"):
            words.append(f"--{option.replace('_', '-')}={value}")
    if params.get("skip_functions"):
        words.append("--skip-functions")
    return shlex.join(words)


def summary(result: Mapping[str, Any], limit: int = LIMIT) -> str:
    """Return what a result is made of, in a line: shares of classes, or numbers of objects."""
    classes = list(result.get("classes") or [])
    if result.get("kind") == "vector":
        return counts(classes, limit)
    return shares(classes, limit)


def shares(classes: Sequence[Mapping[str, Any]], limit: int = LIMIT) -> str:
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


def counts(classes: Sequence[Mapping[str, Any]], limit: int = LIMIT) -> str:
    """Return "car 12, truck 3" for the classes with the most objects."""
    ranked = sorted((c for c in classes if c.get("count")), key=lambda c: -c["count"])
    if not ranked:
        return "no object was found"
    said = [f"{c['name']} {c['count']}" for c in ranked[:limit]]
    if len(ranked) > limit:
        said.append(f"{len(ranked) - limit} more {sum(c['count'] for c in ranked[limit:])}")
    return ", ".join(said)
