"""Registers the plugin's parts with QGIS and takes them away again; does nothing else."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QAction

from .ui.dock import Dock
from .ui.engine import Engine
from .ui.icons import plugin_icon
from .ui.options import OptionsFactory
from .ui.processing.provider import Provider


class MlmRunnerPlugin:
    """What QGIS loads; `iface` is None in qgis_process, where only Processing is."""

    def __init__(self, iface: Any) -> None:
        self.iface = iface
        self.engine: Optional[Engine] = None
        self.provider: Optional[Provider] = None
        self.options: Optional[OptionsFactory] = None
        self.dock: Optional[Dock] = None
        self.action: Optional[QAction] = None

    def initProcessing(self) -> None:  # noqa: N802  (the names are QGIS's)
        """Register what qgis_process needs as well."""
        self.engine = Engine()
        self.provider = Provider(self.engine)
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:  # noqa: N802
        self.initProcessing()

        self.options = OptionsFactory(self.engine)
        self.iface.registerOptionsWidgetFactory(self.options)

        self.dock = Dock(self.iface, self.engine)
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()

        self.action = QAction(plugin_icon(), "MLM Runner", self.iface.mainWindow())
        self.action.setToolTip("Find a machine-learning model and run it on a layer")
        self.action.setCheckable(True)
        self.dock.setToggleVisibilityAction(self.action)

        self.iface.rasterMenu().addAction(self.action)
        self.iface.addRasterToolBarIcon(self.action)

    def unload(self) -> None:
        """Undo `initGui`, the last first."""
        self.iface.removeRasterToolBarIcon(self.action)
        self.iface.rasterMenu().removeAction(self.action)

        self.action.deleteLater()
        self.action = None

        self.iface.removeDockWidget(self.dock)
        self.dock.close_down()
        self.dock = None

        self.iface.unregisterOptionsWidgetFactory(self.options)
        self.options = None

        self.unload_processing()

    def unload_processing(self) -> None:
        """Undo `initProcessing`."""
        QgsApplication.processingRegistry().removeProvider(self.provider)
        self.provider = None
        self.engine.close()
        self.engine.deleteLater()
        self.engine = None
