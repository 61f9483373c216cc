"""A search result as the dock keeps it: the item, read into a `Model`, or the sentence why it can't be read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Optional, Union

from ..core.errors import ItemUnreadable, MlmRunnerError, UsageError
from ..core.mlm.card import summary
from ..core.mlm.feeds import feeds
from ..core.mlm.finding import Finding
from ..core.mlm.fit import Fit, fit, model_resolution
from ..core.mlm.model import Model
from ..core.mlm.raster import RasterInfo
from ..core.mlm.read import read


@dataclass(frozen=True)
class Choice:
    """What the user set by hand for one model and one layer; nothing set leaves all to the matching."""

    bands: Mapping[str, str] = field(default_factory=dict)
    units: str = "auto"
    skip_functions: bool = False
    resolution: Union[None, str, float] = None
    """The word "model", or metres; None is the layer's own."""
    more: tuple[str, ...] = ()
    """Ids of the layers that are stacked behind the first one."""


@dataclass(frozen=True)
class Found:
    """A model of a catalog; `model` is None where its item can't be understood, and `why_not` says why."""

    id: str
    title: str
    catalog: str
    href: str
    item: Mapping[str, Any]
    model: Optional[Model]
    why_not: str

    @property
    def key(self) -> str:
        return f"{self.href}#{self.id}"

    @property
    def summary(self) -> str:
        """What stands below the title: "7 classes, 6 bands, 28.5 m, 0.4 MB"."""
        return summary(self.model) if self.model else ""

    @staticmethod
    def from_json(entry: Mapping[str, Any]) -> Found:
        """Return one entry of `models` in a search's answer."""
        item, href = entry.get("item") or {}, str(entry.get("href") or "")
        why_not = str(entry.get("why_not") or "")
        model: Optional[Model] = None
        try:
            model = read(item, href)
        except ItemUnreadable as error:
            why_not = str(error)
        title = model.label if model else str(entry.get("title") or entry.get("id"))
        return Found(str(entry.get("id")), title, str(entry.get("catalog") or ""), href, item, model, why_not)


def fit_of(found: Found, raster: RasterInfo, choice: Choice) -> Fit:
    """Return how a model fits a raster at the chosen resolution; what can't be compared is a Fit that says so, never an
    error."""
    if found.model is None:
        return refused(found.why_not, "its item can't be read")
    try:
        metres = metres_of(choice.resolution, found.model) or _finest(found.model, raster, choice)
        raster = replace(raster, resolution_m=metres or raster.resolution_m)
        return fit(found.model, raster, choice.bands, choice.units, choice.skip_functions)
    except UsageError as error:
        return refused(str(error), "a choice that means nothing here")
    except MlmRunnerError as error:
        return refused(str(error), "")


def metres_of(wish: Union[None, str, float], model: Optional[Model]) -> Optional[float]:
    """Return the size of the pixels that a wish means; None for the layer's own, or where the item gives none."""
    if wish == "model":
        return model_resolution(model) if model is not None else None
    return wish


def _finest(model: Model, raster: RasterInfo, choice: Choice) -> Optional[float]:
    """Return the size of the finest pixels that the model uses, where the raster's files have several sizes."""
    if len({band.resolution_m for band in raster.bands}) < 2:
        return None
    used = feeds(model, raster.bands, choice.bands)
    sizes = [band.resolution_m for feed in used for band in feed.rasters if band.resolution_m]
    return min(sizes) if sizes else None


def refused(text: str, short: str) -> Fit:
    return Fit((), (Finding("error", text, "", short),))
