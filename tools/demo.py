"""The main job, from the image to the map with a legend, through the code that the plugin runs; see `make demo`.

Leaves in build/demo/: the image, the classes, a picture of the styled layer over the image, and a QGIS project.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rasterio
from demo_data import cache, image, labels

TOP = Path(__file__).resolve().parent.parent
OUT = TOP / "build" / "demo"
QGIS_PYTHON = os.environ.get("PYTHON", "/usr/bin/python3")
MODEL = "Built-in#landcover-landsat7"
ACCURACY = TOP / "resources" / "catalog" / "landcover-landsat7-accuracy.json"


def main() -> int:
    """Run the demo; returns the exit status."""
    started = time.perf_counter()
    OUT.mkdir(parents=True, exist_ok=True)
    source = image(OUT / "landsat_2000.tif")
    fetched = time.perf_counter()
    result = run_in_qgis(source)
    print_legend(result)
    print_accuracy(Path(result["output"]))
    drawn = result["drawing_seconds"]
    print(
        f"\nTime: image {fetched - started:.1f} s, loading the network {result['load_seconds']:.2f} s, "
        f"run {result['seconds']:.2f} s ({result['inference_seconds']:.2f} s of it in the network), "
        f"starting QGIS and its worker {result['starting_seconds']:.1f} s, drawing {drawn:.1f} s, "
        f"all {time.perf_counter() - started:.1f} s"
    )
    for name in ("landcover.tif", "landcover.png", "landcover.qgz"):
        print(f"  {(OUT / name).relative_to(TOP)}")
    open_on_display(OUT / "landcover.qgz")
    return 0


def run_in_qgis(source: Path) -> dict:
    """Run the model and draw the map in QGIS's own Python; returns the run's JSON with the time that drawing took."""
    environment = {
        **os.environ,
        "MLM_RUNNER_HOME": str(cache() / "home"),
        "QGIS_CUSTOM_CONFIG_PATH": str(OUT / "profile"),
        "QT_QPA_PLATFORM": "offscreen",
        "QT_LOGGING_RULES": "*.warning=false",
    }
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        environment.pop(name, None)
    command = [QGIS_PYTHON, str(TOP / "tools" / "demo_map.py"), sys.executable, MODEL, str(source), str(OUT)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    return json.loads(done.stdout.splitlines()[-1])


def print_legend(result: dict) -> None:
    """Print the classes with pixels, area and share."""
    total = sum(c["pixels"] for c in result["classes"])
    print(f"\n{result['model']} on {result['width']} x {result['height']} pixels\n")
    print(f"{'class':<16}{'pixels':>9}{'km2':>9}{'share':>9}")
    for row in result["classes"]:
        share = 100 * row["pixels"] / total
        print(f"{row['name']:<16}{row['pixels']:>9}{row['area'] / 1e6:>9.2f}{share:>8.1f} %")


def print_accuracy(path: Path) -> None:
    """Print how often the map and the labelled pixels agree, apart for blocks that the model was not trained on."""
    with rasterio.open(path) as file:
        found, nodata = file.read(1), file.nodata
    truth = labels()
    labelled = (truth > 0) & (found != nodata)
    hidden = held_out(truth.shape)
    print()
    for name, where in (("held-out blocks", hidden), ("blocks trained on", ~hidden)):
        chosen = labelled & where
        agree = np.mean(found[chosen] == truth[chosen])
        print(f"Accuracy on {chosen.sum()} labelled pixels in {name}: {100 * agree:.1f} %")


def held_out(shape: tuple[int, ...]) -> np.ndarray:
    """Return where pixels were held out of the training, by the rule that the catalog gives with the model."""
    rule = json.loads(ACCURACY.read_text())["held_out"]
    rows, columns = np.indices(shape)
    return (rows // rule["block_px"] + columns // rule["block_px"]) % rule["every"] == rule["fold"]


def open_on_display(project: Path) -> None:
    """Open QGIS on the project where there is a display and somebody at it."""
    if os.environ.get("DISPLAY") and sys.stdout.isatty():
        subprocess.Popen(["qgis", str(project)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    raise SystemExit(main())
