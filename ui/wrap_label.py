"""A label whose words wrap, and whose height follows from its present width.

Qt's own labels pass "height for width" on to every layout around them, and a scroll area then takes the preferred
height of all it
holds for the least: the panel would scroll long before it has to.
"""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QLabel, QWidget

LINKS = Qt.TextInteractionFlag.LinksAccessibleByKeyboard | Qt.TextInteractionFlag.LinksAccessibleByMouse


class WrapLabel(QLabel):
    """Text to be read and copied; rich where it has links."""

    def __init__(self, parent: Optional[QWidget] = None, links: bool = False) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText if links else Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(LINKS if links else Qt.TextInteractionFlag.TextSelectableByMouse)

    def hasHeightForWidth(self) -> bool:  # noqa: N802  (the names are Qt's)
        return False

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(20 * self.fontMetrics().averageCharWidth(), self.heightForWidth(max(self.width(), 1)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()
