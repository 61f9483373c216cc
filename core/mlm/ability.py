"""What the engine can do with a description so far; everything else is refused in a sentence, never done halfway."""

from __future__ import annotations

from ..errors import NotRunnable
from .expression import FORMATS, parse
from .finding import Finding
from .model import Expression, Model, ModelInput, ModelOutput, Tensor
from .sources import channels

TASKS = frozenset({"semantic-segmentation", "segmentation", "classification", "scene-classification", "regression"})
OBJECT_TASKS = frozenset({"object-detection", "detection", "instance-segmentation"})
"""Tasks that find things and give each an outline."""
SIDES = frozenset(("height", "width", "h", "w", "y", "x", "latitude", "longitude", "lat", "lon"))
PIXEL_DIMENSIONS = ({"height", "width"}, {"h", "w"}, {"y", "x"}, {"latitude", "longitude"}, {"lat", "lon"})


def obstacles(model: Model, skip_functions: bool = False) -> list[Finding]:
    """Return what keeps `model` from being run at all, whatever the raster, as findings of the level error."""
    found = []
    if not model.runnable:
        found.append(Finding("error", model.why_not, "", "no ONNX file"))
    found += _input_obstacles(model.inputs, skip_functions)
    found += _output_obstacles(model.outputs[0], skip_functions)
    return found


def remarks(model: Model) -> list[Finding]:
    """Return what the user should know of the kind of result, from the item alone; the file itself decides."""
    given, output = model.inputs[0], model.outputs[0]
    if not {"classification", "scene-classification"} & set(output.tasks) or per_pixel(given):
        return []
    if {"semantic-segmentation", "segmentation"} & set(output.tasks) or _has_pixels(output.tensor):
        return []
    sizes = [str(s) for d, s in zip(given.tensor.dim_order, given.tensor.shape) if d in SIDES and s > 0]
    tile = f" of {' x '.join(sizes)} pixels" if len(sizes) == 2 else ""
    return [Finding("note", f"The model gives one class for each tile{tile}, and no map of single pixels.")]


def is_regression(output: ModelOutput) -> bool:
    """Whether the output's values are numbers in their own right, and no scores of classes."""
    return "regression" in output.tasks and not output.classes


def gives_objects(output: ModelOutput) -> bool:
    """Whether the result is a layer of polygons, one for each object found, and no raster."""
    return bool(OBJECT_TASKS & set(output.tasks))


def per_pixel(given: ModelInput) -> bool:
    """Whether the model sees one pixel at a time: its input has no height and width."""
    return not _has_pixels(given.tensor)


def _has_pixels(tensor: Tensor) -> bool:
    return any(pair <= set(tensor.dim_order) for pair in PIXEL_DIMENSIONS)


def _input_obstacles(inputs: tuple[ModelInput, ...], skip_functions: bool) -> list[Finding]:
    found = []
    if len(inputs) > 1:
        names = ", ".join(i.name for i in inputs)
        text = f"The model has {len(inputs)} inputs ({names}); only one is supported."
        found.append(Finding("error", text, "Choose a model with one input.", "several inputs"))
    first = inputs[0]
    if not first.bands:
        text = f"Input {first.name!r} names no bands, so none can be matched."
        found.append(Finding("error", text, "Ask the publisher to name them in the item.", "no bands named"))
    for band in first.bands:
        if band.expression is not None:
            found += _expression(band.expression, f"Band {band.name} is computed from others", "a computed band")
    if first.resize_type not in (None, "crop", "pad"):
        text = f"The model resizes its input ({first.resize_type}), which is not supported."
        found.append(Finding("error", text, "Choose a model that takes pixels as they are.", "resizing"))
    for scaling in first.value_scaling:
        if scaling is not None and scaling.expression is not None:
            found += _expression(scaling.expression, "The model scales values by an expression", "scaling", 1)
    if not skip_functions:
        for function in first.pre_processing:
            found += _function(function, "before")
    count = channels(first, skip_functions)
    if len(first.value_scaling) > 1 and len(first.value_scaling) != count:
        text = f"The item scales {len(first.value_scaling)} bands, and its function leaves {count}."
        found.append(Finding("error", text, "Ask the publisher to correct the item.", "scaling unclear"))
    return found


def _output_obstacles(output: ModelOutput, skip_functions: bool) -> list[Finding]:
    found = []
    if not TASKS & set(output.tasks):
        text = (
            f"The model's task is {', '.join(output.tasks) or 'not given'}; {', '.join(sorted(TASKS))} are supported."
        )
        found.append(Finding("error", text, "Choose a model with one of these tasks.", "another task"))
    if not skip_functions:
        for function in output.post_processing:
            found += _function(function, "after")
    return found


def _expression(expression: Expression, what: str, short: str, most: int = 1000) -> list[Finding]:
    """Return the finding for an expression that can't be computed, or names more than the `most` values there are."""
    try:
        names = parse(expression).names
    except NotRunnable as error:
        return [Finding("error", f"{what}: {error}", "Ask the publisher for one that GDAL computes.", short)]
    if len(names) > most:
        text = f"{what} of {' and '.join(names)}, and there is only one value to compute it from."
        return [Finding("error", text, "Ask the publisher to correct the item.", short)]
    return []


def _function(function: Expression, when: str) -> list[Finding]:
    """Return the finding for a function that is no expression of bands: code of an item is never run."""
    if function.format in FORMATS:
        most = 1 if when == "after" else 1000
        what, short = f"The item computes something {when} the model", f"{function.format} expression"
        return _expression(function, what, short, most)
    named = f"a {function.format} function to run {when} the model ({str(function.expression)[:80]})"
    text = f"The item names {named}, and no code of an item is ever run."
    remedy = "If your data needs it not, run with functions skipped."
    return [Finding("error", text, remedy, f"{function.format} function")]
