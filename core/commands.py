"""What the engine does, one function for each command; the shell and the worker call the same ones, with plain JSON in
and out.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

from .catalog.http import Http
from .catalog.magic import recognised
from .catalog.resolve import resolve
from .catalog.search import Query
from .catalog.search import search as search_catalogs
from .catalog.store import Store, Stored
from .errors import UsageError
from .mlm.model import Artifact, Band, Model
from .mlm.read import read
from .mlm.threshold import recommended
from .mlm.write import save_item, write
from .watch import Watch

Params = Mapping[str, Any]
EXTRA = ("probabilities", "confidence", "vector")
"""Files that a run makes besides its output, where they are named."""


@dataclass(frozen=True)
class Context:
    """What a command may use: whoever watches it, the models kept on this machine, the network, and a place for
    remarks.
    """

    watch: Watch
    store: Store
    http: Http
    home: Path
    log: Callable[[str], None] = print


def search(params: Params, context: Context) -> dict[str, Any]:
    """Look for models; see `core.catalog.search.search`."""
    from .inference.inspect import inspect as inspect_rasters

    rasters = params.get("for_raster") or []
    query = Query(
        text=params.get("text") or "",
        task=params.get("task") or "",
        raster=inspect_rasters(rasters) if rasters else None,
        runnable=bool(params.get("runnable")),
        limit=int(params.get("limit") or 0),
    )
    return search_catalogs(query, context.http, context.watch, catalogs=params.get("catalogs"), home=context.home)


def describe(params: Params, context: Context) -> dict[str, Any]:
    """Read one model; the item itself comes along, for whoever wants to show or save it.

    With `as_item`, a path, the model is also written there as an Item of MLM 1.5.
    """
    item, href = resolve(params["model"], context.http, context.watch, context.home)
    model = recognised(read(item, href))
    if params.get("as_item"):
        save_item(write(model), Path(params["as_item"]))
    return {**description(model), "model": asdict(model), "item": item, "href": href}


def inspect(params: Params, context: Context) -> dict[str, Any]:
    """Describe a raster, or several that stand for one stack."""
    from .inference.inspect import inspect as inspect_rasters

    return inspect_rasters(params["rasters"]).to_json()


def check(params: Params, context: Context) -> dict[str, Any]:
    """Compare a model with a raster; its file is fetched only where `fetch` says so."""
    model = _model(params, context)
    return _checked(params, context, model, fetch=bool(params.get("fetch")))[0].fit.to_json()


def run(params: Params, context: Context) -> dict[str, Any]:
    """Run a model on a raster and write the result."""
    from .inference.check import required
    from .inference.extent import area_of
    from .inference.job import Job
    from .inference.measure import measure
    from .inference.plan import plan, tile_of
    from .inference.products import Wanted
    from .inference.run import run as run_job

    model = _model(params, context)
    checked, raster, file = _checked(params, context, model, fetch=True)
    network, layout = required(checked, model)
    area = area_of(raster, params.get("extent"), params.get("extent_crs") or "")
    threshold, notes = _threshold(params, model)
    outputs = _outputs(params, [b.file for b in raster.bands])
    tile = tile_of(layout, params.get("tile"))
    traits = measure(network, layout, tile)
    job = Job(
        model=model,
        network=network,
        layout=layout,
        raster=raster,
        fit=checked.fit,
        plan=plan(
            layout,
            area,
            tile,
            [trait.geometry for trait in traits],
            overlap=params.get("overlap"),
            merge=params.get("merge") or "blend",
            batch_size=params.get("batch_size"),
        ),
        traits=traits,
        output=outputs.pop("output"),
        checksum=file.sha256 if file else "",
        notes=(*((file.note,) if file and file.note else ()), *notes),
        wanted=Wanted(**outputs, min_area=_least(params, "min_area"), simplify=_least(params, "simplify")),
        threshold=threshold,
        skipped_functions=bool(params.get("skip_functions")),
        scratch=Path(params["scratch"]) if params.get("scratch") else None,
    )
    return run_job(job, context.watch).to_json()


COMMANDS: dict[str, Callable[[Params, Context], dict[str, Any]]] = {
    "search": search,
    "describe": describe,
    "inspect": inspect,
    "check": check,
    "run": run,
}


def description(model: Model) -> dict[str, Any]:
    """Return what `describe` prints, under the keys that other programs rely on."""
    return {
        "id": model.id,
        "form": model.form,
        "title": model.label,
        "description": model.description,
        "license": model.license,
        "tasks": list(model.tasks),
        "inputs": [
            {
                "name": given.name,
                "bands": [_band(b) for b in given.bands],
                "shape": list(given.tensor.shape),
                "dim_order": list(given.tensor.dim_order),
                "data_type": given.tensor.data_type,
                "value_scaling": [s.to_json() if s else None for s in given.value_scaling],
                "resize_type": given.resize_type,
            }
            for given in model.inputs
        ],
        "outputs": [
            {
                "name": output.name,
                "tasks": list(output.tasks),
                "shape": list(output.tensor.shape),
                "dim_order": list(output.tensor.dim_order),
                "data_type": output.tensor.data_type,
                "classes": [
                    {"value": c.value, "name": c.label, "color": f"#{c.color}" if c.color else None, "nodata": c.nodata}
                    for c in output.classes
                ],
            }
            for output in model.outputs
        ],
        "artifacts": [
            {"href": a.href, "type": a.type, "runnable": a.runnable, "why_not": a.why_not} for a in model.artifacts
        ],
        "runnable": model.runnable,
        "why_not": model.why_not,
        "notes": [asdict(n) for n in model.notes],
    }


def _band(band: Band) -> dict[str, Any]:
    return {"name": band.name, "common_name": band.common_name}


def _model(params: Params, context: Context) -> Model:
    """Return the model that is named, or the one whose item came along (what the dock has already)."""
    if params.get("item"):
        return recognised(read(params["item"], params.get("href") or ""))
    return recognised(read(*resolve(params["model"], context.http, context.watch, context.home)))


def _checked(params: Params, context: Context, model: Model, fetch: bool) -> tuple[Any, Any, Optional[Stored]]:
    from .inference.check import check as check_model
    from .inference.inspect import inspect as inspect_rasters

    raster = inspect_rasters(params["rasters"])
    wishes: dict[str, Any] = {
        "by_hand": params.get("bands") or {},
        "units": str(params.get("units") or "auto"),
        "skip_functions": bool(params.get("skip_functions")),
    }
    if fetch:
        # What the item alone rules out is said before anything large is fetched.
        early = check_model(model, raster, None, **wishes)
        if not model.runnable or not early.fit.fits:
            return early, raster, None
    file = _file(model, context, fetch)
    checked = check_model(
        model, raster, file.path if file else None, provider=params.get("provider") or "cpu", **wishes
    )
    return checked, raster, file


def _file(model: Model, context: Context, fetch: bool) -> Optional[Stored]:
    """Return the model's file: fetched if it must be, or only if it is here already."""
    artifact = _artifact(model)
    if artifact is None:
        return None
    if fetch:
        return context.store.get(artifact, context.http, context.watch)
    path = context.store.stored(artifact)
    return Stored(path, "") if path else None


def _artifact(model: Model) -> Optional[Artifact]:
    return next((a for a in model.artifacts if a.runnable), None)


def _outputs(params: Params, rasters: Sequence[str]) -> dict[str, Path]:
    """Return the files to write by what they are; no two may be one, and none may be a raster that is read."""
    named = {
        word: _output(params[word], rasters) for word in ("output", *EXTRA) if word == "output" or params.get(word)
    }
    for word, path in named.items():
        other = next((w for w, p in named.items() if w != word and p.resolve() == path.resolve()), None)
        if other:
            raise UsageError(f"The {word} and the {other} can't both be written to {path.name}. Give two names.")
    return named


def _output(name: str, rasters: Sequence[str]) -> Path:
    if not name:
        raise UsageError("No output is named. Give the name of a file to write.")
    path = Path(name).absolute()
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise UsageError(f"The result is a GeoTIFF, and {path.name} does not end in .tif. Give another name.")
    for raster in rasters:
        # The name of a source inside an archive, or of a driver (GPKG:path:table), has the path within it.
        same = Path(raster).exists() and path.exists() and path.samefile(raster)
        if same or str(path) in raster:
            raise UsageError(f"{path.name} is a raster that is read, which is never overwritten. Give another name.")
    return path


def _least(params: Params, word: str) -> float:
    value = float(params.get(word) or 0)
    if not 0 <= value < math.inf:
        raise UsageError(f"A {word.replace('_', ' ')} of {params[word]} makes no sense; use 0 or more.")
    return value


def _threshold(params: Params, model: Model) -> tuple[Optional[float], tuple[str, ...]]:
    """Return the threshold, asked for or recommended by the item, and what is to be said about it."""
    value = params.get("threshold")
    if value is None:
        found, word = recommended(model)
        return found, (f"the threshold of {found:g} is the item's own ({word})",) if found is not None else ()
    if not 0 < float(value) < 1:
        raise UsageError(f"A threshold of {value} makes no sense; scores lie between 0 and 1.")
    return float(value), ()
