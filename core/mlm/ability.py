"""What the engine can do with a description; everything else is refused in a sentence, never done halfway."""

from __future__ import annotations

from ..errors import NotRunnable
from .constants import constant
from .dimensions import has_pixels, is_embedding, sizes
from .expression import FORMATS, parse
from .finding import Finding
from .model import Expression, Model, ModelInput, ModelOutput
from .sources import channels

CLASS_TASKS = frozenset(
    ("semantic-segmentation", "segmentation", "classification", "scene-classification", "panoptic-segmentation")
)
"""Tasks that give a class; of a panoptic model the classes of the pixels are what is drawn."""
NUMBER_TASKS = frozenset(("regression", "super-resolution", "downscaling", "similarity-search"))
"""Tasks whose output is what it is."""
OBJECT_TASKS = frozenset(("object-detection", "detection", "instance-segmentation"))
"""Tasks that find things and give each an outline."""
TASKS = CLASS_TASKS | NUMBER_TASKS | OBJECT_TASKS
SCENE_TASKS = frozenset(("classification", "scene-classification"))

RESIZES = frozenset(
    ("crop", "pad", "interpolation-nearest", "interpolation-linear", "interpolation-cubic", "interpolation-area")
    + ("interpolation-lanczos4",)
)
MEANINGLESS = {
    "interpolation-max": "it is a number that bounds OpenCV's list of interpolations, and none of them",
    "wrap-fill-outliers": "it is a switch of OpenCV's warping, and says nothing of how pixels are interpolated",
    "wrap-inverse-map": "it is a switch of OpenCV's warping, and says nothing of how pixels are interpolated",
}
"""Words of the specification's list of resizings that mean nothing alone, and why (OpenCV, InterpolationFlags)."""


def obstacles(model: Model, skip_functions: bool = False) -> list[Finding]:
    """Return what keeps `model` from being run at all, whatever the raster, as findings of the level error."""
    found = []
    if not model.runnable:
        found.append(Finding("error", model.why_not, "", "no ONNX file"))
    for given in model.inputs:
        found += _input_obstacles(model, given, skip_functions)
    if not any(given.fed for given in model.inputs):
        found.append(_no_bands(model.inputs[0]))
    found += _output_obstacles(model.outputs[0], skip_functions)
    return found


def remarks(model: Model) -> list[Finding]:
    """Return what the user should know of the kind of result, from the item alone; the file itself decides."""
    found = []
    given, output = model.inputs[0], model.outputs[0]
    for other in model.outputs[1:]:
        if not result_kind(other):
            text = f"The output {other.name!r} ({_tasks(other)}) can't be drawn and is left out."
            found.append(Finding("note", text))
    if not SCENE_TASKS & set(output.tasks) or per_pixel(given) or result_kind(output) != "classes":
        return found
    if {"semantic-segmentation", "segmentation"} & set(output.tasks) or has_pixels(output.tensor.dim_order):
        return found
    known = sizes(given.tensor.dim_order, given.tensor.shape)
    sides = [str(known[side]) for side in ("height", "width") if known.get(side, -1) > 0]
    tile = f" of {' x '.join(sides)} pixels" if len(sides) == 2 else ""
    return [*found, Finding("note", f"The model gives one class for each tile{tile}, and no map of single pixels.")]


def result_kind(output: ModelOutput) -> str:
    """Return what an output becomes: "objects", "numbers" or "classes", or "" where it can't be drawn."""
    tasks = set(output.tasks)
    if OBJECT_TASKS & tasks:
        return "objects"
    if (NUMBER_TASKS & tasks or is_embedding(output.tensor.dim_order)) and not output.classes:
        return "numbers"
    return "classes" if CLASS_TASKS & tasks or (NUMBER_TASKS & tasks and output.classes) else ""


def gives_objects(output: ModelOutput) -> bool:
    """Whether the result is a layer of polygons, one for each object found, and no raster."""
    return result_kind(output) == "objects"


def per_pixel(given: ModelInput) -> bool:
    """Whether the model sees one pixel at a time: its input has no height and width."""
    return not has_pixels(given.tensor.dim_order)


def resize_word(given: ModelInput) -> str:
    """Return the resizing of an input as the specification spells it, or an empty string."""
    return (given.resize_type or "").replace("interpolate-", "interpolation-")


def _input_obstacles(model: Model, given: ModelInput, skip_functions: bool) -> list[Finding]:
    if not given.fed:
        if constant(model, given) is not None or len(model.inputs) == 1:
            return []
        text = f"Input {given.name!r} takes no bands, and the item gives no value for it."
        return [Finding("error", text, "Ask the publisher to give it among the hyperparameters.", "a value missing")]
    found = []
    for band in given.fed:
        if band.expression is not None:
            found += _expression(band.expression, f"Band {band.name} is computed from others", "a computed band")
    found += _resizing(given)
    for scaling in given.value_scaling:
        if scaling is not None and scaling.expression is not None:
            found += _expression(scaling.expression, "The model scales values by an expression", "scaling", 1)
    if not skip_functions:
        for function in given.pre_processing:
            found += _function(function, "before")
    count = channels(given, skip_functions)
    if len(given.value_scaling) > 1 and len(given.value_scaling) != count:
        text = f"The item scales {len(given.value_scaling)} bands, and its function leaves {count}."
        found.append(Finding("error", text, "Ask the publisher to correct the item.", "scaling unclear"))
    return found


def _no_bands(given: ModelInput) -> Finding:
    text = f"Input {given.name!r} names no bands, so none can be matched."
    return Finding("error", text, "Ask the publisher to name them in the item.", "no bands named")


def _resizing(given: ModelInput) -> list[Finding]:
    word = resize_word(given)
    if not word or word in RESIZES:
        return []
    reason = MEANINGLESS.get(word, f"only {', '.join(sorted(RESIZES))} are known")
    text = f"The item resizes images by {word!r}, which can't be done: {reason}."
    return [Finding("error", text, "Ask the publisher to correct resize_type.", "resizing")]


def _output_obstacles(output: ModelOutput, skip_functions: bool) -> list[Finding]:
    found = []
    if not result_kind(output):
        text = f"The model's task is {_tasks(output)}, whose result is no layer of a map."
        remedy = f"Choose a model with one of the tasks {', '.join(sorted(TASKS))}."
        found.append(Finding("error", text, remedy, "another task"))
    return found + ([] if skip_functions else after(output))


def after(output: ModelOutput) -> list[Finding]:
    """Return what keeps the functions of an output from being computed, as findings of the level error."""
    return [found for function in output.post_processing for found in _function(function, "after")]


def _tasks(output: ModelOutput) -> str:
    return ", ".join(output.tasks) or "not given"


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
