"""One normalised description of a model, whatever form the item was published in.

Names are the specification's (STAC MLM 1.5). After `read` nobody looks at the raw item: what was repaired, converted or
ignored on the way is in `Model.notes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional

from .dimensions import DIMENSIONS, has_pixels, sizes

VARIABLE = -1
"""A dimension's size in `Tensor.shape` when it is free."""


@dataclass(frozen=True)
class Note:
    """What was repaired, converted, inferred or ignored while reading: the field's path in the item, and the rule.

    `old` and `new` are the values before and after, where there are such. `assumed` is False where a field has only got
    its newer name, so that nothing was taken for granted.
    """

    field: str
    text: str
    old: Any = None
    new: Any = None
    assumed: bool = True


@dataclass(frozen=True)
class Expression:
    """A Processing Expression; shown always, computed only where an allow-list knows it."""

    format: str
    expression: Any
    description: str = ""


@dataclass(frozen=True)
class Band:
    """A Model Band with what the item says about it elsewhere (STAC 1.1 `bands`, `eo:bands`, `raster:bands`).

    `center_wavelength` and `full_width_half_max` are in micrometres, `spatial_resolution` in metres. `scale` and
    `offset` turn stored values into what the band means (value = stored x scale + offset), as in the raster extension.
    `minimum`, `maximum`, `mean` and `stddev` are the item's statistics of the band.
    """

    name: str
    common_name: str = ""
    description: str = ""
    center_wavelength: Optional[float] = None
    full_width_half_max: Optional[float] = None
    data_type: str = ""
    nodata: Optional[float] = None
    unit: str = ""
    scale: Optional[float] = None
    offset: Optional[float] = None
    spatial_resolution: Optional[float] = None
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    mean: Optional[float] = None
    stddev: Optional[float] = None
    expression: Optional[Expression] = None


@dataclass(frozen=True)
class ValueScaling:
    """A Value Scaling Object: `type` is the specification's word, the other fields are set as the type needs them."""

    type: str
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    mean: Optional[float] = None
    stddev: Optional[float] = None
    value: Optional[float] = None
    expression: Optional[Expression] = None

    def to_json(self) -> dict[str, Any]:
        """Return the object as the specification writes it."""
        words = ("minimum", "maximum", "mean", "stddev", "value")
        out: dict[str, Any] = {"type": self.type}
        out.update({w: getattr(self, w) for w in words if getattr(self, w) is not None})
        if self.expression is not None:
            out.update(format=self.expression.format, expression=self.expression.expression)
        return out


@dataclass(frozen=True)
class Tensor:
    """An Input or Result Structure; a size of `VARIABLE` (-1) is free."""

    shape: tuple[int, ...]
    dim_order: tuple[str, ...]
    data_type: str


@dataclass(frozen=True)
class ModelInput:
    """One input: its bands in channel order and what happens to their values before the model sees them.

    `sources` are the bands that a raster must have: the measured ones in order, then those that only expressions name.

    `value_scaling` is empty (none), has one entry (for all bands) or one for each band; None stands for a band left as
    is.
    """

    name: str
    tensor: Tensor
    bands: tuple[Band, ...] = ()
    sources: tuple[Band, ...] = ()
    variables: tuple[Band, ...] = ()
    description: str = ""
    value_scaling: tuple[Optional[ValueScaling], ...] = ()
    resize_type: Optional[str] = None
    pre_processing: tuple[Expression, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    """Members that are shown and not acted on, as the item has them."""

    @property
    def fed(self) -> tuple[Band, ...]:
        """The channels in order: bands, or variables; an image of one channel without either is called as the input."""
        return self.bands or self.variables or implied(self.name, self.tensor)


def implied(name: str, tensor: Tensor) -> tuple[Band, ...]:
    """Return the one band of an input that is an image of one channel and names none, as elevation often does."""
    channels = sizes(tensor.dim_order, tensor.shape).get("channel", 1)
    unknown = [size for dim, size in zip(tensor.dim_order, tensor.shape) if dim not in DIMENSIONS]
    one = channels == 1 and all(size == 1 for size in unknown)
    return (Band(name),) if name and one and has_pixels(tensor.dim_order) else ()


@dataclass(frozen=True)
class ModelClass:
    """A class of the result; `color` is six upper-case hexadecimal digits, or None where the item gives none."""

    value: int
    name: str
    title: str = ""
    description: str = ""
    color: Optional[str] = None
    nodata: bool = False

    @property
    def label(self) -> str:
        """What a legend shows."""
        return self.title or self.name or self.description or str(self.value)


@dataclass(frozen=True)
class ModelOutput:
    """One output: its tasks, its raw tensor and what its values mean."""

    name: str
    tasks: tuple[str, ...]
    tensor: Tensor
    classes: tuple[ModelClass, ...] = ()
    bands: tuple[Band, ...] = ()
    variables: tuple[Band, ...] = ()
    description: str = ""
    post_processing: tuple[Expression, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    """Members that are shown and not acted on, as the item has them."""


@dataclass(frozen=True)
class Artifact:
    """A file of the model. `href` is absolute where the item's own address is known; `checksum` is a multihash in
    hexadecimal.
    """

    key: str
    href: str
    type: str = ""
    artifact_type: str = ""
    title: str = ""
    description: str = ""
    roles: tuple[str, ...] = ()
    size: Optional[int] = None
    checksum: str = ""
    runnable: bool = False
    why_not: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Members that are shown and not acted on, as the item has them (`mlm:compile_method`, `mlm:entrypoint`, ...)."""


@dataclass(frozen=True)
class Link:
    """A link of the item that says something about the model: where it came from, its licence, its other versions."""

    rel: str
    href: str
    title: str = ""
    type: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Domain:
    """Where and when the publisher recommends the model: `bbox` is west, south, east, north in degrees; times are RFC
    3339.
    """

    bbox: Optional[tuple[float, float, float, float]] = None
    geometry: Optional[Mapping[str, Any]] = None
    start: str = ""
    end: str = ""


@dataclass(frozen=True)
class Model:
    """What an item says about a model, and what was done to understand it."""

    id: str
    form: str
    inputs: tuple[ModelInput, ...]
    outputs: tuple[ModelOutput, ...]
    artifacts: tuple[Artifact, ...]
    resources: tuple[Artifact, ...] = ()
    """Files that are not the model: source code, containers, training data, thumbnails."""
    links: tuple[Link, ...] = ()
    title: str = ""
    description: str = ""
    name: str = ""
    architecture: str = ""
    tasks: tuple[str, ...] = ()
    framework: str = ""
    license: str = ""
    providers: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    citation: str = ""
    doi: str = ""
    version: str = ""
    deprecated: bool = False
    domain: Domain = field(default_factory=Domain)
    gsd: Optional[float] = None
    batch_size_suggestion: Optional[int] = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    """Properties that are shown and not acted on, under the names that the item gives them."""
    notes: tuple[Note, ...] = ()
    href: str = ""

    @property
    def label(self) -> str:
        """What a list shows."""
        return self.title or self.name or self.id

    @property
    def runnable(self) -> bool:
        return not self.why_not

    @property
    def why_not(self) -> str:
        """Why the model can't be run from its item alone, or an empty string."""
        if any(a.runnable for a in self.artifacts):
            return ""
        reasons = [a.why_not for a in self.artifacts if a.why_not]
        return reasons[0] if reasons else "The item names no model file. Ask its publisher for one in ONNX format."
