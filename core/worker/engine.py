"""The real engine behind the server: the commands, their context, and what is worth loading before the first run."""

from __future__ import annotations

import functools
import importlib
import threading
from importlib import util
from typing import Any, Callable, Mapping

from ..watch import Watch
from .packages import NEEDED, versions
from .places import home
from .server import Engine

_loading = threading.Lock()


@functools.lru_cache(maxsize=1)
def engine() -> Engine:
    """Return the engine; imported by the first request, so that the process answers as soon as it runs."""
    from ..catalog.store import Store
    from ..commands import COMMANDS, Context
    from .asked_http import AskedHttp

    place = home()
    store = Store(place)

    def context(watch: Watch, ask: Callable[..., Mapping[str, Any]], log: Callable[[str], None]) -> Context:
        _warm()
        return Context(watch=watch, store=store, http=AskedHttp(ask), log=log, home=place)

    return Engine(commands=COMMANDS, context=context, warm=_warm, packages=versions)


def _warm() -> None:
    """Load the packages, while the user still looks for a model; a request waits until that is done.

    One thread at a time: rasterio's modules import one another, and two threads that enter at different ends see only
    half of them ("cannot import name"). A package that is not here is told by the command that needs it.
    """
    with _loading:
        for package in NEEDED:
            if util.find_spec(package.module) is not None:
                importlib.import_module(package.module)
