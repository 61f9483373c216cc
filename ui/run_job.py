"""One run from the dock: the layer is copied first if the engine can't read it, then the engine runs; nothing waits
in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.core import QgsApplication, QgsRasterLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.errors import Cancelled, MlmRunnerError
from ..core.watch import Progress
from . import export, layers
from .engine import Ask, Engine
from .found import Choice, Found
from .layers import Grid

COPY = "layer.tif"


class RunJob(QObject):
    """Exactly one of `done` (the run's JSON) and `failed` ends it."""

    progressed = pyqtSignal(object)
    done = pyqtSignal(object)
    failed = pyqtSignal(object)

    def __init__(
        self,
        engine: Engine,
        found: Found,
        layer: QgsRasterLayer,
        choice: Choice,
        grid: Grid,
        output: str,
        whole: bool,
        must_export: bool,
        parent: Optional[QObject] = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self.found, self.layer, self.grid = found, layer, grid
        self.source_id, self.source_name = layer.id(), layer.name()
        self._scratch: Optional[Path] = None
        self._ask: Optional[Ask] = None
        self._task: Optional[export.ExportTask] = None
        self._cancelled = False
        source = "" if must_export else layers.file_source(layer)
        self.params: dict[str, Any] = {
            "model": found.href,
            "item": found.item,
            "href": found.href,
            "rasters": [source] if source else [],
            "bands": dict(choice.bands),
            "units": choice.units,
            "skip_functions": choice.skip_functions,
            "output": output,
        }
        if source and not whole:
            box = grid.extent
            self.params["extent"] = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]

    def start(self) -> None:
        try:
            self._scratch = self._engine.scratch()
        except MlmRunnerError as error:
            self.failed.emit(error)
            return
        if self.params["rasters"]:
            self._run()
        else:
            self._export()

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
        if self._scratch is not None:
            self._engine.discard(self._scratch)

    def _export(self) -> None:
        try:
            prepared = export.prepare(self.layer, self.grid)
        except MlmRunnerError as error:
            self._end(error)
            return
        self._task = export.ExportTask(prepared, self._scratch / COPY, self._copying)
        self._task.done.connect(self._exported)
        QgsApplication.taskManager().addTask(self._task)

    def _copying(self, percent: float) -> None:
        self.progressed.emit(Progress(percent / 100.0, "Copying the layer"))

    def _exported(self, error: Optional[MlmRunnerError]) -> None:
        self._task = None
        if error is None and self._cancelled:
            error = Cancelled("Cancelled; nothing was written.")
        if error is not None:
            self._end(error)
            return
        self.params["rasters"] = [str(self._scratch / COPY)]
        self._run()

    def _run(self) -> None:
        unfinished = self._engine.unfinished(self.params["output"])
        self.params["scratch"] = str(unfinished)
        self._ask = self._engine.ask(
            self, "run", self.params, self._answered, self._end, self._tell, scratch=unfinished
        )

    def _tell(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    def _answered(self, result: dict[str, Any]) -> None:
        self._engine.discard(self._scratch)
        self.done.emit(result)

    def _end(self, error: MlmRunnerError) -> None:
        self._engine.discard(self._scratch)
        self.failed.emit(error)
