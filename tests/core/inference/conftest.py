"""The engine as its users call it: an item, rasters and options, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest


@pytest.fixture
def engine(tmp_path: Path) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """Run an item on rasters as the shell does; returns the open result (a raster) or its path, and the JSON."""
    import rasterio

    from mlm_runner.core.catalog.store import Store
    from mlm_runner.core.commands import Context, run
    from mlm_runner.core.watch import Watch

    def go(item: dict[str, Any], *rasters: str, out: str = "out.tif", **params: Any) -> tuple[Any, dict[str, Any]]:
        context = Context(Watch(), Store(tmp_path / "home"), None, tmp_path / "home")
        given = {"item": item, "rasters": list(rasters), "output": str(tmp_path / out), "units": "raw", **params}
        found = run(given, context)
        return (rasterio.open(found["output"]) if found["kind"] == "raster" else found["output"]), found

    return go
