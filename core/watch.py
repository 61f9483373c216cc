"""How long work tells where it is, and is stopped: one `Watch` goes down from the command to the innermost loop."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from .errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """Where the work is: `fraction` is 0..1 or None while unknown, `seconds_left` an estimate or None."""

    fraction: Optional[float]
    text: str
    seconds_left: Optional[float] = None

    def to_json(self) -> dict[str, Any]:
        return {"fraction": self.fraction, "text": self.text, "seconds_left": self.seconds_left}


def _nobody(_: Progress) -> None:
    """The listener of work that nobody watches."""


@dataclass
class Watch:
    """Carries progress outwards and the wish to stop inwards; safe to share between threads."""

    listener: Callable[[Progress], None] = _nobody
    _stop: threading.Event = field(default_factory=threading.Event)

    def tell(self, fraction: Optional[float], text: str, seconds_left: Optional[float] = None) -> None:
        """Report where the work is."""
        self.listener(Progress(fraction, text, seconds_left))

    def cancel(self) -> None:
        """Ask the work to stop; it does so at its next `check`."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        return self._stop.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if somebody asked to stop."""
        if self._stop.is_set():
            raise Cancelled("Cancelled; nothing was written.")
