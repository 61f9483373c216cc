"""What a search gives back: for each model a `Result`, for each catalog an `Answer` with its state and reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from ..mlm.fit import Fit
from ..mlm.model import Model
from .catalogs import Catalog
from .entries import Problem
from .hrefs import file_name
from .matching import raw_tasks, raw_title

PROBLEMS_SHOWN = 100


@dataclass(frozen=True)
class Result:
    """One model; `model` is None where the item is about a model and can't be understood, and `why_not` says why."""

    catalog: str
    item: dict[str, Any]
    href: str
    model: Optional[Model] = None
    why_not: str = ""
    score: int = 1
    fit: Optional[Fit] = None

    @property
    def label(self) -> str:
        """What a list shows."""
        return self.model.label if self.model else raw_title(self.item) or file_name(self.href)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The item's tasks and those of its outputs."""
        if self.model is None:
            return raw_tasks(self.item)
        return tuple(dict.fromkeys((*self.model.tasks, *(t for o in self.model.outputs for t in o.tasks))))

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `models`; it has `fit` if a raster was given."""
        out: dict[str, Any] = {
            "id": str(self.item.get("id", "")),
            "catalog": self.catalog,
            "title": self.label,
            "tasks": list(self.tasks),
            "bands": [b.name for i in self.model.inputs for b in i.fed] if self.model else [],
            "runnable": not self.why_not,
            "why_not": self.why_not,
            "href": self.href,
            "item": self.item,
        }
        if self.fit is not None:
            out["fit"] = {"state": self.fit.state, "why": self.fit.why}
        return out


@dataclass
class Answer:
    """What a catalog has answered: models wanted, models not wanted (`hidden`), other items, what can't be read."""

    catalog: Catalog
    results: list[Result] = field(default_factory=list)
    hidden: int = 0
    others: int = 0
    problems: list[Problem] = field(default_factory=list)
    failed: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the entry of `catalogs`; a catalog of which nothing at all could be read has failed."""
        found_any = self.results or self.hidden or self.others
        failed = self.failed or (self.problems[0].why if self.problems and not found_any else "")
        return {
            "name": self.catalog.name,
            "href": self.catalog.href,
            "state": "failed" if failed else "ok",
            "why": failed or self._remark(),
            "count": len(self.results),
            "hidden": self.hidden,
            "problems": [{"href": p.href, "why": p.why} for p in self.problems[:PROBLEMS_SHOWN]],
        }

    def _remark(self) -> str:
        if self.problems:
            more = f" ({len(self.problems) - 1} more like this)" if len(self.problems) > 1 else ""
            return f"Not everything could be read: {self.problems[0].why}{more}"
        if self.results or self.hidden:
            return ""
        return f"None of its {self.others} items describes a model." if self.others else "It holds no items."
