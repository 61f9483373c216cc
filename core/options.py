"""The options of a run, from a shell or over the pipe, become a job; what contradicts itself is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Union

from .catalog.store import Stored
from .errors import UsageError
from .inference.check import Checked, required
from .inference.crew import Share, cpu_count, share
from .inference.extent import area_of
from .inference.job import Job
from .inference.layout import Layout
from .inference.measure import measure
from .inference.plan import plan, tile_of
from .inference.products import Wanted
from .inference.session import load
from .mlm.ability import gives_objects
from .mlm.model import Model
from .mlm.raster import RasterInfo
from .mlm.threshold import recommended

Params = Mapping[str, Any]
RASTERS = (".tif", ".tiff")
EXTRA = ("probabilities", "confidence", "vector")
"""Files that a run makes besides its output, where they are named."""
WORDS = {
    "min_area": "A minimum area",
    "simplify": "A tolerance for simpler outlines",
    "threshold": "A threshold",
    "iou": "An intersection over union",
}
"""What options are called at the beginning of a sentence."""


def job(params: Params, model: Model, checked: Checked, file: Optional[Stored]) -> Job:
    """Return the run that `params` ask for; raises `UsageError`, `NotRunnable` or `DoesNotFit` in a sentence."""
    network, layout = required(checked, model)
    raster = checked.raster
    area = area_of(raster, params.get("extent"), params.get("extent_crs") or "")
    threshold, notes = _threshold(params, model, layout)
    outputs = _outputs(params, _read(params, raster), gives_objects(model.outputs[0]))
    min_area, simplify = _least(params, "min_area"), _least(params, "simplify")
    _meant(params, gives_objects(model.outputs[0]))
    if "vector" in outputs or gives_objects(model.outputs[0]):
        # Before anything is computed: a vector file may need what this Python lacks.
        from .inference.polygons import check_wishes
        from .inference.vectors import check_name

        vector = outputs.get("vector", outputs["output"])
        check_name(vector, [path for path in outputs.values() if path != vector], raster.crs)
        check_wishes(min_area, simplify, raster.crs)
    tile = tile_of(layout, params.get("tile"))
    traits = measure(network, layout, tile, {feed.place: feed.dates for feed in checked.fit.feeds})
    windows = plan(
        layout,
        area,
        tile,
        [trait.geometry for trait in traits],
        overlap=params.get("overlap"),
        merge=params.get("merge") or "blend",
        batch_size=params.get("batch_size"),
    )
    shared = share(windows, network.provider) if layout.objects is None else Share(1, cpu_count())
    made = Job(
        model=model,
        network=load(network.path, network.provider, shared.threads),
        layout=layout,
        raster=raster,
        fit=checked.fit,
        plan=windows,
        traits=traits,
        output=outputs.pop("output"),
        checksum=file.sha256 if file else "",
        notes=(*((file.note,) if file and file.note else ()), *notes),
        wanted=Wanted(**outputs, min_area=min_area, simplify=simplify),
        threshold=threshold,
        iou=_share(params, "iou"),
        mask=_mask(params, raster),
        mask_name=Path(str(params.get("mask") or "").partition("|")[0]).name,
        skipped_functions=bool(params.get("skip_functions")),
        workers=shared.workers,
        scratch=Path(params["scratch"]) if params.get("scratch") else None,
    )
    _further(made, _read(params, raster))
    return made


def _read(params: Params, raster: RasterInfo) -> list[str]:
    """Return the files that the run reads, none of which it may write."""
    mask = str(params.get("mask") or "").partition("|")[0]
    return [*(band.file for band in raster.bands), *([mask] if mask else [])]


def _further(job: Job, read: Sequence[str]) -> None:
    """Raise `UsageError` where a further output of the model, whose name nobody gave, would take another file's."""
    taken: list[Union[str, Path]] = [job.output, *job.wanted.paths().values(), *read]
    for path in job.further:
        if any(_one_file(path, other) for other in taken):
            raise UsageError(
                f"The model has further outputs, and one of them would be written to {path.name}, which is a file "
                f"that this run reads or writes too. Give the result another name than {job.output.name}."
            )


def _mask(params: Params, raster: Any) -> Optional[Any]:
    if not params.get("mask"):
        return None
    from .inference.mask import Mask  # needs shapely, without which a system's Python may be the runtime

    return Mask.read(str(params["mask"]), raster)


def _outputs(params: Params, read: Sequence[str], objects: bool) -> dict[str, Path]:
    """Return the files to write by what they are; no two may be one, and none may be one that is read."""
    words = ["output", *(word for word in EXTRA if params.get(word))]
    vectors = {"vector", *(["output"] if objects else [])}
    named = {word: _output(params[word], read, word in vectors) for word in words}
    for word, path in named.items():
        other = next((w for w, p in named.items() if w != word and p.resolve() == path.resolve()), None)
        if other:
            raise UsageError(f"The {word} and the {other} can't both be written to {path.name}. Give two names.")
    return named


def _output(name: str, read: Sequence[str], vector: bool) -> Path:
    if not name:
        raise UsageError("No output is named. Give the name of a file to write.")
    path = Path(name).absolute()
    if vector and path.suffix.lower() in RASTERS:
        raise UsageError(
            f"The result is a layer of polygons, and {path.name} is a raster. Give a name that ends in .gpkg."
        )
    if not vector and path.suffix.lower() not in RASTERS:
        raise UsageError(f"The result is a GeoTIFF, and {path.name} does not end in .tif. Give another name.")
    if any(_one_file(path, other) for other in read):
        raise UsageError(f"{path.name} is a layer that is read, which is never overwritten. Give another name.")
    return path


def _one_file(path: Path, other: Union[str, Path]) -> bool:
    """Whether writing `path` would harm `other`, which may also be the name of a source inside an archive, or of a
    driver (GPKG:path:table): it has the path within it.
    """
    same = Path(other).exists() and path.exists() and path.samefile(other)
    return same or path == other or (isinstance(other, str) and str(path) in other)


def _meant(params: Params, objects: bool) -> None:
    """Raise `UsageError` for an option that would be of no effect, which nobody asks for knowingly."""
    if params.get("extent_crs") and not params.get("extent"):
        raise UsageError(f"A CRS of the extent ({params['extent_crs']}) is given, and no extent. Give both, or none.")
    if params.get("iou") is not None and not objects:
        raise UsageError("An intersection over union is of objects, and the model finds none. Leave it out.")
    for word in ("min_area", "simplify"):
        if params.get(word) and (objects or not params.get("vector")):
            lacks = "the model finds objects" if objects else "no vector file is asked for"
            raise UsageError(f"{WORDS[word]} is for polygons of classes, and {lacks}. Leave it out.")


def _least(params: Params, word: str) -> float:
    value = float(params.get(word) or 0)
    if not 0 <= value < math.inf:
        raise UsageError(f"{WORDS[word]} of {params[word]} makes no sense; use 0 or more.")
    return value


def _threshold(params: Params, model: Model, layout: Layout) -> tuple[Optional[float], tuple[str, ...]]:
    """Return the threshold, asked for or recommended by the item, and what is to be said about it."""
    if params.get("threshold") is not None:
        return _share(params, "threshold"), ()
    found, word = recommended(model)
    if found is None or layout.objects is not None:
        return None, ()
    if not layout.exits[0].scores:
        return None, (f"the item's threshold of {found:g} ({word}) is left out, since the model gives no scores",)
    return found, (f"the threshold of {found:g} is the item's own ({word})",)


def _share(params: Params, word: str) -> Optional[float]:
    value = params.get(word)
    if value is None:
        return None
    if not 0 < float(value) < 1:
        raise UsageError(f"{WORDS[word]} of {value} makes no sense; use a number between 0 and 1.")
    return float(value)
