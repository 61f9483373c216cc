"""Sets the engine up in the background: a task of QGIS with progress, cancel, and the log for when it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import Cancelled, MlmRunnerError, RuntimeInstallFailed
from ..core.watch import Progress, Watch
from ..core.worker import runtime

DOWNLOAD = "about 130 MB"
LOG_LINES = 200


class SetupTask(QgsTask):
    """Makes the runtime; `told` carries Progress, `done` None or the error. `log` is what the installer said last."""

    told = pyqtSignal(object)
    done = pyqtSignal(object)

    def __init__(self, home: Path, wheels: Optional[Path] = None) -> None:
        super().__init__("Set up the engine of MLM Runner", QgsTask.Flag.CanCancel)
        self._home = home
        self._wheels = wheels
        self._prefix = QgsApplication.prefixPath()
        self._watch = Watch(listener=self._tell)
        self._error: Optional[MlmRunnerError] = None
        self._log: list[str] = []

    @property
    def log(self) -> str:
        return "\n".join(self._log[-LOG_LINES:])

    def run(self) -> bool:
        try:
            runtime.install(self._home, self._watch, self._wheels, self._log.append, self._prefix)
        except MlmRunnerError as error:
            self._error = error
        except Exception as error:  # a task's exception would be lost; the user gets it as a sentence
            self._error = RuntimeInstallFailed(f"The engine could not be set up ({type(error).__name__}: {error}).")
        return self._error is None

    def cancel(self) -> None:
        self._watch.cancel()
        super().cancel()

    def finished(self, result: bool) -> None:
        error = self._error
        if not result and error is None:
            error = Cancelled("Cancelled; the engine is not set up.")
        self.done.emit(error)

    def _tell(self, progress: Progress) -> None:
        if progress.fraction is not None:
            self.setProgress(100.0 * progress.fraction)
        self.told.emit(progress)
