"""What the engine alone sees of the model looked at: the ONNX file's own signature and the raster's geometry complete
the fit that QGIS computes from the item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Union

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core.errors import (
    ArtifactCorrupt,
    ArtifactMissing,
    DoesNotFit,
    ItemUnreadable,
    MlmRunnerError,
    NotRunnable,
    RasterUnreadable,
)
from ..core.mlm.finding import Finding
from ..core.mlm.fit import Fit
from .engine import Engine
from .found import Choice, Found

LOOKING_MS = 150
"""How long a model is looked at before its file is opened: arrow keys pass many."""

REASONS = {
    ArtifactCorrupt: "its file is damaged",
    ArtifactMissing: "its file is missing",
    DoesNotFit: "",
    ItemUnreadable: "its item can't be read",
    NotRunnable: "it can't be run here",
    RasterUnreadable: "the layer can't be read",
}
"""Errors that say something of the model or the layer, and their short words. Any other is about the engine: it says
nothing of the fit, and a run meets it again."""


@dataclass(frozen=True)
class Question:
    """A model, the files of a layer and of those behind it, and what is set by hand for the two."""

    model: str
    layer: str
    sources: tuple[str, ...]
    bands: tuple[tuple[str, str], ...]
    units: str
    skip_functions: bool
    resolution: Union[None, str, float]

    @staticmethod
    def of(found: Found, layer: str, sources: tuple[str, ...], choice: Choice) -> Question:
        bands = tuple(sorted(choice.bands.items()))
        return Question(found.key, layer, sources, bands, choice.units, choice.skip_functions, choice.resolution)


class FileCheck(QObject):
    """Asks for one model at a time; `changed` tells that more is known of it."""

    changed = pyqtSignal()

    def __init__(self, engine: Engine, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._wanted: Optional[tuple[Question, Found]] = None
        self._asked: Optional[Question] = None
        self._answers: dict[Question, tuple[Finding, ...]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOKING_MS)
        self._timer.timeout.connect(self._ask)

    def look_at(self, question: Optional[Question], found: Optional[Found]) -> None:
        """Ask about a model soon, unless the answer is here or on its way."""
        self._wanted = None if question is None or found is None else (question, found)
        if question is None or question in self._answers:
            self._timer.stop()
        elif question != self._asked:
            self._timer.start()

    def forget(self) -> None:
        """Let all be asked anew: files may have come or changed."""
        self._answers.clear()
        self._asked = None

    def completed(self, fit: Fit, question: Question) -> Fit:
        """Return `fit` with what the engine found besides."""
        known = {finding.text for finding in fit.findings}
        return fit.with_findings([f for f in self._answers.get(question, ()) if f.text not in known])

    def _ask(self) -> None:
        if self._wanted is None:
            return
        question, found = self._wanted
        self._asked = question

        def answered(check: dict[str, Any]) -> None:
            take(findings(check))

        def failed(error: MlmRunnerError) -> None:
            short = REASONS.get(type(error))
            take(() if short is None else (Finding("error", str(error).partition("\n")[0], "", short),))

        def take(said: tuple[Finding, ...]) -> None:
            if self._asked == question:
                self._asked = None
            if self._wanted is not None and self._wanted[0] == question:
                self._answers[question] = said
                self.changed.emit()

        # An answer that came too late is dropped, and never called off: a worker that is slow to stop is killed, and
        # a run may be under way in it.
        params = {
            "model": found.href,
            "item": found.item,
            "href": found.href,
            "rasters": list(question.sources),
            "bands": dict(question.bands),
            "units": question.units,
            "skip_functions": question.skip_functions,
            "resolution": question.resolution,
            "fetch": False,
        }
        self._engine.ask(self, "check", params, answered, failed)


def findings(check: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the findings of a `check`; its `why` is the short form of the first that is as bad as the whole."""
    said = [(str(f["level"]), str(f["text"]), str(f.get("remedy") or "")) for f in check.get("findings", ())]
    worst = next((level for level in ("error", "doubt") if any(f[0] == level for f in said)), "")
    first = next((n for n, f in enumerate(said) if f[0] == worst), -1)
    return tuple(Finding(*f, str(check.get("why") or "") if n == first else "") for n, f in enumerate(said))
