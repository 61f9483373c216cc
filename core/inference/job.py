"""All that a run needs to know, decided and checked before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ..mlm.expression import parse
from ..mlm.fit import Fit
from ..mlm.model import Model
from ..mlm.raster import RasterInfo
from ..mlm.slug import class_name
from .layout import Layout
from .measure import Trait
from .plan import Plan
from .prepare import recipe
from .products import Wanted
from .reader import Source
from .scoring import Scoring
from .session import Network

if TYPE_CHECKING:
    from .mask import Mask  # needs shapely, without which a system's Python may be the runtime


@dataclass(frozen=True)
class Job:
    """A run as it will be; `raster` is the grid on which it computes."""

    model: Model
    network: Network
    layout: Layout
    raster: RasterInfo
    fit: Fit
    plan: Plan
    traits: tuple[Trait, ...]
    output: Path
    checksum: str = ""
    notes: tuple[str, ...] = ()
    wanted: Wanted = Wanted()
    threshold: Optional[float] = None
    iou: Optional[float] = None
    mask: Optional[Mask] = None
    mask_name: str = ""
    skipped_functions: bool = False
    workers: int = 1
    """How many windows are computed at once."""
    scratch: Optional[Path] = None

    @cached_property
    def scorings(self) -> tuple[Scoring, ...]:
        """How each output that becomes a raster is read."""
        made = []
        for one, trait in zip(self.layout.exits, self.traits):
            output = self.model.outputs[one.place]
            functions = () if self.skipped_functions else tuple(parse(f) for f in output.post_processing)
            made.append(Scoring(one, output, trait, functions))
        return tuple(made)

    @property
    def further(self) -> tuple[Path, ...]:
        """The files of the model's further outputs, in the order of `scorings`: the map's name, and the output's."""
        names = [class_name(s.output.name or s.exit.name) for s in self.scorings]
        apart = [f"{name}-{place}" if name in names[:place] else name for place, name in enumerate(names)]
        return tuple(self.output.with_name(f"{self.output.stem}_{name}{self.output.suffix}") for name in apart[1:])

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """What each input of the file is made from."""
        made = []
        for entry in self.layout.entries:
            feed = next(f for f in self.fit.feeds if f.place == entry.place)
            given, bands = self.model.inputs[entry.place], feed.rasters
            each = len(bands) // feed.dates
            steps = feed.units.steps(bands)
            dates = [steps[d * each : (d + 1) * each] for d in range(feed.dates)]
            made.append(Source(bands, tuple(recipe(given, date, self.skipped_functions) for date in dates)))
        return tuple(made)
