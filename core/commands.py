"""What the engine does, one function for each command; the shell and the worker call the same ones, with plain JSON in
and out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional

from .catalog.http import Http
from .catalog.magic import recognised
from .catalog.resolve import resolve
from .catalog.search import Query
from .catalog.search import search as search_catalogs
from .catalog.store import Store, Stored
from .mlm.model import Artifact, Band, Model
from .mlm.read import read
from .mlm.write import save_item, write
from .watch import Watch

Params = Mapping[str, Any]


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
    from .inference.run import run as run_job
    from .options import job

    model = _model(params, context)
    checked, file = _checked(params, context, model, fetch=True)
    return run_job(job(params, model, checked, file), context.watch).to_json()


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


def _checked(params: Params, context: Context, model: Model, fetch: bool) -> tuple[Any, Optional[Stored]]:
    from .inference.check import check as check_model
    from .inference.inspect import inspect as inspect_rasters

    raster = inspect_rasters(params["rasters"])
    wishes: dict[str, Any] = {
        "by_hand": params.get("bands") or {},
        "units": str(params.get("units") or "auto"),
        "skip_functions": bool(params.get("skip_functions")),
        "resolution": params.get("resolution"),
    }
    if fetch:
        # What the item alone rules out is said before anything large is fetched.
        early = check_model(model, raster, None, **wishes)
        if not model.runnable or not early.fit.fits:
            return early, None
    file = _file(model, context, fetch)
    provider = params.get("provider") or "cpu"
    return check_model(model, raster, file.path if file else None, provider=provider, **wishes), file


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
