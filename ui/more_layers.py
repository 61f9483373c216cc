"""The panel of further layers, which opens over the dock's steps: what stands behind the chosen layer, in which order.

Elevation beside an image, single-band files, the second image of a pair, the later dates of a series.
"""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsApplication, QgsMapLayer, QgsProject
from qgis.gui import QgsPanelWidget
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from . import layers
from .session import Session
from .words import tr
from .wrap_label import WrapLabel

ID = Qt.ItemDataRole.UserRole
STATES = {"fits": "Fits", "look": "Needs a look: {}", "no": "Does not fit: {}"}


class MoreLayersPanel(QgsPanelWidget):
    """Edits what the session's layer has behind it."""

    def __init__(self, session: Session, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setPanelTitle(tr("More Layers"))
        self._session = session
        self.aboutLabel, self.stateLabel = WrapLabel(), WrapLabel()
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Layers to be stacked behind the chosen one"))
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.upButton = self._button("/mActionArrowUp.svg", tr("Move &Up"), -1)
        self.downButton = self._button("/mActionArrowDown.svg", tr("Move &Down"), 1)
        row = QHBoxLayout()
        row.addWidget(self.upButton)
        row.addWidget(self.downButton)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        for widget in (self.aboutLabel, self.list):
            column.addWidget(widget)
        column.addLayout(row)
        column.addWidget(self.stateLabel)
        # A drag is several changes of the list, of which the last counts.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._tell)
        self.list.itemChanged.connect(lambda _: self._later.start())
        for moved in (self.list.model().rowsMoved, self.list.model().rowsInserted, self.list.model().rowsRemoved):
            moved.connect(lambda *_: self._later.start())
        self.list.currentRowChanged.connect(lambda _: self._show_buttons())
        news = (session.raster_changed, session.chosen_changed, session.fits_changed, session.project_changed)
        for changed in news:
            changed.connect(self._show)
        self._show()

    def chosen(self) -> tuple[str, ...]:
        """Return the ids of the checked layers in their order."""
        return tuple(item.data(ID) for item in self._items() if item.checkState() == Qt.CheckState.Checked)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _button(self, icon: str, text: str, step: int) -> QToolButton:
        button = QToolButton()
        button.setIcon(QgsApplication.getThemeIcon(icon))
        button.setText(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.clicked.connect(lambda: self._move(step))
        return button

    def _move(self, step: int) -> None:
        row = self.list.currentRow()
        if row >= 0 and 0 <= row + step < self.list.count():
            self.list.insertItem(row + step, self.list.takeItem(row))
            self.list.setCurrentRow(row + step)

    def _tell(self) -> None:
        if self._session.layer is not None and self.chosen() != self._session.choice.more:
            self._session.set_more(self.chosen())

    def _show(self) -> None:
        """Show what the session has; the list is left alone while it says the same, since the user may be at it."""
        first, choice = self._session.layer, self._session.choice
        known = {id: layer.name() for id, layer in others(first).items()}
        checked = [id for id in choice.more if id in known]
        same = {item.data(ID): item.text() for item in self._items()} == known
        if not self._later.isActive() and not (same and list(self.chosen()) == checked):
            self._fill(known, checked)
        if first is None:
            self.aboutLabel.setText(tr("Choose a layer first."))
        elif not known:
            self.aboutLabel.setText(
                tr("The project has no other raster layer. Add one: Layer > Add Layer > Add Raster Layer.")
            )
        else:
            about = tr(
                "Checked layers stand behind {}: elevation, further bands, or in their order the second image or later "
                "dates. The extent stays that of {}."
            )
            self.aboutLabel.setText(about.format(first.name(), first.name()))
        self.list.setEnabled(bool(known))
        fit = self._session.fit
        self.stateLabel.setText(tr(STATES[fit.state]).format(fit.why) if fit is not None else "")
        self._show_buttons()

    def _fill(self, known: dict[str, str], checked: list[str]) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for id in (*checked, *(id for id in known if id not in checked)):
            item = QListWidgetItem(known[id])
            item.setData(ID, id)
            # Nothing is dropped onto a layer, only between two.
            item.setFlags((item.flags() | Qt.ItemFlag.ItemIsUserCheckable) & ~Qt.ItemFlag.ItemIsDropEnabled)
            item.setCheckState(Qt.CheckState.Checked if id in checked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._later.stop()

    def _show_buttons(self) -> None:
        row = self.list.currentRow()
        self.upButton.setEnabled(row > 0)
        self.downButton.setEnabled(0 <= row < self.list.count() - 1)


def others(first: Optional[QgsMapLayer]) -> dict[str, QgsMapLayer]:
    """Return the project's other raster layers by id, ordered by name as in the combo box of layers."""
    found = [layer for layer in QgsProject.instance().mapLayers().values() if layers.is_raster(layer)]
    return {layer.id(): layer for layer in sorted(found, key=lambda one: one.name().lower()) if layer is not first}
