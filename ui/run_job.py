"""One run from the dock: what the engine can't read is copied first, then the engine runs; nothing waits in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional

from qgis.core import QgsApplication, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.errors import Cancelled, MlmRunnerError
from ..core.mlm.raster import RasterInfo
from ..core.watch import Progress
from . import export, layers, mask
from .engine import Ask, Engine
from .found import Choice, Found
from .layers import Grid
from .stack import by_file, name_of


@dataclass(frozen=True)
class Order:
    """What is to be run on what; `wishes` are in the engine's words."""

    found: Found
    layers: tuple[QgsRasterLayer, ...]
    """The stack, the first of which has the extent."""
    files: tuple[str, ...]
    """What the engine opens for each layer; an empty string where QGIS copies it."""
    raster: RasterInfo
    """What the layers are together."""
    choice: Choice
    grid: Grid
    megapixels: float
    output: str
    whole: bool
    wishes: Mapping[str, Any] = field(default_factory=dict)
    mask: Optional[QgsVectorLayer] = None

    def params(self) -> dict[str, Any]:
        """Return what the engine is asked; a layer or mask that is no file is an empty string yet."""
        params: dict[str, Any] = {
            "model": self.found.href,
            "item": self.found.item,
            "href": self.found.href,
            "rasters": list(self.files),
            "bands": dict(self.choice.bands),
            "units": self.choice.units,
            "skip_functions": self.choice.skip_functions,
            "output": self.output,
            **self.wishes,
        }
        if layers.pixel_size(self.layers[0]) is None and len(self.layers) == 1:
            # A service is copied at the resolution that is wished for.
            params.pop("resolution", None)
        if self.files[0] and not self.whole:
            box = self.grid.extent
            params["extent"] = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
        if self.mask is not None:
            params["mask"] = mask.file_source(self.mask)
        return params


class RunJob(QObject):
    """Exactly one of `done` (the run's JSON) and `failed` ends it."""

    progressed = pyqtSignal(object)
    done = pyqtSignal(object)
    failed = pyqtSignal(object)

    def __init__(self, engine: Engine, order: Order, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._engine, self._order = engine, order
        self.found, self.megapixels = order.found, order.megapixels
        self.source_id = order.layers[0].id()
        self.source_name = name_of([layer.name() for layer in order.layers])
        self.params = order.params()
        self.copied: tuple[str, ...] = ()
        """Names of the layers that QGIS copied for the engine."""
        self._copies: list[tuple[str, export.Copy]] = []
        self._scratch: Optional[Path] = None
        self._ask: Optional[Ask] = None
        self._task: Optional[export.CopyTask] = None
        self._cancelled = False

    def start(self) -> None:
        try:
            self._scratch = self._engine.scratch()
            self._prepare_copies()
        except MlmRunnerError as error:
            self._end(error)
            return
        self._go_on()

    def cancel(self) -> None:
        """Stop; `failed` follows with `Cancelled`."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()
        if self._ask is not None:
            self._ask.cancel()

    def close_down(self) -> None:
        """Stop, and tell nobody: the dock goes."""
        self.blockSignals(True)
        self.cancel()
        self._discard()

    def _prepare_copies(self) -> None:
        """Take from the layers what is to be copied, and put the copies' names where the engine looks."""
        order = self._order
        first, copies = order.layers[0], {}
        for place, (layer, file) in enumerate(zip(order.layers, order.files)):
            if not file:
                name = export.copy_name(layer, place)
                copy = export.beside(layer, first, order.grid) if place else export.prepare(layer, order.grid)
                self._copies.append((name, copy))
                copies[layers.key_of(layer)] = self.params["rasters"][place] = str(self._scratch / name)
        if len(order.layers) > 1:
            self.params["bands"] = by_file(order.choice.bands, order.raster, copies)
        if order.mask is not None and not self.params["mask"]:
            copy = mask.prepare(order.mask, order.grid.extent, first.crs())
            self._copies.append((mask.COPY, copy))
            self.params["mask"] = str(self._scratch / mask.COPY)
        self.copied = tuple(copy.layer_name for _, copy in self._copies)

    def _go_on(self, error: Optional[MlmRunnerError] = None) -> None:
        """Write the next copy, or run when all are written."""
        self._task = None
        if error is None and self._cancelled:
            error = Cancelled("Cancelled; nothing was written.")
        if error is not None:
            self._end(error)
            return
        if not self._copies:
            self._run()
            return
        name, copy = self._copies.pop(0)
        text = f"Copying {copy.layer_name}"
        self.progressed.emit(Progress(None, text))
        self._task = export.CopyTask(copy, self._scratch / name, lambda percent: self._copying(percent, text))
        self._task.done.connect(self._go_on)
        QgsApplication.taskManager().addTask(self._task)

    def _copying(self, percent: float, text: str) -> None:
        self.progressed.emit(Progress(percent / 100.0, text))

    def _run(self) -> None:
        unfinished = self._engine.unfinished(self.params["output"])
        self.params["scratch"] = str(unfinished)
        self._ask = self._engine.ask(
            self, "run", self.params, self._answered, self._end, self._tell, scratch=unfinished
        )

    def _tell(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    def _answered(self, result: dict[str, Any]) -> None:
        self._discard()
        self.done.emit(result)

    def _end(self, error: MlmRunnerError) -> None:
        self._discard()
        self.failed.emit(error)

    def _discard(self) -> None:
        if self._scratch is not None:
            self._engine.discard(self._scratch)
