"""The page in Settings > Options: the engine's state, setting it up and removing it, and where everything is kept."""

from __future__ import annotations

import threading
from html import escape
from typing import Any, Optional

from qgis.core import QgsApplication
from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ..core.errors import MlmRunnerError
from ..core.watch import Progress
from ..core.worker import runtime
from . import settings
from .engine import Engine
from .forms import form
from .icons import plugin_icon
from .setup import DOWNLOAD, SetupTask
from .words import progress_in_words

KINDS = {
    "setting": "the Python named below",
    "managed": "the plugin's own environment",
    "system": "the system's packages",
}


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the user opens the options."""

    def __init__(self, engine: Engine) -> None:
        super().__init__("MLM Runner", plugin_icon())
        self._engine = engine

    def icon(self) -> QIcon:
        return plugin_icon()

    def createWidget(self, parent: Optional[QWidget] = None) -> QgsOptionsPageWidget:  # noqa: N802  (the name is QGIS's)
        return OptionsPage(self._engine, parent)


class _Form(QWidget, form("options")):
    """The widgets of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.setupUi(self)


class OptionsPage(QgsOptionsPageWidget):
    """Only the engine's Python waits for OK; setting up and removing happen when their button is pressed."""

    _looked = pyqtSignal(object)

    def __init__(self, engine: Engine, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._task: Optional[SetupTask] = None
        self.form = _Form()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        self.form.pythonFile.setFilePath(settings.runtime_python())
        self.form.pythonFile.lineEdit().setPlaceholderText("[Found or set up by the plugin]")
        self.form.setUpButton.setToolTip(f"Downloads {DOWNLOAD}, once; QGIS itself is not changed")
        self.form.removeButton.setToolTip("Deletes the plugin's own environment; models and results stay")
        self.form.setUpButton.clicked.connect(self._set_up)
        self.form.removeButton.clicked.connect(self._remove)
        self.form.homeLabel.linkActivated.connect(lambda link: QDesktopServices.openUrl(QUrl(link)))
        link = QUrl.fromLocalFile(str(engine.home)).toString()
        self.form.homeLabel.setText(
            f'Engine, downloaded models and logs are kept in <a href="{escape(link)}">{escape(str(engine.home))}</a>.'
        )
        self._looked.connect(self._show)
        self._look()

    def apply(self) -> None:
        """Keep what the user named; QGIS calls this at OK."""
        path = self.form.pythonFile.filePath().strip()
        if path != settings.runtime_python():
            settings.set_runtime_python(path)
            self._engine.reset()

    def _look(self) -> None:
        """Find out what there is, in a thread: it runs a Python."""
        self.form.progress.hide()
        self.form.statusLabel.setText("Looking for the engine …")
        setting, prefix = settings.runtime_python(), QgsApplication.prefixPath()

        def look() -> None:
            found: Any = runtime.status(setting, self._engine.home, prefix)
            try:
                self._looked.emit(found)
            except RuntimeError:  # the options were closed meanwhile, and nobody wants to know any more
                return

        threading.Thread(target=look, name="mlm_runner status", daemon=True).start()

    def _show(self, found: dict[str, Any]) -> None:
        managed = bool(found.get("size_mb"))
        self.form.removeButton.setEnabled(managed)
        self.form.setUpButton.setEnabled(True)
        self.form.setUpButton.setText("&Set Up Again" if managed else "&Set Up")
        if not found["ready"]:
            self.form.statusLabel.setText(str(found["why"]))
            return
        packages = found.get("packages") or {}
        said = ", ".join(f"{name} {packages[name]}" for name in sorted(packages))
        where = KINDS.get(str(found["kind"]), str(found["kind"]))
        self.form.statusLabel.setText(f"Ready, with {where}: Python {found['version']}, {said}.")

    def _set_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
            return
        self._task = SetupTask(self._engine.home)
        self._task.told.connect(self._told)
        self._task.done.connect(self._done)
        self.form.progress.setMaximum(0)
        self.form.progress.show()
        self.form.removeButton.setEnabled(False)
        self.form.setUpButton.setText("&Cancel")
        QgsApplication.taskManager().addTask(self._task)

    def _told(self, progress: Progress) -> None:
        self.form.progress.setMaximum(0 if progress.fraction is None else 1000)
        if progress.fraction is not None:
            self.form.progress.setValue(round(1000 * progress.fraction))
        self.form.statusLabel.setText(f"{progress.text}: {progress_in_words(progress)}")

    def _done(self, error: Optional[MlmRunnerError]) -> None:
        self._task = None
        self.form.progress.hide()
        self._engine.reset()
        if error is None:
            self._look()
        else:
            self.form.setUpButton.setText("&Set Up")
            self.form.statusLabel.setText(str(error))

    def _remove(self) -> None:
        self._engine.reset()
        try:
            runtime.remove(self._engine.home)
        except MlmRunnerError as error:
            self.form.statusLabel.setText(str(error))
            return
        self._look()
