"""The list of models found: two lines each, the state as shape, word and colour."""

from __future__ import annotations

from typing import Any, Optional

from qgis.PyQt.QtCore import QAbstractListModel, QModelIndex, QRectF, QSize, QSortFilterProxyModel, Qt
from qgis.PyQt.QtGui import QColor, QFont, QPainter, QPalette
from qgis.PyQt.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ..core.mlm.fit import Fit
from .found import Found
from .icons import COLORS, paint_state
from .session import Session

WORDS = {"fits": "Fits", "look": "Needs a look", "no": "Does not fit"}

FOUND = Qt.ItemDataRole.UserRole
STATE = Qt.ItemDataRole.UserRole + 1
WHY = Qt.ItemDataRole.UserRole + 2


def state_in_words(fit: Optional[Fit]) -> str:
    """Return "Fits", "Needs a look: another resolution", "Does not fit: no band for nir"; empty while unknown."""
    if fit is None:
        return ""
    return f"{WORDS[fit.state]}: {fit.why}" if fit.why else WORDS[fit.state]


class ModelList(QAbstractListModel):
    """The session's models, in the catalogs' order."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._rows: tuple[Found, ...] = ()
        session.found_changed.connect(self._reset)
        session.fits_changed.connect(self._refresh)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008  (QGIS's and Qt's manner)
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        found = self._rows[index.row()]
        fit = self._session.fit_for(found)
        if role == Qt.ItemDataRole.DisplayRole:
            return found.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return "\n".join(filter(None, (found.title, state_in_words(fit), found.summary, found.catalog)))
        if role == FOUND:
            return found
        if role == STATE:
            return fit.state if fit else ""
        if role == WHY:
            return state_in_words(fit)
        return None

    def _reset(self) -> None:
        self.beginResetModel()
        self._rows = self._session.found
        self.endResetModel()

    def _refresh(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


class ModelFilter(QSortFilterProxyModel):
    """Leaves out what the user does not want to see; the fitting come first, otherwise in the catalogs' order."""

    _ORDER = {"fits": 0, "look": 1, "": 2, "no": 3}

    def __init__(self, source: ModelList) -> None:
        super().__init__(source)
        self.only_fitting = False
        self.only_runnable = False
        self.setSourceModel(source)
        self.sort(0)

    def show_only(self, fitting: bool, runnable: bool) -> None:
        self.only_fitting, self.only_runnable = fitting, runnable
        self.invalidateFilter()

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:  # noqa: N802
        index = self.sourceModel().index(row, 0, parent)
        if self.only_fitting and index.data(STATE) == "no":
            return False
        return not (self.only_runnable and index.data(FOUND).why_not)

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:  # noqa: N802
        ours, theirs = (self._ORDER[i.data(STATE)] for i in (left, right))
        return (ours, left.row()) < (theirs, right.row())


class ModelDelegate(QStyledItemDelegate):
    """Paints a model; sizes come from the font."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802
        line = option.fontMetrics.height()
        lines = 3 if index.data(WHY) else 2
        return QSize(12 * line, round(lines * 1.08 * line + 0.6 * line))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        found, state, why = index.data(FOUND), index.data(STATE), index.data(WHY)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        line = option.fontMetrics.height()
        box = option.rect.adjusted(line // 3, round(0.3 * line), -line // 3, 0)
        side = round(0.95 * line)
        if state:
            paint_state(painter, QRectF(box.left(), box.top(), side, side), state)
        text = box.adjusted(side + line // 3, 0, 0, 0)
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        normal = option.palette.color(role)
        bold = QFont(option.font)
        bold.setBold(True)
        # Titles of one family differ at their ends.
        middle, right = Qt.TextElideMode.ElideMiddle, Qt.TextElideMode.ElideRight
        lines = [(found.title, bold, normal, middle)]
        if why:
            color = normal if selected else readable(COLORS[state], option.palette)
            lines.append((why, option.font, color, right))
        lines.append((found.summary or found.why_not, option.font, faded(normal), right))
        for number, (words, font, color, elide) in enumerate(lines):
            painter.setFont(font)
            painter.setPen(color)
            row = text.translated(0, round(number * 1.08 * line))
            row.setHeight(line)
            shown = painter.fontMetrics().elidedText(words, elide, row.width())
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.restore()


def readable(color: str, palette: QPalette) -> QColor:
    """Return a colour of the table, lighter on a dark ground."""
    dark = palette.color(QPalette.ColorRole.Base).lightness() < 128
    return QColor(color).lighter(190) if dark else QColor(color)


def faded(color: QColor) -> QColor:
    paler = QColor(color)
    paler.setAlphaF(0.7)
    return paler
