"""Measures whole jobs against a floor taken in the same run: onnxruntime alone, on float tiles that lie in memory.

    make bench              all cases; a table, and build/bench/*.json
    make bench SIDE=2000    smaller rasters

Each case runs in a process of its own, in turns with the floor; medians of `--rounds` are printed. A job is what a user
waits for: from the first read to the finished GeoTIFF with overviews.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import networks
import numpy as np

HERE = Path(__file__).resolve().parent
TILE, OVERLAP = 256, 0.15


def main() -> None:
    """Make the inputs, measure in turns, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build" / "bench")
    parser.add_argument("--only", default="", help="a case")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.measure:
        print(json.dumps(MEASURES[options.measure](options)))
        return
    raster = _raster(options.folder, options.side)
    rows = []
    for case in CASES:
        if options.only in ("", case):
            CASES[case](options.folder / f"{case}.onnx")
            rows.append(_case(case, options))
    print(f"\n{raster.name}, {platform.machine()}, {os.cpu_count()} cores; medians of {options.rounds}\n")
    print(f"{'case':<8} {'floor s':>8} {'job s':>8} {'job/floor':>9} {'CPU s':>7} {'in network':>10} {'memory MB':>9}")
    for row in rows:
        print(
            f"{row['case']:<8} {row['floor']:>8.2f} {row['job']:>8.2f} {row['ratio']:>9.2f} {row['cpu']:>7.1f} "
            f"{row['share']:>10.0%} {row['memory_mb']:>9.0f}"
        )


def _case(case: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure floor and job in turns, and keep all rounds."""
    rounds = []
    for _ in range(options.rounds):
        rounds.append({what: _apart(what, case, options) for what in ("floor", "job")})
        print(
            f"{case}: floor {rounds[-1]['floor']['seconds']:.2f} s, job {rounds[-1]['job']['seconds']:.2f} s",
            flush=True,
        )
    floor = statistics.median(r["floor"]["seconds"] for r in rounds)
    jobs = sorted((r["job"] for r in rounds), key=lambda j: j["seconds"])
    middle = jobs[len(jobs) // 2]
    row = {
        "case": case,
        "floor": floor,
        "job": middle["seconds"],
        "ratio": statistics.median(r["job"]["seconds"] / r["floor"]["seconds"] for r in rounds),
        "cpu": middle["cpu"],
        "share": middle["inference_seconds"] / middle["seconds"],
        "memory_mb": statistics.median(j["peak_memory_mb"] or 0 for j in jobs),
        "rounds": rounds,
    }
    (options.folder / f"{case}.json").write_text(json.dumps(row, indent=1))
    return row


def _apart(what: str, case: str, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", what, "--only", case, "--side", str(options.side)]
    done = subprocess.run([*command, "--folder", str(options.folder)], check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _floor(options: argparse.Namespace) -> dict[str, float]:
    """Return the time of onnxruntime alone, the better of batches of 1 and 8, on as many tiles as the job has."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(options.folder / f"{options.only}.onnx"))
    count = _tiles(options.side)
    tiles = np.random.default_rng(0).random((8, 3, TILE, TILE), dtype=np.float32)
    seconds = []
    for batch in (1, 8):
        session.run(None, {"x": tiles[:batch]})
        started = time.perf_counter()
        for start in range(0, count, batch):
            session.run(None, {"x": tiles[: min(batch, count - start)]})
        seconds.append(time.perf_counter() - started)
    return {"seconds": min(seconds)}


def _job(options: argparse.Namespace) -> dict[str, float]:
    """Return the time of a whole job, once the session is loaded and the modules are imported."""
    from mlm_runner.core.catalog.store import Store
    from mlm_runner.core.commands import Context, run
    from mlm_runner.core.watch import Watch

    folder, case = options.folder, options.only
    context = Context(Watch(), Store(folder / "home"), None, folder / "home")  # type: ignore[arg-type]
    given = {"item": _item(folder / f"{case}.onnx"), "units": "raw", "tile": TILE, "overlap": OVERLAP}
    given.update(rasters=[str(_raster(folder, options.side))], output=str(folder / f"{case}.tif"))
    run({**given, "extent": [0, 0, TILE, TILE], "output": str(folder / f"{case}-warm.tif")}, context)
    cpu, started = time.process_time(), time.perf_counter()
    found = run(given, context)
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu,
        "inference_seconds": found["inference_seconds"],
        "peak_memory_mb": found["peak_memory_mb"],
    }


def _tiles(side: int) -> int:
    """Return how many windows the job makes of the raster; they hang over its edge, so that none sees a border."""
    from mlm_runner.core.inference.plan import Plan, Window

    shared = 2 * round(TILE * OVERLAP / 2)
    halo = shared // 4
    plan = Plan(Window(0, 0, side, side), (TILE, TILE), halo, shared - 2 * halo, 1)
    return plan.rows * plan.columns


def _raster(folder: Path, side: int) -> Path:
    """Write noise on a slope as three bands of bytes, tiled, once."""
    import rasterio
    from rasterio.transform import from_origin

    path = folder / f"bytes-{side}.tif"
    if path.exists():
        return path
    random = np.random.default_rng(0)
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", **profile, crs="EPSG:32633", transform=from_origin(0, side, 1, 1)) as file:
        slope = np.add.outer(np.arange(side), np.arange(side)) * (200 / side / 2)
        for band, name in enumerate(("red", "green", "blue"), 1):
            file.write((slope + random.integers(0, 50, (side, side))).astype(np.uint8), band)
            file.set_band_description(band, name)
    return path


def _item(file: Path) -> dict[str, Any]:
    bands = ["red", "green", "blue"]
    scaling = [{"type": "z-score", "mean": 100.0 + k, "stddev": 50.0} for k in range(3)]
    order = ["batch", "bands", "height", "width"]
    given = {"shape": [-1, 3, -1, -1], "dim_order": order, "data_type": "float32"}
    made = {"shape": [-1, 4, -1, -1], "dim_order": ["batch", "class", "height", "width"], "data_type": "float32"}
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.0/schema.json"],
        "id": file.stem,
        "geometry": None,
        "properties": {
            "datetime": "2024-01-01T00:00:00Z",
            "mlm:name": file.stem,
            "mlm:tasks": ["semantic-segmentation"],
            "mlm:input": [{"name": "x", "bands": bands, "input": given, "value_scaling": scaling}],
            "mlm:output": [
                {
                    "name": "y",
                    "tasks": ["semantic-segmentation"],
                    "result": made,
                    "classification:classes": [{"value": k, "name": f"class-{k}"} for k in range(4)],
                }
            ],
        },
        "assets": {"model": {"href": str(file), "roles": ["mlm:model"], "mlm:artifact_type": "onnx"}},
        "links": [],
    }


CASES = {"small": networks.small, "unet": networks.unet}
MEASURES = {"floor": _floor, "job": _job}

if __name__ == "__main__":
    main()
