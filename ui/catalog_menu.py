"""The catalogs that the user added: a menu to add and remove them, kept in the settings."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMenu, QWidget

from . import settings


class CatalogMenu(QMenu):
    """`changed` tells that the list is another one."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)
        self._fill()

    def add(self, address: str) -> None:
        """Keep a folder, a file or an address."""
        if address.strip():
            settings.set_catalogs([*settings.catalogs(), address.strip()])
            self.changed.emit()

    def remove(self, address: str) -> None:
        settings.set_catalogs([kept for kept in settings.catalogs() if kept != address])
        self.changed.emit()

    def _fill(self) -> None:
        self.clear()
        icon = QgsApplication.getThemeIcon
        self.addAction(icon("/mIconFolder.svg"), "Add &Folder of Models…", self._ask_folder)
        self.addAction(icon("/mIconFile.svg"), "Add Catalog or Model &File…", self._ask_file)
        self.addAction(icon("/mIconConnect.svg"), "Add &Address of a Catalog…", self._ask_address)
        own = settings.catalogs()
        if own:
            self.addSection("Remove from Search")
        for address in own:
            action = self.addAction(icon("/mActionRemove.svg"), shown(address), partial(self.remove, address))
            action.setToolTip(address)

    def _ask_folder(self) -> None:
        self.add(QFileDialog.getExistingDirectory(self.parentWidget(), "Add Folder of Models"))

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.parentWidget(), "Add Catalog or Model File", "", "STAC (*.json)")
        self.add(path)

    def _ask_address(self) -> None:
        text, chosen = QInputDialog.getText(
            self.parentWidget(),
            "Add Address of a Catalog",
            "Address of a STAC API, catalog, collection or model",
            QLineEdit.EchoMode.Normal,
            "https://",
        )
        if chosen and text.strip() != "https://":
            self.add(text)


def shown(address: str, limit: int = 40) -> str:
    """Return an address short enough for a menu."""
    _, web, rest = address.partition("://")
    short = rest.rstrip("/") if web else PurePath(address).name or address
    return short if len(short) <= limit else f"{short[: limit - 1]}…"
