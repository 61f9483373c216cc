"""What is to be said before a run: one row for each finding, with its shape and its remedy; buttons where one click
is enough."""

from __future__ import annotations

from typing import Optional, Sequence

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ..core.mlm.finding import Finding
from .found import Choice
from .icons import state_icon
from .remedies import Remedy

SHAPES = {"error": "no", "doubt": "look", "note": "note"}


class FindingList(QWidget):
    """Rows of text; `chosen` carries the Choice of a remedy's button."""

    chosen = pyqtSignal(object)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def show_findings(self, findings: Sequence[Finding], remedies: Sequence[Remedy]) -> None:
        """Replace the rows; the remedies' buttons come last."""
        while self._column.count():
            widget = self._column.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        for finding in findings:
            # A remedy in words is left out where a button does it.
            words = finding.text if remedies or not finding.remedy else f"{finding.text} {finding.remedy}"
            self._column.addWidget(self._row(SHAPES[finding.level], words))
        for remedy in remedies[:2]:
            self._column.addWidget(self._button(remedy))

    def texts(self) -> list[str]:
        """Return what the rows say."""
        return [label.text() for label in self.findChildren(QLabel, "findingText") if not label.isHidden()]

    def _row(self, shape: str, words: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        side = self.fontMetrics().height()
        mark = QLabel()
        mark.setPixmap(state_icon(shape, side, self.devicePixelRatioF()).pixmap(side, side))
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        text = QLabel(words)
        text.setObjectName("findingText")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        line.addWidget(text, 1)
        return row

    def _button(self, remedy: Remedy) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(self.fontMetrics().height() + 4, 0, 0, 0)
        button = QPushButton(remedy.label)
        button.setObjectName("remedyButton")
        choice: Choice = remedy.choice
        button.clicked.connect(lambda: self.chosen.emit(choice))
        line.addWidget(button)
        line.addStretch(1)
        return row
