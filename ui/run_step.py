"""The third step of the dock: where to run, where to write, run, and what came of it."""

from __future__ import annotations

import time
from typing import Any, Optional

from qgis.core import QgsProcessingUtils, QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QGroupBox, QWidget

from ..core.errors import Cancelled, MlmRunnerError
from ..core.watch import Progress
from . import layer_tree, result, settings
from .engine import Engine
from .extent import Extent
from .forms import form
from .history import summary
from .output_file import POLYGONS, RASTER, Formats, ask_for, file_of
from .run_job import Order, RunJob
from .run_options import OBJECTS, Wishes
from .session import Session
from .words import estimate_in_words, progress_in_words, seconds_in_words, tr
from .wrap_label import WrapLabel

WAITING_MS = 1000


class RunStep(QGroupBox, form("run_step")):
    """Runs the session's model; `finished` carries the new layer and its sentence, `failed` the error."""

    finished = pyqtSignal(object, str)
    failed = pyqtSignal(object)

    def __init__(
        self,
        session: Session,
        wishes: Wishes,
        engine: Engine,
        canvas: QgsMapCanvas,
        parent: Optional[QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setupUi(self)
        self._session, self._wishes, self._engine = session, wishes, engine
        self.job: Optional[RunJob] = None
        self._started = 0.0
        self._waiting_for = ""
        self.estimateLabel, self.wishesLabel, self.statusLabel = WrapLabel(), WrapLabel(), WrapLabel()
        self.form.addWidget(self.estimateLabel, 2, 1)
        self.form.addWidget(self.wishesLabel, 5, 1)
        self.layout().addWidget(self.statusLabel)
        self.layout().addStretch(1)
        self.extent = Extent(self.extentCombo, self.extentWidget, canvas, session, wishes)
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
        self._clock = QTimer(self)
        self._clock.setInterval(WAITING_MS)
        self._clock.timeout.connect(self._tick)
        news = (session.raster_changed, session.fits_changed, session.chosen_changed)
        for changed in (*news, wishes.changed, self.extent.changed):
            changed.connect(self._show)
        self._show()

    def run(self) -> None:
        """Start; answers come by the job's signals."""
        session = self._session
        found, raster = session.chosen, session.raster
        if self.job is not None or found is None or raster is None:
            return
        try:
            order = Order(
                found=found,
                layers=session.stack,
                files=tuple(map(session.descriptions.file_of, session.stack)),
                raster=raster,
                choice=session.choice,
                grid=self.extent.grid(),
                megapixels=self.extent.megapixels(),
                output=self._output(),
                whole=self.extent.whole,
                wishes=self._wishes.params(),
                mask=self._wishes.mask,
            )
            job = RunJob(self._engine, order, self)
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
        self.extent.close_down()
        if self.job is not None:
            self.job.close_down()

    def _output(self) -> str:
        formats = self._formats()
        path = file_of(self.outputFile, formats)
        name = "objects" if formats is POLYGONS else "classes"
        return path or QgsProcessingUtils.generateTempFilename(name + formats.usual)

    def _formats(self) -> Formats:
        return POLYGONS if self._wishes.kind == OBJECTS else RASTER

    def _show(self) -> None:
        """Say how much work it is, or why it can't be done."""
        ask_for(self.outputFile, self._formats(), tr("Save Result As"))
        self.wishesLabel.setText(self._wishes.summary())
        self.wishesLabel.setVisible(bool(self.wishesLabel.text()))
        problem, found = self._problem(), self._session.chosen
        if not problem and found is not None:
            try:
                known = settings.seconds_per_megapixel(found.key)
                self.estimateLabel.setText(estimate_in_words(self.extent.megapixels(), known))
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
            return "The layer is being read."
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
        run = result.Run(done, job.params, job.found.title, job.source_name, job.copied)
        try:
            made = result.load(run)
        except MlmRunnerError as error:
            self._say_failed(error)
            return
        for layer in made:
            if source is not None and not layer.crs().isValid():
                layer.setCrs(source.crs())
        layer_tree.add(made, job.source_id, run.name)
        seconds = float(done.get("seconds") or 0)
        settings.remember_run(job.found.key, job.megapixels, seconds)
        self.statusLabel.setText(f"Last run: {summary(done)}".replace(" %", "\N{NO-BREAK SPACE}%"))
        self._show()
        self.finished.emit(made[0], f"{run.name} is done in {seconds_in_words(seconds)}.")

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
