"""The command line `mlm-runner`: the engine without QGIS, for a shell, a server and tests.

Results go to stdout (with --json as one object), progress and messages to stderr. Exit status: 0 done, 1 failed, 2
usage, 3 the model does not fit the raster.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
from typing import Any, Callable, Optional, Sequence, Union

from .errors import Cancelled, DoesNotFit, MlmRunnerError, UsageError
from .shell_text import about, class_line, quiet, raster_band, shown
from .watch import Watch

Command = Callable[[argparse.Namespace, Watch], int]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command in `arguments` (the process's own without), and return the exit status."""
    options = _parser().parse_args(arguments)
    watch = Watch(shown if sys.stderr.isatty() else quiet())
    signals = (signal.SIGINT, signal.SIGTERM)  # the second is what schedulers and `timeout` send
    previous = [signal.signal(number, lambda *_: watch.cancel()) for number in signals]
    try:
        return options.command(options, watch)
    except MlmRunnerError as error:
        print(f"mlm-runner: {error}", file=sys.stderr)
        return 130 if isinstance(error, Cancelled) else error.exit_status
    except MemoryError:
        print("mlm-runner: There is not enough memory. Use a smaller --tile or --batch-size.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    finally:
        for number, handler in zip(signals, previous):
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlm-runner", description="Find and run machine-learning models that describe themselves."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = _add(commands, "catalogs", _catalogs, "List the known catalogs.")
    one = _add(commands, "search", _search, "Look for models.")
    one.add_argument("text", nargs="*", metavar="TEXT")
    one.add_argument(
        "--catalog", action="append", metavar="URL|PATH|NAME", help="search here only; may be given several times"
    )
    one.add_argument("--task", help="a task of MLM, as semantic-segmentation")
    one.add_argument("--for", dest="raster", action="append", metavar="RASTER", help="sort by what fits this raster")
    one.add_argument("--runnable", action="store_true", help="only models that can be run here")
    one.add_argument("--limit", type=int, default=0, metavar="N")

    one = _add(commands, "describe", _describe, "Show what a model is, whatever form of MLM it is published in.")
    one.add_argument("model", metavar="MODEL")
    one.add_argument("--as-item", metavar="FILE", help="also write it as an Item of MLM 1.5")

    one = _add(commands, "check", _check, "Say whether a model fits a raster.")
    _fit_options(one)

    one = _add(commands, "run", _run, "Run a model on a raster.")
    _fit_options(one)
    one.add_argument("-o", "--output", required=True, metavar="OUT", help="the GeoTIFF to write")
    one.add_argument("--extent", nargs=4, type=float, metavar=("XMIN", "YMIN", "XMAX", "YMAX"))
    one.add_argument("--extent-crs", default="", metavar="CRS", help="the raster's own without it")
    one.add_argument("--mask", metavar="VECTOR", help="compute only what lies in these polygons")
    one.add_argument("--tile", type=int, metavar="N", help="side of a window in pixels")
    one.add_argument(
        "--overlap", type=float, metavar="FRACTION", help="share of a window that neighbours have in common"
    )
    one.add_argument("--merge", choices=("blend", "crop"), default="blend", help="how overlapping windows become one")
    one.add_argument("--batch-size", type=int, metavar="N", help="windows handed to the network at once")
    one.add_argument("--threshold", type=float, metavar="T", help="score below which a pixel is not of a class")
    one.add_argument("--probabilities", metavar="FILE", help="also write the scores of all classes")
    one.add_argument("--confidence", metavar="FILE", help="also write the score of each pixel's class")
    one.add_argument("--vector", metavar="FILE", help="also write the classes as polygons")
    one.add_argument("--min-area", type=float, metavar="M2", help="polygons smaller than that go to a neighbour")
    one.add_argument("--simplify", type=float, metavar="PIXELS", help="tolerance for simpler outlines")
    one.add_argument("--iou", type=float, metavar="SHARE", help="overlap from which two boxes are one object")

    one = _add(commands, "runtime", _runtime, "Show, make or remove the engine's Python environment.")
    one.add_argument("action", choices=("status", "install", "remove"))
    one.add_argument("--wheels", metavar="FOLDER", help="install from a folder of wheels, without a network")

    _add(commands, "worker", _worker, "Serve requests on standard input; QGIS starts this.", json_option=False)
    return parser


def _add(commands: Any, name: str, command: Command, text: str, json_option: bool = True) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    if json_option:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _fit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="path or URL of an Item, or CATALOG#ITEM-ID")
    parser.add_argument(
        "rasters",
        nargs="+",
        metavar="RASTER",
        help="anything GDAL opens, or a folder of band files; several are one stack",
    )
    parser.add_argument(
        "--band", action="append", default=[], metavar="MODELBAND=RASTERBAND", help="map a band by hand"
    )
    parser.add_argument(
        "--units",
        default="auto",
        metavar="auto|raw|scaled|N|OFFSET/N",
        help="how stored values are read; N divides them, --units=-1000/10000 takes 1000 off before",
    )
    parser.add_argument("--resolution", metavar="R", help="pixel size in metres to compute at, or: model")
    parser.add_argument(
        "--skip-functions", action="store_true", help="the data needs not the functions that the item names"
    )
    parser.add_argument(
        "--provider", default="cpu", metavar="NAME", help="what computes: cpu, or another that the engine has"
    )


def _catalogs(options: argparse.Namespace, watch: Watch) -> int:
    from .catalog.catalogs import known

    listed = [{"name": c.name, "href": c.href} for c in known(_home())]
    return _print(options, {"catalogs": listed}, "\n".join(f"{c['name']}  {c['href']}" for c in listed))


def _search(options: argparse.Namespace, watch: Watch) -> int:
    from .commands import search

    found = search(
        {
            "text": " ".join(options.text),
            "catalogs": options.catalog,
            "task": options.task,
            "for_raster": options.raster,
            "runnable": options.runnable,
            "limit": options.limit,
        },
        _context(watch),
    )
    for entry in found["models"]:
        entry.pop("item", None)
    for catalog in found["catalogs"]:
        if catalog.get("why"):
            print(f"mlm-runner: {catalog['why']}", file=sys.stderr)
    lines = [f"{m['title']}\n    {m['href']}\n    {about(m)}" for m in found["models"]]
    return _print(
        options, found, "\n".join(lines) or "No model found. Try fewer words, or another catalog (--catalog)."
    )


def _describe(options: argparse.Namespace, watch: Watch) -> int:
    from .commands import describe
    from .mlm.card import card
    from .mlm.read import read

    found = describe({"model": options.model, "as_item": options.as_item}, _context(watch))
    item = found.pop("item")
    return _print(options, found, card(read(item, found["href"])))


def _check(options: argparse.Namespace, watch: Watch) -> int:
    from .commands import check

    found = check(_fit_params(options), _context(watch))
    lines = [f"{b['model']}: {raster_band(b)}" for b in found["bands"]]
    lines.append(f"Values: {found['units']['words']} {found['units']['why']}".rstrip())
    lines += [f"{f['level']}: {f['text']} {f['remedy']}".rstrip() for f in found["findings"]]
    lines.append("The model fits." if found["fits"] else "The model does not fit.")
    _print(options, found, "\n".join(lines))
    return 0 if found["fits"] else DoesNotFit.exit_status


def _run(options: argparse.Namespace, watch: Watch) -> int:
    from .commands import run

    params = _fit_params(options)
    words = (
        *("output", "extent", "extent_crs", "tile", "overlap", "merge", "batch_size", "threshold"),
        *("probabilities", "confidence", "vector", "min_area", "simplify", "iou", "mask"),
    )
    params.update({word: getattr(options, word) for word in words})
    found = run(params, _context(watch))
    total = sum(c.get("pixels", 0) for c in found["classes"]) or 1
    lines = [class_line(c, total) for c in found["classes"]]
    lines += [f"applied: {text}" for text in found["applied"]] + [f"assumed: {text}" for text in found["assumed"]]
    lines.append(
        f"{found['output']} written in {found['seconds']:.2f} s ({found['inference_seconds']:.2f} s in the network)."
    )
    return _print(options, found, "\n".join(lines))


def _resolution(text: Optional[str]) -> Union[None, float, str]:
    if text is None or text == "model":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--resolution {text} means nothing; give a number of metres, or: model.") from None


def _fit_params(options: argparse.Namespace) -> dict[str, Any]:
    bands = {}
    for text in options.band:
        model, separator, raster = text.partition("=")
        if not separator or not model or not raster:
            raise UsageError(f"--band {text} is not MODELBAND=RASTERBAND; write for example --band nir=4.")
        bands[model] = raster
    return {
        "model": options.model,
        "rasters": options.rasters,
        "bands": bands,
        "units": options.units,
        "resolution": _resolution(options.resolution),
        "skip_functions": options.skip_functions,
        "provider": options.provider,
    }


def _runtime(options: argparse.Namespace, watch: Watch) -> int:
    from .worker.runtime import command

    found, text = command(options.action, watch, options.wheels)
    return _print(options, found, text)


def _worker(options: argparse.Namespace, watch: Watch) -> int:
    from .worker.server import main as serve

    return serve()


def _context(watch: Watch) -> Any:
    from .catalog.http import SessionHttp
    from .catalog.store import Store
    from .commands import Context

    home = _home()
    return Context(watch, Store(home), SessionHttp(), home, lambda text: print(f"mlm-runner: {text}", file=sys.stderr))


def _home() -> Any:
    from .worker.runtime import home

    return home()


def _print(options: argparse.Namespace, found: Any, text: str) -> int:
    print(json.dumps(_strict(found), ensure_ascii=False, allow_nan=False) if options.json else text)
    return 0


def _strict(value: Any) -> Any:
    """Return a value without the numbers that JSON lacks (a band's nodata may be NaN); they are null."""
    if isinstance(value, dict):
        return {word: _strict(member) for word, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    raise SystemExit(main())
