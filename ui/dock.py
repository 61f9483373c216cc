"""The dock: three steps in one panel, one above the other where it is high, side by side where it is wide.

Further layers, and more outputs and options, open over them, as panels do in QGIS's own docks.
"""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import Qgis, QgsMapLayer
from qgis.gui import QgsDockWidget, QgsMessageViewer, QgsPanelWidget, QgsPanelWidgetStack
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import QPushButton, QVBoxLayout

from ..core.errors import MlmRunnerError, RuntimeMissing
from .engine import Engine
from .layer_step import LayerStep
from .model_step import ModelStep
from .more_layers import MoreLayersPanel
from .run_options import Wishes
from .run_options_panel import RunOptionsPanel
from .run_step import RunStep
from .search import Search
from .session import Session
from .setup_flow import SetupFlow
from .turning import TurningArea

TITLE = "MLM Runner"
MESSAGE_S = 10
DOWN = (1, 0, 0)
"""How the steps share the height: what each needs, and the rest for the list of models."""


class Dock(QgsDockWidget):
    """Puts the steps together; what happens in one step reaches the others through the session."""

    def __init__(self, iface: Any, engine: Engine) -> None:
        super().__init__(TITLE)
        self.setObjectName("MlmRunnerDock")
        self._iface, self._engine = iface, engine
        self._asked = False
        self._viewer: Optional[QgsMessageViewer] = None
        self.session = Session(engine, self)
        self.search = Search(engine, self)
        self.model_step = ModelStep(self.session, self.search)
        self.layer_step = LayerStep(self.session)
        self.wishes = Wishes(self.session, self)
        self.run_step = RunStep(self.session, self.wishes, engine, iface.mapCanvas())
        self.options = RunOptionsPanel(self.session, self.wishes, self)
        self.more_layers = MoreLayersPanel(self.session, self)
        for panel in (self.options, self.more_layers):
            panel.setAutoDelete(False)
            panel.hide()
        self.setup = SetupFlow(engine, self.model_step)
        self._scroll = TurningArea((self.model_step, self.layer_step, self.run_step), DOWN)
        self._panels = _Panels()
        self._panels.setMainPanel(self._main_panel())
        self.setWidget(self._panels)
        self.search.failed.connect(self._search_failed)
        self.setup.ready.connect(self.begin)
        self.run_step.optionsButton.clicked.connect(lambda: self._open(self.options))
        self.layer_step.more_wanted.connect(lambda: self._open(self.more_layers))
        self.run_step.finished.connect(self._run_finished)
        self.run_step.failed.connect(self._run_failed)
        iface.currentLayerChanged.connect(self._active_layer)

    def begin(self) -> None:
        """Look for models, and describe the layer; the first time this starts the engine."""
        self._asked = True
        self.search.now()
        self.session.read_again()

    def close_down(self) -> None:
        """Let go of QGIS's objects and end what runs; the dock is deleted afterwards."""
        self._iface.currentLayerChanged.disconnect(self._active_layer)
        self.setup.close_down()
        self.run_step.close_down()
        self.session.close_down()
        self.deleteLater()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  (the names are Qt's)
        super().showEvent(event)
        if not self._asked:
            self._active_layer(self._iface.activeLayer())
            self.begin()

    def _main_panel(self) -> QgsPanelWidget:
        """Return the three steps as the panel that others open over."""
        panel = QgsPanelWidget()
        panel.setDockMode(True)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._scroll)
        return panel

    def _open(self, panel: QgsPanelWidget) -> None:
        if self._panels.currentPanel() is self._panels.mainPanel():
            self._panels.mainPanel().openPanel(panel)

    def _active_layer(self, layer: QgsMapLayer) -> None:
        self.layer_step.follow(layer)

    def _search_failed(self, error: MlmRunnerError) -> None:
        if isinstance(error, RuntimeMissing) and not self.setup.running:
            self.setup.offer()
            self.session.raster_changed.emit()

    def _run_finished(self, _layer: QgsMapLayer, text: str) -> None:
        self.session.check_again()
        self._iface.messageBar().pushMessage(TITLE, text, Qgis.MessageLevel.Success, MESSAGE_S)

    def _run_failed(self, error: MlmRunnerError) -> None:
        """Say one sentence; what comes after its first line is technical, and behind a button."""
        if isinstance(error, RuntimeMissing):
            self.setup.offer()
        sentence, _, details = str(error).partition("\n")
        message = self._iface.messageBar().createMessage(TITLE, sentence)
        if details:
            button = QPushButton("&Details")
            button.clicked.connect(lambda: self._show_details(sentence, details))
            message.layout().addWidget(button)
        self._iface.messageBar().pushWidget(message, Qgis.MessageLevel.Critical, 0)

    def _show_details(self, sentence: str, details: str) -> None:
        """Show the technical text beside the panel, to be read or copied."""
        self._viewer = QgsMessageViewer(self._iface.mainWindow())
        self._viewer.setTitle(TITLE)
        self._viewer.setMessageAsPlainText(f"{sentence}\n\n{details}")
        self._viewer.show()


class _Panels(QgsPanelWidgetStack):
    """Asks for the room that the three steps need; QGIS's own asks for none, and a new dock would be a narrow strip."""

    def sizeHint(self) -> QSize:  # noqa: N802  (the name is Qt's)
        return self.mainPanel().sizeHint()
