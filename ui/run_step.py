"""The third step of the dock: where to run, where to write, run, and what came of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsProcessingUtils,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsFileWidget, QgsMapCanvas
from qgis.PyQt.QtCore import QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QGroupBox, QWidget

from ..core.errors import Cancelled, MlmRunnerError
from ..core.watch import Progress
from . import layers, result, settings
from .engine import Engine
from .forms import form
from .layers import Grid
from .run_job import RunJob
from .session import Session
from .words import estimate_in_words, progress_in_words, seconds_in_words
from .wrap_label import WrapLabel

VISIBLE, LAYER, CHOSEN = range(3)
EXTENTS = ("Visible Extent", "Whole Layer", "Chosen Area")
CANVAS_MS = 150
WAITING_MS = 1000


class RunStep(QGroupBox, form("run_step")):
    """Runs the session's model; `finished` carries the new layer and its sentence, `failed` the error."""

    finished = pyqtSignal(object, str)
    failed = pyqtSignal(object)

    def __init__(
        self, session: Session, engine: Engine, canvas: QgsMapCanvas, parent: Optional[QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.setupUi(self)
        self._session, self._engine, self._canvas = session, engine, canvas
        self.job: Optional[RunJob] = None
        self._started = 0.0
        self._waiting_for = ""
        self.estimateLabel, self.statusLabel = WrapLabel(), WrapLabel()
        self.form.addWidget(self.estimateLabel, 2, 1)
        self.layout().addWidget(self.statusLabel)
        self.layout().addStretch(1)
        self.extentCombo.addItems(EXTENTS)
        self.extentWidget.setMapCanvas(canvas)
        self.extentWidget.setVisible(False)
        self.outputFile.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.outputFile.setFilter("GeoTIFF (*.tif *.tiff)")
        self.outputFile.setDialogTitle("Save Classes As")
        self.outputFile.lineEdit().setPlaceholderText("[Temporary layer]")
        self.outputFile.setToolTip("The file to write; a temporary one if left empty")
        width = max(button.sizeHint().width() for button in (self.runButton, self.cancelButton))
        for button in (self.runButton, self.cancelButton):
            button.setFixedWidth(width)
        self.cancelButton.hide()
        self.progress.hide()
        self.runRow.setStretchFactor(self.progress, 100)
        self.runRow.addStretch(1)
        self.statusLabel.setText("Nothing has been run yet.")
        self.runButton.clicked.connect(self.run)
        self.cancelButton.clicked.connect(self.cancel)
        self.extentCombo.currentIndexChanged.connect(self._extent_changed)
        self.extentWidget.extentChanged.connect(lambda _: self._later.start())
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(CANVAS_MS)
        self._later.timeout.connect(self._show)
        self._clock = QTimer(self)
        self._clock.setInterval(WAITING_MS)
        self._clock.timeout.connect(self._tick)
        canvas.extentsChanged.connect(self._later.start)
        for changed in (session.raster_changed, session.fits_changed, session.chosen_changed):
            changed.connect(self._show)
        self._show()

    def grid(self) -> Grid:
        """Return the pixels that would be run; raises `ExtentOutside`, or `UsageError` where there is no layer."""
        layer = self._session.layer
        extent, crs = self._extent()
        size = layers.pixel_size(layer)
        if size is None:
            here = layers.to_layer(layer, self._canvas.extent(), self._canvas.mapSettings().destinationCrs())
            size = self._wanted_size() or here.width() / max(self._canvas.width(), 1)
        return layers.grid(layer, extent, crs, size)

    def run(self) -> None:
        """Start; answers come by the job's signals."""
        found, layer = self._session.chosen, self._session.layer
        if self.job is not None or found is None or layer is None:
            return
        try:
            grid = self.grid()
            job = RunJob(
                self._engine,
                found,
                layer,
                self._session.choice,
                grid,
                self._output(),
                whole=self.extentCombo.currentIndex() == LAYER,
                must_export=layer.id() in self._session.to_be_exported,
                parent=self,
            )
        except MlmRunnerError as error:
            self._ended(error)
            return
        self.job = job
        job.progressed.connect(self._progressed)
        job.done.connect(self._done)
        job.failed.connect(self._ended)
        self._started = time.monotonic()
        self._waiting_for = "Waiting for the engine"
        self.progress.setMaximum(0)
        self._set_running(True)
        self._tick()
        job.start()

    def cancel(self) -> None:
        """Stop the run; the button stays until it has stopped."""
        if self.job is not None:
            self.cancelButton.setEnabled(False)
            self._waiting_for = "Stopping"
            self._tick()
            self.job.cancel()

    def close_down(self) -> None:
        self._clock.stop()
        self._canvas.extentsChanged.disconnect(self._later.start)
        if self.job is not None:
            self.job.close_down()

    def _extent(self) -> tuple[QgsRectangle, QgsCoordinateReferenceSystem]:
        choice = self.extentCombo.currentIndex()
        if choice == LAYER:
            return self._session.layer.extent(), self._session.layer.crs()
        if choice == CHOSEN and self.extentWidget.isValid():
            return self.extentWidget.outputExtent(), self.extentWidget.outputCrs()
        return self._canvas.extent(), self._canvas.mapSettings().destinationCrs()

    def _wanted_size(self) -> Optional[float]:
        """Return the model's own resolution in the layer's units, for a service that draws at any."""
        model = self._session.chosen.model if self._session.chosen else None
        return model.gsd / layers.metres_per_unit(self._session.layer) if model and model.gsd else None

    def _output(self) -> str:
        path = self.outputFile.filePath().strip()
        if not path:
            return QgsProcessingUtils.generateTempFilename("classes.tif")
        return path if Path(path).suffix.lower() in (".tif", ".tiff") else f"{path}.tif"

    def _extent_changed(self, index: int) -> None:
        self.extentWidget.setVisible(index == CHOSEN)
        if index == CHOSEN:
            crs = self._canvas.mapSettings().destinationCrs()
            self.extentWidget.setCurrentExtent(self._canvas.extent(), crs)
            self.extentWidget.setOutputCrs(crs)
            if not self.extentWidget.isValid():
                self.extentWidget.setOutputExtentFromCurrent()
        self._show()

    def _show(self) -> None:
        """Say how much work it is, or why it can't be done."""
        problem, found = self._problem(), self._session.chosen
        if not problem and found is not None:
            try:
                known = settings.seconds_per_megapixel(found.key)
                self.estimateLabel.setText(estimate_in_words(self.grid().megapixels, known))
            except MlmRunnerError as error:
                problem = str(error)
        if problem:
            self.estimateLabel.setText(problem)
        self.runButton.setEnabled(not problem)

    def _problem(self) -> str:
        """Return what is missing for a run, as the next thing to do."""
        session = self._session
        if session.chosen is None:
            return "Choose a model first."
        if session.layer is None:
            return "Choose a raster layer first."
        if session.raster is None:
            return session.raster_problem or "The layer is being read."
        if session.fit is not None and not session.fit.fits:
            return "The model can't run on the layer; see above why."
        return ""

    def _progressed(self, progress: Progress) -> None:
        self.progress.setMaximum(0 if progress.fraction is None else 1000)
        if progress.fraction is not None:
            self.progress.setValue(round(1000 * progress.fraction))
        self.statusLabel.setText(progress_in_words(progress))
        self._clock.start()
        self._waiting_for = progress.text

    def _tick(self) -> None:
        """Where no progress came for a second, say what is waited for and since when."""
        spent = time.monotonic() - self._started
        self.statusLabel.setText(
            f"{self._waiting_for} … {seconds_in_words(spent)}" if spent >= 1 else f"{self._waiting_for} …"
        )
        self._clock.start()

    def _done(self, done: dict[str, Any]) -> None:
        job = self._finish()
        source = QgsProject.instance().mapLayer(job.source_id)
        try:
            layer = result.load(done, job.params, job.found.title, job.source_name)
        except MlmRunnerError as error:
            self._say_failed(error)
            return
        if source is not None and not layer.crs().isValid():
            layer.setCrs(source.crs())
        result.add(layer, job.source_id)
        settings.remember_run(job.found.key, job.grid.megapixels, float(done.get("seconds") or 0))
        took = seconds_in_words(float(done.get("seconds") or 0))
        shares = result.shares(list(done.get("classes", [])))
        self.statusLabel.setText(f"Last run: {shares}".replace(" %", "\N{NO-BREAK SPACE}%"))
        self._show()
        self.finished.emit(layer, f"{layer.name()} is done in {took}.")

    def _ended(self, error: MlmRunnerError) -> None:
        self._finish()
        self._say_failed(error)

    def _say_failed(self, error: MlmRunnerError) -> None:
        self.statusLabel.setText(str(error).split("\n")[0])
        self._show()
        if not isinstance(error, Cancelled):
            self.failed.emit(error)

    def _finish(self) -> Optional[RunJob]:
        job, self.job = self.job, None
        self._clock.stop()
        self._set_running(False)
        if job is not None:
            job.deleteLater()
        return job

    def _set_running(self, running: bool) -> None:
        """Cancel is where Run was; the focus goes with it."""
        before, after = (self.runButton, self.cancelButton) if running else (self.cancelButton, self.runButton)
        had_focus = before.hasFocus()
        before.hide()
        after.show()
        self.cancelButton.setEnabled(True)
        self.progress.setVisible(running)
        if had_focus:
            after.setFocus()
