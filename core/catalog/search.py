"""Searches several catalogs at once; one that is dead or slow is an entry with its reason, and the others go on.

Results are handed on as they come, and sorted in the end: what fits the raster first, then by how well the words match.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional, Union

from ..errors import CatalogUnavailable, ItemUnreadable, MlmRunnerError
from ..mlm.fit import fit
from ..mlm.raster import RasterInfo
from ..mlm.read import read
from ..watch import Watch
from .catalogs import Catalog, find, known
from .collections import Cache, completed
from .contents import contents
from .entries import Entry, Found, Problem
from .http import Http
from .matching import has_task, relevance, words
from .results import Answer, Result
from .traits import describes_model

SECONDS = 60.0
"""How long a catalog may take before it counts as not answering."""

FIT_ORDER = {"fits": 0, "look": 1, "no": 2}


@dataclass(frozen=True)
class Query:
    """What is searched for; `limit` is of the results in the end, 0 for all."""

    text: str = ""
    task: str = ""
    raster: Optional[RasterInfo] = None
    runnable: bool = False
    limit: int = 0


@dataclass(frozen=True)
class _Ended:
    """A catalog has no more to say; `failed` is the reason if it broke off."""

    failed: str = ""


_Event = tuple[int, Union[Entry, _Ended]]


def search(
    query: Query,
    http: Http,
    watch: Watch,
    *,
    catalogs: Optional[Sequence[str]] = None,
    home: Optional[Path] = None,
    on_result: Optional[Callable[[dict[str, Any]], None]] = None,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Return {"models": [...], "catalogs": [...]}; without `catalogs` (names, URLs, paths) all known ones are searched.

    `on_result` gets each entry of `models` as soon as it is found, in this same thread.
    """
    answers = _chosen(catalogs, home)
    running = {n: Watch() for n, a in enumerate(answers) if not a.failed}
    events: queue.Queue[_Event] = queue.Queue()
    for number, own in running.items():
        # Daemon threads: one that hangs in the network must not keep the process from ending.
        args = (number, answers[number].catalog, http, own, events)
        threading.Thread(target=_ask, args=args, daemon=True, name="catalog").start()
    wanted, end = words(query.text), time.monotonic() + seconds
    try:
        while running and time.monotonic() < end:
            watch.check()
            try:
                number, event = events.get(timeout=0.1)
            except queue.Empty:
                continue
            if not isinstance(event, _Ended):
                _take(event, answers[number], query, wanted, on_result)
                continue
            answers[number].failed = event.failed
            del running[number]
            watch.tell(1 - len(running) / len(answers), f"{answers[number].catalog.name} has answered")
    finally:
        for number, own in running.items():
            own.cancel()
            name = answers[number].catalog.name
            answers[number].failed = f"{name} has not answered in full within {seconds:g} seconds. Try again later."
    results = sorted((r for a in answers for r in a.results), key=_order)
    return {
        "models": [r.to_json() for r in (results[: query.limit] if query.limit > 0 else results)],
        "catalogs": [a.to_json() for a in answers],
    }


def _chosen(catalogs: Optional[Sequence[str]], home: Optional[Path]) -> list[Answer]:
    """Return an empty answer for each catalog to ask; for one that does not even exist the reason is in it."""
    if catalogs is None:
        return [Answer(c) for c in known(home)]
    answers = []
    for wanted in dict.fromkeys(catalogs):
        try:
            answers.append(Answer(find(wanted, home)))
        except CatalogUnavailable as error:
            answers.append(Answer(Catalog(wanted, wanted), failed=str(error)))
    return answers


def _ask(number: int, catalog: Catalog, http: Http, watch: Watch, events: queue.Queue[_Event]) -> None:
    """Put what one catalog holds into `events`, and in the end, whatever happens, that it has ended."""
    failed = ""
    try:
        collections: Cache = {}
        for entry in contents(catalog.href, http, watch):
            watch.check()
            if isinstance(entry, Found) and describes_model(entry.item):
                entry = completed(entry, http, watch, collections)
            events.put((number, entry))
    except MlmRunnerError as error:
        failed = str(error)
    except Exception as error:  # What nobody foresaw takes this catalog out of the search, and not the others.
        failed = f"{catalog.name} can't be understood ({type(error).__name__}: {error})."
    events.put((number, _Ended(failed)))


def _take(
    entry: Entry,
    answer: Answer,
    query: Query,
    wanted: Sequence[str],
    on_result: Optional[Callable[[dict[str, Any]], None]],
) -> None:
    """Put one entry where it belongs in the catalog's answer."""
    if isinstance(entry, Problem):
        answer.problems.append(entry)
    elif not describes_model(entry.item):
        answer.others += 1
    else:
        result = _result(entry, answer.catalog, query.raster, wanted)
        if not result.score or (query.runnable and result.why_not) or not has_task(query.task, result.tasks):
            answer.hidden += 1
            return
        answer.results.append(result)
        if on_result is not None:
            on_result(result.to_json())


def _result(found: Found, catalog: Catalog, raster: Optional[RasterInfo], wanted: Sequence[str]) -> Result:
    """Return the entry for an item that is about a model, readable or not."""
    try:
        model = read(found.item, found.href)
    except ItemUnreadable as error:
        return Result(catalog.name, found.item, found.href, None, str(error), relevance(wanted, None, found.item))
    except Exception as error:  # One item of a shape that nobody foresaw must not hide the thousand beside it.
        why = f"The item can't be understood ({type(error).__name__}: {error}). Ask its publisher to check it."
        return Result(catalog.name, found.item, found.href, None, why, relevance(wanted, None, found.item))
    fitting = fit(model, raster) if raster is not None else None
    score = relevance(wanted, model, found.item)
    return Result(catalog.name, found.item, found.href, model, model.why_not, score, fitting)


def _order(result: Result) -> tuple[int, int, int]:
    """Fit first, then what runs, then relevance; equal ones keep the order of their catalogs."""
    state = FIT_ORDER[result.fit.state] if result.fit else len(FIT_ORDER)
    return state, bool(result.why_not), -result.score
