"""No engine, setting it up, it failed, it is there: what the dock shows in place of models meanwhile, and what the
buttons do."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog

from ..core.errors import Cancelled, MlmRunnerError
from ..core.watch import Progress
from .empty_state import Offer
from .engine import Engine
from .model_step import ModelStep
from .setup import DOWNLOAD, SetupTask
from .words import progress_in_words

OFFER = (
    "Models are run by an engine beside QGIS, which is not set up yet.\n"
    f"Setting it up downloads {DOWNLOAD}, once, into {{home}}. QGIS itself is not changed."
)


class SetupFlow(QObject):
    """`ready` tells that the engine was set up."""

    ready = pyqtSignal()

    def __init__(self, engine: Engine, step: ModelStep, task: Callable[..., SetupTask] = SetupTask) -> None:
        super().__init__(step)
        self._engine, self._step, self._make_task = engine, step, task
        self._task: Optional[SetupTask] = None

    @property
    def running(self) -> bool:
        return self._task is not None

    def offer(self, why: str = "", log: str = "") -> None:
        """Show what is missing and the button that mends it."""
        text = OFFER.format(home=self._engine.home)
        self._step.setup_page(f"{why}\n\n{text}" if why else text, self._offers(), log)

    def begin(self, wheels: Optional[Path] = None) -> None:
        """Start setting up; one at a time."""
        if self._task is not None:
            return
        self._task = self._make_task(self._engine.home, wheels)
        self._task.told.connect(self._told)
        self._task.done.connect(self._done)
        self._step.setup_page("Setting up the engine …", (("&Cancel", self.cancel),), working=True)
        self._step.empty.tell(None, "")
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def close_down(self) -> None:
        if self._task is not None:
            self._task.told.disconnect(self._told)
            self._task.done.disconnect(self._done)
            self._task.cancel()
            self._task = None

    def _offers(self) -> tuple[Offer, ...]:
        return (("&Set Up the Engine", self.begin), ("From a &Folder of Wheels…", self._ask_wheels))

    def _ask_wheels(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._step, "Folder of Wheels for the Engine")
        if folder:
            self.begin(Path(folder))

    def _told(self, progress: Progress) -> None:
        if self._task is not None:
            words = progress.text if progress.fraction is None else f"{progress.text}\n{progress_in_words(progress)}"
            self._step.empty.tell(progress.fraction, words)

    def _done(self, error: Optional[MlmRunnerError]) -> None:
        task, self._task = self._task, None
        if error is None:
            self._engine.reset()
            self.ready.emit()
        elif isinstance(error, Cancelled):
            self.offer()
        else:
            self.offer(str(error), task.log if task else "")
