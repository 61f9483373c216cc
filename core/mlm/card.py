"""What a person wants to know of a model before running it, as plain text or as simple HTML that fetches nothing.

A model becomes `Section`s of labelled lines; the two writers only lay them out. All that comes from an item is escaped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any, Callable, Mapping, Optional

from .legend import legend
from .model import (
    VARIABLE,
    Artifact,
    Band,
    Expression,
    Link,
    Model,
    ModelInput,
    ModelOutput,
    Note,
    Tensor,
    ValueScaling,
)

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/[-._;()/:A-Za-z0-9]+)")
_ANY_START, _ANY_END = "1900-01-01", "9999-12-31"
"""The times that publishers write for "any" (MLM best practices)."""

SCALINGS: dict[str, Callable[[ValueScaling], str]] = {
    "min-max": lambda s: f"stretched so that {_n(s.minimum)} becomes 0 and {_n(s.maximum)} becomes 1",
    "z-score": lambda s: f"less the mean {_n(s.mean)}, divided by the standard deviation {_n(s.stddev)}",
    "clip": lambda s: f"cut off below {_n(s.minimum)} and above {_n(s.maximum)}",
    "clip-min": lambda s: f"cut off below {_n(s.minimum)}",
    "clip-max": lambda s: f"cut off above {_n(s.maximum)}",
    "offset": lambda s: f"less {_n(s.value)}",
    "scale": lambda s: f"divided by {_n(s.value)}",
    "processing": lambda s: f"computed by an expression: {_expression(s.expression)}" if s.expression else "computed",
}
"""What each Value Scaling Object does, in words."""


@dataclass(frozen=True)
class Line:
    """A labelled statement; `color` (#RRGGBB) stands before it, `link` is an address that the text leads to."""

    label: str
    text: str
    color: str = ""
    link: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    lines: tuple[Line, ...]


def card(model: Model) -> str:
    """Return the card as plain text."""
    parts = [model.label, "=" * len(model.label)]
    if model.description:
        parts += ["", model.description]
    for section in sections(model):
        parts += ["", section.title, "-" * len(section.title)]
        for line in section.lines:
            label = f"{line.label}: " if line.label else ""
            parts.append(f"{label}{line.text}" + (f" ({line.color})" if line.color else ""))
    return "\n".join(parts) + "\n"


def card_html(model: Model) -> str:
    """Return the card as HTML of the kind that Qt's rich text knows; colours are those of classes alone."""
    parts = [f"<h2>{escape(model.label)}</h2>"]
    parts += [f"<p>{escape(p)}</p>" for p in re.split(r"\n\s*\n", model.description) if p.strip()]
    for section in sections(model):
        rows = "".join(_row(line) for line in section.lines)
        parts.append(f'<h3>{escape(section.title)}</h3><table cellspacing="0" cellpadding="2">{rows}</table>')
    return "\n".join(parts)


def summary(model: Model) -> str:
    """Return the few words that a list shows; what the item does not say is left out."""
    wanted, given = [band for one in model.inputs for band in one.fed], model.outputs[0].classes
    shown = [c for c in given if not c.nodata]
    size = next((a.size for a in model.artifacts if a.size), None)
    said = (
        _count(len(shown), "class", "classes") if shown else "",
        _count(len(wanted), "band", "bands") if wanted else "",
        f"{model.gsd:g} m" if model.gsd else "",
        bytes_in_words(size) if size else "",
    )
    return ", ".join(word for word in said if word) or ", ".join(model.tasks)


def bytes_in_words(size: float) -> str:
    """Return a file's size as people say it: 400 kB is 0.4 MB, 12345678 is 12 MB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor / 10:
            number = size / factor
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
    return f"{max(size / 1e3, 0.1):.1f} kB"


def sections(model: Model) -> tuple[Section, ...]:
    """Return what the card says, in its order; sections without a line are left out."""
    made = [Section("About", _about(model)), Section("Area of Use", _domain(model))]
    for number, given in enumerate(model.inputs, 1):
        title = "Input" if len(model.inputs) == 1 else f"Input {number}"
        made.append(Section(title, _input(given)))
    for number, output in enumerate(model.outputs, 1):
        title = "Output" if len(model.outputs) == 1 else f"Output {number}"
        made.append(Section(title, _output(output)))
    made.append(Section("Files", tuple(line for a in model.artifacts for line in _artifact(a))))
    made.append(Section("Other Files", tuple(line for a in model.resources for line in _artifact(a))))
    made.append(Section("Links", tuple(Line(link.rel, _link(link), link=_web(link.href)) for link in model.links)))
    made.append(Section("Parameters", _members(model.hyperparameters)))
    made.append(Section("Further Fields", _members(model.more)))
    made.append(Section("Reading Notes", tuple(Line(note.field, _note(note)) for note in model.notes)))
    return tuple(s for s in made if s.lines)


def _members(members: Mapping[str, Any]) -> tuple[Line, ...]:
    return tuple(Line(word, _short(value)) for word, value in sorted(members.items()))


def _link(link: Link) -> str:
    return f"{link.title}: {link.href}" if link.title else link.href


def _web(address: str) -> str:
    """Return an address that may be followed from the card, or nothing."""
    return address if address.startswith(("https://", "http://")) else ""


def _note(note: Note) -> str:
    """Return a note with the value before, and the one after where it is another."""
    was, now = (_short(v, 120) if v is not None else "" for v in (note.old, note.new))
    if was and now and was != now:
        return f"{note.text} ({was} becomes {now})"
    if now and not was and now not in note.text:
        return f"{note.text} (taken: {now})"
    return f"{note.text} ({was})" if was else note.text


def _about(model: Model) -> tuple[Line, ...]:
    doi = _DOI.fullmatch(model.doi.strip())
    warning = "The publisher has withdrawn this model; look for a newer one." if model.deprecated else ""
    said = (
        Line("Deprecated", warning),
        Line("Task", ", ".join(t.replace("-", " ") for t in model.tasks)),
        Line("Made by", ", ".join(model.providers)),
        Line("Licence", model.license),
        Line("Version", model.version),
        Line("Citation", model.citation),
        Line("DOI", model.doi, link=f"https://doi.org/{doi[1]}" if doi else ""),
        Line("Architecture", model.architecture),
        Line("Trained with", model.framework),
        Line("Suggested batch", str(model.batch_size_suggestion or "")),
        Line("Keywords", ", ".join(model.keywords)),
        Line("Description read as", model.form),
        Line("Item", model.id),
        Line("Found at", model.href),
    )
    return tuple(line for line in said if line.text)


def _domain(model: Model) -> tuple[Line, ...]:
    said = []
    if model.domain.bbox:
        west, south, east, north = model.domain.bbox
        whole = west <= -180 and south <= -80 and east >= 180 and north >= 80
        across = f"{_degrees(west, 'E', 'W')} to {_degrees(east, 'E', 'W')}"
        along = f"{_degrees(south, 'N', 'S')} to {_degrees(north, 'N', 'S')}"
        said.append(Line("Area", "the whole Earth" if whole else f"{across}, {along}"))
    start, end = model.domain.start[:10], model.domain.end[:10]
    if (start or end) and not (start <= _ANY_START and end >= _ANY_END):
        said.append(Line("Time", f"{start or 'any time'} to {end or 'now'}" if start != end else start))
    if model.gsd:
        said.append(Line("Pixel size", f"{model.gsd:g} m"))
    return tuple(said)


def _input(given: ModelInput) -> tuple[Line, ...]:
    lines = [Line("Name", given.name), Line("", given.description)]
    scaling = given.value_scaling
    each = scaling * len(given.bands) if len(scaling) == 1 else scaling or (None,) * len(given.bands)
    for band, one in zip(given.bands, each):
        said = "; ".join(filter(None, (band_in_words(band), _stored(band), _scaled(one))))
        lines.append(Line(f"Band {band.name}", said or "values as they are"))
    lines += [Line(f"Variable {v.name}", v.description or "not readable from a raster band") for v in given.variables]
    if given.resize_type:
        lines.append(Line("resize_type", given.resize_type))
    lines += [Line("Before the model", _expression(e)) for e in given.pre_processing]
    lines += _members(given.params) + _members(given.more)
    lines.append(Line("Tensor", tensor_in_words(given.tensor)))
    return tuple(line for line in lines if line.text)


def _output(output: ModelOutput) -> tuple[Line, ...]:
    lines = [Line("Name", output.name), Line("Task", ", ".join(output.tasks)), Line("", output.description)]
    for label, named in (("Bands", output.bands), ("Variables", output.variables)):
        lines.append(Line(label, ", ".join(band.name for band in named)))
    described = {c.value: c.description for c in output.classes}
    for entry in legend(output.classes):
        more = described[entry.value] if described[entry.value] != entry.label else ""
        text = entry.label + (f": {more}" if more else "") + (" (no data)" if entry.nodata else "")
        lines.append(Line(f"Class {entry.value}", text, color=entry.color))
    lines += [Line("After the model", _expression(e)) for e in output.post_processing]
    lines += _members(output.more)
    lines.append(Line("Tensor", tensor_in_words(output.tensor)))
    return tuple(line for line in lines if line.text)


def _artifact(artifact: Artifact) -> tuple[Line, ...]:
    kind = artifact.artifact_type or artifact.type or "of unknown kind"
    size = f", {bytes_in_words(artifact.size)}" if artifact.size else ""
    about = f", {artifact.description}" if artifact.description else ""
    lines = [Line(artifact.title or artifact.key, f"{kind}{size}, {artifact.href}{about}")]
    if artifact.checksum:
        lines.append(Line("Checksum", artifact.checksum))
    if artifact.why_not:
        lines.append(Line("Not run here", artifact.why_not))
    return (*lines, *_members(artifact.more))


def band_in_words(band: Band) -> str:
    """Return what is known of a band: "red, 0.665 µm, 10 m, uint16"."""
    said = (
        band.common_name if band.common_name != band.name else "",
        band.description if band.description not in (band.name, band.common_name) else "",
        f"{band.center_wavelength:g} µm" if band.center_wavelength else "",
        f"{band.spatial_resolution:g} m" if band.spatial_resolution else "",
        band.data_type,
        band.unit,
        f"computed: {_expression(band.expression)}" if band.expression else "",
    )
    return ", ".join(word for word in said if word)


def _stored(band: Band) -> str:
    """Return how a band's stored values are meant: "nodata 0, scale 0.0001"."""
    said = (
        f"nodata {band.nodata:g}" if band.nodata is not None else "",
        f"scale {_n(band.scale)}" if band.scale not in (None, 1) else "",
        f"offset {_n(band.offset)}" if band.offset else "",
    )
    return ", ".join(filter(None, said))


def tensor_in_words(tensor: Tensor) -> str:
    """Return "float32, batch (any) x bands (6) x height (any) x width (any)"."""
    sizes = ["any" if size == VARIABLE else str(size) for size in tensor.shape]
    names = list(tensor.dim_order) + ["?"] * (len(sizes) - len(tensor.dim_order))
    return f"{tensor.data_type}, " + " x ".join(f"{name} ({size})" for name, size in zip(names, sizes))


def _scaled(scaling: Optional[ValueScaling]) -> str:
    if scaling is None:
        return ""
    fields = ", ".join(f"{k} {_n(v)}" for k, v in scaling.to_json().items() if isinstance(v, (int, float)))
    return f"{SCALINGS[scaling.type](scaling)} ({scaling.type}{': ' + fields if fields else ''})"


def _expression(expression: Expression) -> str:
    text = f"{expression.format}: {_short(expression.expression)}"
    return f"{expression.description} ({text})" if expression.description else text


def _row(line: Line) -> str:
    text = escape(line.text)
    if line.link:
        text = f'<a href="{escape(line.link)}">{text}</a>'
    if line.color:
        text = f'<span style="background-color:{escape(line.color)}">&nbsp;&nbsp;&nbsp;&nbsp;</span> {text}'
    return f"<tr><td><i>{escape(line.label)}</i>&nbsp;</td><td>{text}</td></tr>"


def _short(value: object, limit: int = 500) -> str:
    text = str(value)
    return text if len(text) <= limit else f"{text[:limit]} ..."


def _n(number: Optional[float]) -> str:
    return "?" if number is None else f"{number:.6g}"


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):.4g}° {positive if value >= 0 else negative}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
