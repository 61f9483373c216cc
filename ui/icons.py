"""Icons: the plugin's own by path, and the shapes that stand for a state, drawn so that they are clear in any theme
and size."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

ICONS = Path(__file__).resolve().parent.parent / "resources" / "icons"

COLORS = {"fits": "#2E7D32", "look": "#B26A00", "no": "#C62828", "note": "#3A6EA5"}
"""Green, amber, red and blue of about one lightness, readable on white and on dark grey."""


def plugin_icon() -> QIcon:
    return QIcon(str(ICONS / "mlm_runner.svg"))


def state_icon(state: str, size: int = 16, ratio: float = 1.0) -> QIcon:
    """Return the shape of a state: a disc with a tick, a triangle with !, a disc with a cross, a disc with i."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_state(painter, QRectF(0, 0, size, size), state)
    painter.end()
    return QIcon(pixmap)


def paint_state(painter: QPainter, box: QRectF, state: str) -> None:
    """Draw the shape of a state into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    unit = box.width() / 16.0
    painter.translate(box.topLeft())
    painter.scale(unit, unit)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(COLORS[state]))
    if state == "look":
        painter.drawPolygon(QPolygonF([QPointF(8, 1), QPointF(15.5, 15), QPointF(0.5, 15)]))
    else:
        painter.drawEllipse(QRectF(1, 1, 14, 14))
    pen = QPen(QColor("white"), 1.9)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    for line in _STROKES[state]:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))
    painter.restore()


_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "fits": (((4.6, 8.4), (7.0, 10.8), (11.4, 5.6)),),
    "look": (((8, 6), (8, 10)), ((8, 12.7), (8, 12.8))),
    "no": (((5.3, 5.3), (10.7, 10.7)), ((10.7, 5.3), (5.3, 10.7))),
    "note": (((8, 7.5), (8, 11.5)), ((8, 4.6), (8, 4.7))),
}
