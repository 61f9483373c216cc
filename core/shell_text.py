"""What the shell prints for people: lines on models, bands and classes, and progress."""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, Optional

from .watch import Progress


def about(model: dict[str, Any]) -> str:
    state = {"fits": "fits", "look": "needs a look", "no": "does not fit"}.get(
        (model.get("fit") or {}).get("state", ""), ""
    )
    why = (model.get("fit") or {}).get("why", "")
    runs = "" if model["runnable"] else f"not runnable: {model['why_not']}"
    parts = [
        ", ".join(model["tasks"]),
        f"bands {', '.join(model['bands'])}",
        f"{state}{': ' if state and why else ''}{why}",
        runs,
    ]
    return "; ".join(p for p in parts if p)


def raster_band(band: dict[str, Any]) -> str:
    if band["raster"] is None:
        return "missing"
    name = f" ({band['name']})" if band["name"] else ""
    return f"band {band['raster']}{name} of {band['file']}, by {band['how']}".replace("by by", "by")


def class_line(one: dict[str, Any], total: int) -> str:
    """Return a line on a class: its share of the pixels, or how many objects of it were found."""
    if "count" in one:
        return f"{one['name']}: {one['count']}{_area(one['area'])}"
    return f"{one['name']}: {one['pixels']} pixels, {100 * one['pixels'] / total:.1f} %{_area(one['area'])}"


def _area(square_metres: Optional[float]) -> str:
    return "" if square_metres is None else f", {square_metres / 1e6:.4g} km2"


def shown(progress: Progress) -> None:
    share = "" if progress.fraction is None else f" {100 * progress.fraction:.0f} %"
    left = "" if progress.seconds_left is None else f", about {progress.seconds_left:.0f} s left"
    print(f"\r\033[K{progress.text}{share}{left}", end="", file=sys.stderr, flush=True)


def quiet() -> Callable[[Progress], None]:
    """Return a listener that prints a line at most every ten seconds, for logs."""
    last = [time.monotonic()]

    def listener(progress: Progress) -> None:
        if time.monotonic() - last[0] > 10:
            last[0] = time.monotonic()
            print(f"mlm-runner: {progress.text}", file=sys.stderr)

    return listener
