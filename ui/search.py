"""Asks the engine for models: typing waits a moment, and only the newest answer counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core.errors import Cancelled, MlmRunnerError
from . import settings
from .engine import Ask, Engine
from .found import Found

TYPING_MS = 350
LIMIT = 500
BUILT_IN, MY_MODELS = "Built-in", "My Models"


class Search(QObject):
    """`answered` carries the list of Found and the catalogs' states; `failed` an error."""

    started = pyqtSignal()
    answered = pyqtSignal(object, object)
    failed = pyqtSignal(object)

    def __init__(self, engine: Engine, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._ask: Optional[Ask] = None
        self._text = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.now)

    @property
    def text(self) -> str:
        return self._text

    def soon(self, text: str) -> None:
        """Search once the user has stopped typing."""
        self._text = text.strip()
        self._timer.start(TYPING_MS)

    def now(self) -> None:
        """Search at once; an older search is given up."""
        self._timer.stop()
        if self._ask is not None:
            self._ask.cancel()
        params = {"text": self._text, "limit": LIMIT, "catalogs": None}
        own = settings.catalogs()
        if own:
            params["catalogs"] = [*known(self._engine.home), *own]
        # The newest question is told from older ones by itself, which its answer can't know before it is put.
        mine: list[Ask] = []

        def answered(answer: dict[str, Any]) -> None:
            if mine and mine[0] is self._ask:
                self._ask = None
                self.answered.emit([Found.from_json(m) for m in answer.get("models", [])], answer.get("catalogs", []))

        def failed(error: MlmRunnerError) -> None:
            if mine and mine[0] is self._ask:
                self._ask = None
                if not isinstance(error, Cancelled):
                    self.failed.emit(error)

        self.started.emit()
        self._ask = self._engine.ask(self, "search", params, answered, failed)
        mine.append(self._ask)


def known(home: Path) -> tuple[str, ...]:
    """Return the names of the catalogs that the engine searches unasked (`core.catalog.catalogs`): a list of catalogs
    takes their place, so they have to be in it. The user's own models are a catalog once there are any.
    """
    return (BUILT_IN, MY_MODELS) if (home / "my-models" / "catalog.json").is_file() else (BUILT_IN,)
