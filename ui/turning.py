"""A scroll area whose parts stand one above the other where it is high, and side by side where it is wide."""

from __future__ import annotations

from typing import Optional, Sequence

from qgis.PyQt.QtCore import QEvent, QObject
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QBoxLayout, QFrame, QScrollArea, QWidget

WIDE = 1.5
"""How many times as wide as high it must be for parts to stand side by side."""


class TurningArea(QScrollArea):
    """`down` says how parts share the height, and without it each has what it needs; the width they share alike."""

    def __init__(self, parts: Sequence[QWidget], down: Sequence[int] = (), parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._across = (*(1,) * len(parts), 0)
        self._down = (*down, 0) if down else (*(0,) * len(parts), 1)
        content = QWidget()
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, content)
        self._box.setContentsMargins(4, 4, 4, 4)
        self._box.setSpacing(6)
        for part in parts:
            self._box.addWidget(part)
        self._box.addStretch()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setWidget(content)
        self.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (the name is Qt's)
        if event.type() == QEvent.Type.Resize:
            self._arrange(event)
        return super().eventFilter(watched, event)

    def _arrange(self, event: QResizeEvent) -> None:
        """Turn the parts to where there is room."""
        wide = event.size().width() > WIDE * event.size().height()
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._box.setDirection(across if wide else down)
        for number, stretch in enumerate(self._across if wide else self._down):
            self._box.setStretch(number, stretch)
