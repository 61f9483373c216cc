"""What all algorithms share: the engine, and how progress, cancelling and errors cross between it and Processing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Optional

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingFeedback
from qgis.PyQt.QtGui import QIcon

from ...core.errors import Cancelled, MlmRunnerError
from ...core.watch import Progress, Watch
from ..engine import Engine
from ..icons import plugin_icon


class FeedbackWatch(Watch):
    """A `Watch` that shows progress in Processing and stops when the user cancels there.

    Progress comes on a thread of the engine's client, and feedback belongs to the algorithm's. That one waits, and
    asks about ten
    times a second whether to stop: then it passes on what has come meanwhile.
    """

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        super().__init__(listener=self._keep)
        self._feedback = feedback
        self._newest: Optional[Progress] = None
        self._text = ""

    @property
    def cancelled(self) -> bool:
        self._show()
        return self._feedback.isCanceled() or super().cancelled

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled("Cancelled; nothing was written.")

    def _keep(self, progress: Progress) -> None:
        self._newest = progress

    def _show(self) -> None:
        progress, self._newest = self._newest, None
        if progress is None:
            return
        if progress.fraction is not None:
            self._feedback.setProgress(100.0 * progress.fraction)
        if progress.text and progress.text != self._text:
            self._text = progress.text
            self._feedback.setProgressText(progress.text)


class Algorithm(QgsProcessingAlgorithm):
    """An algorithm of MLM Runner."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine

    def createInstance(self) -> Algorithm:  # noqa: N802  (the name is QGIS's)
        return type(self)(self.engine)

    def icon(self) -> QIcon:
        return plugin_icon()

    def call(
        self, method: str, params: Mapping[str, Any], feedback: QgsProcessingFeedback, scratch: Optional[Path] = None
    ) -> dict[str, Any]:
        """Ask the engine and wait; the sentence of any error goes to the user as it is."""
        try:
            return self.engine.call(method, params, FeedbackWatch(feedback), scratch)
        except MlmRunnerError as error:
            raise QgsProcessingException(str(error)) from error

    def scratch(self) -> Path:
        """Return a new folder for copies, which `engine.discard` removes."""
        try:
            return self.engine.scratch()
        except MlmRunnerError as error:
            raise QgsProcessingException(str(error)) from error
