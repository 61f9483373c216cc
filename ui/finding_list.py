"""What is to be said before a run: a row for each finding with its shape and remedy, buttons where one click is enough.

The rows take the height that their words need, as far as there is room; what is more is scrolled to.
"""

from __future__ import annotations

from functools import partial
from typing import Callable, Optional, Sequence

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..core.mlm.finding import Finding
from .icons import state_icon
from .remedies import Remedy

SHAPES = {"error": "no", "doubt": "look", "note": "note"}
MIN_LINES = 4
MAX_BUTTONS = 2
SPACING = 4


class FindingList(QScrollArea):
    """Rows of text; `chosen` carries the Choice of a remedy's button, `more_wanted` asks for further layers."""

    chosen = pyqtSignal(object)
    more_wanted = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setWidgetResizable(True)
        self.setAccessibleName("What is to be said before a run")
        self.viewport().setAutoFillBackground(False)
        self._rows: list[QWidget] = []
        self.show_findings((), ())

    def show_findings(self, findings: Sequence[Finding], remedies: Sequence[Remedy], more_layers: bool = False) -> None:
        """Replace the rows: problems, then the remedies' buttons, then what is only to be known."""
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        # A remedy in words is left out where a button does it.
        shown = remedies[:MAX_BUTTONS]
        solved = frozenset[str]().union(*(remedy.solves for remedy in shown))
        words = [f.text if f.text in solved or not f.remedy else f"{f.text} {f.remedy}" for f in findings]
        rows = [(f.level == "note", self._row(SHAPES[f.level], text)) for f, text in zip(findings, words)]
        problems = [row for is_note, row in rows if not is_note]
        notes = [row for is_note, row in rows if is_note]
        self._rows = [*problems, *notes]
        buttons = [self._button(remedy.label, partial(self.chosen.emit, remedy.choice)) for remedy in shown]
        buttons += [self._button("&Add More Layers…", self.more_wanted.emit)] if more_layers else []
        for widget in (*problems, *buttons, *notes):
            column.addWidget(widget)
        self.setWidget(content)  # deletes the one before
        content.setAutoFillBackground(False)
        self.setVisible(bool(findings))
        self._fit()

    def texts(self) -> list[str]:
        """Return what the rows say."""
        return [row.findChild(QLabel, "findingText").text() for row in self._rows]

    def sizeHint(self) -> QSize:  # noqa: N802  (the names are Qt's)
        return QSize(super().sizeHint().width(), self._height(self.width()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, min(self._height(self.width()), MIN_LINES * self.fontMetrics().lineSpacing()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Qt calls this for the viewport as well, which is narrower where there is a scroll bar."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _height(self, width: int) -> int:
        """Return the height that all rows need at a width."""
        return self.widget().layout().totalHeightForWidth(width) if self._rows else 0

    def _fit(self) -> None:
        self.widget().setFixedHeight(self._height(self.viewport().width()))
        self.setMaximumHeight(self._height(self.width()))
        self.updateGeometry()

    def _row(self, shape: str, words: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACING)
        side = self.fontMetrics().height()
        mark = QLabel()
        mark.setFixedSize(side, side)
        mark.setPixmap(state_icon(shape, side, self.devicePixelRatioF()).pixmap(side, side))
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        text = QLabel(words)
        text.setObjectName("findingText")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line.addWidget(text, 1)
        return row

    def _button(self, label: str, do: Callable[[], None]) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(self.fontMetrics().height() + SPACING, 0, 0, 0)
        button = QPushButton(label)
        button.setObjectName("remedyButton")
        button.clicked.connect(lambda _: do())
        line.addWidget(button)
        line.addStretch(1)
        return row
