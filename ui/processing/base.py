"""What all algorithms share: the engine, and how progress, cancelling and errors cross between it and Processing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingFeedback
from qgis.PyQt.QtGui import QIcon

from ...core.errors import Cancelled, MlmRunnerError
from ...core.watch import Progress, Watch
from ..engine import Engine
from ..icons import plugin_icon


class FeedbackWatch(Watch):
    """A `Watch` that stops when the user cancels in Processing, asked directly because nobody may be there to deliver
    a signal."""

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        super().__init__(listener=self._show)
        self._feedback = feedback
        self._text = ""

    @property
    def cancelled(self) -> bool:
        return self._feedback.isCanceled() or super().cancelled

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled("Cancelled; nothing was written.")

    def _show(self, progress: Progress) -> None:
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
        self, method: str, params: Mapping[str, Any], feedback: QgsProcessingFeedback, scratch: Path
    ) -> dict[str, Any]:
        """Ask the engine and wait; the sentence of any error goes to the user as it is."""
        try:
            return self.engine.call(method, params, FeedbackWatch(feedback), scratch)
        except MlmRunnerError as error:
            raise QgsProcessingException(str(error)) from error
