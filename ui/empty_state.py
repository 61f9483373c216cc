"""What stands where nothing is to be listed: a sentence, what to do next as buttons, and room for progress and a
log."""

from __future__ import annotations

from typing import Callable, Optional, Sequence

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QPlainTextEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from .wrap_label import WrapLabel

Offer = tuple[str, Callable[[], None]]
"""A button's words and what it does."""


class EmptyState(QWidget):
    """A page that says why it is empty."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.label = WrapLabel()
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMaximum(1000)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self._buttons = QVBoxLayout()
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self.label)
        column.addWidget(self.progress)
        column.addLayout(self._buttons)
        column.addWidget(self.log, 3)
        column.addStretch(1)

    def say(self, text: str, offers: Sequence[Offer] = (), log: str = "", working: bool = False) -> None:
        """Show a sentence with buttons; `log` is technical text to be read or copied."""
        self.label.setText(text)
        self.log.setPlainText(log)
        self.log.setVisible(bool(log))
        self.progress.setVisible(working)
        while self._buttons.count():
            old = self._buttons.takeAt(0).widget()
            old.hide()
            old.deleteLater()
        for words, do in offers:
            button = QPushButton(words)
            button.clicked.connect(lambda _checked=False, do=do: do())
            self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def tell(self, fraction: Optional[float], text: str) -> None:
        """Show how far the work is that `say(..., working=True)` announced."""
        self.progress.setMaximum(0 if fraction is None else 1000)
        if fraction is not None:
            self.progress.setValue(round(1000 * fraction))
        if text:
            self.label.setText(text)
