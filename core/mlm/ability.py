"""What the engine can do with a description so far; everything else is refused in a sentence, never done halfway."""

from __future__ import annotations

from .finding import Finding
from .model import Model, ModelInput, ModelOutput, Tensor

TASKS = frozenset({"semantic-segmentation", "segmentation", "classification"})
PIXEL_DIMENSIONS = ({"height", "width"}, {"h", "w"}, {"y", "x"}, {"latitude", "longitude"}, {"lat", "lon"})


def obstacles(model: Model, skip_functions: bool = False) -> list[Finding]:
    """Return what keeps `model` from being run at all, whatever the raster, as findings of the level error."""
    found = []
    if not model.runnable:
        found.append(Finding("error", model.why_not, "", "no ONNX file"))
    found += _input_obstacles(model.inputs, skip_functions)
    found += _output_obstacles(model.outputs[0], skip_functions)
    return found


def doubts(model: Model) -> list[Finding]:
    """Return what makes it doubtful, from the item alone, that `model` gives a map; the file itself decides."""
    given, output = model.inputs[0], model.outputs[0]
    maps = {"semantic-segmentation", "segmentation"} & set(output.tasks)
    if maps or "classification" not in output.tasks or per_pixel(given) or _has_pixels(output.tensor):
        return []
    text = "As the item describes it, the model gives one class for each tile of the image, and no map of pixels."
    remedy = "Choose a model for semantic segmentation, unless you know that the item is wrong here."
    return [Finding("doubt", text, remedy, "one class for each tile")]


def per_pixel(given: ModelInput) -> bool:
    """Whether the model sees one pixel at a time: its input has no height and width."""
    return not _has_pixels(given.tensor)


def _has_pixels(tensor: Tensor) -> bool:
    return any(pair <= set(tensor.dim_order) for pair in PIXEL_DIMENSIONS)


def _input_obstacles(inputs: tuple[ModelInput, ...], skip_functions: bool) -> list[Finding]:
    found = []
    if len(inputs) > 1:
        names = ", ".join(i.name for i in inputs)
        found.append(
            Finding(
                "error", f"The model has {len(inputs)} inputs ({names}); only one is supported.", "", "several inputs"
            )
        )
    first = inputs[0]
    if not first.bands:
        found.append(
            Finding("error", f"Input {first.name!r} names no bands, so none can be matched.", "", "no bands named")
        )
    virtual = [b.name for b in first.bands if b.expression is not None]
    if virtual:
        text = f"The model computes {', '.join(virtual)} from other bands by an expression, which is not supported."
        found.append(Finding("error", text, "Choose a model whose bands are all measured.", "computed bands"))
    if first.resize_type not in (None, "crop", "pad"):
        text = f"The model resizes its input ({first.resize_type}), which is not supported."
        found.append(Finding("error", text, "", "resizing"))
    if any(s is not None and s.type == "processing" for s in first.value_scaling):
        found.append(
            Finding(
                "error", "The model scales values by an expression, which is not supported.", "", "scaling expression"
            )
        )
    if first.pre_processing and not skip_functions:
        found.append(_function(first.pre_processing[0].format, str(first.pre_processing[0].expression), "before"))
    return found


def _output_obstacles(output: ModelOutput, skip_functions: bool) -> list[Finding]:
    found = []
    if not TASKS & set(output.tasks):
        text = (
            f"The model's task is {', '.join(output.tasks) or 'not given'}; {', '.join(sorted(TASKS))} are supported."
        )
        found.append(Finding("error", text, "", "another task"))
    if output.post_processing and not skip_functions:
        found.append(_function(output.post_processing[0].format, str(output.post_processing[0].expression), "after"))
    return found


def _function(kind: str, expression: str, when: str) -> Finding:
    named = f"a {kind} function to run {when} the model ({expression[:80]})"
    text = f"The item names {named}, and no code of an item is ever run."
    return Finding("error", text, "If your data needs it not, run with functions skipped.", f"{kind} function")
