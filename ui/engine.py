"""The one engine of a QGIS: finds the runtime at the first need, keeps a warm worker, and brings its answers to the
thread that asked.

Widgets `ask` and get signals; Processing `call`s and waits. Both end with the same errors of `core.errors`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import uuid
from pathlib import Path
from typing import Any, Callable, Mapping, Optional

from qgis.core import QgsApplication, QgsFeedback
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QObject, QThread, pyqtSignal

from ..core.errors import Cancelled, MlmRunnerError, OutputNotWritable, RuntimeMissing, UsageError
from ..core.watch import Progress, Watch
from ..core.worker import places, runtime
from ..core.worker.client import Call, Worker
from ..core.worker.environment import child_environment
from . import settings
from .network import fetch

Starter = Callable[["Engine"], Worker]


class Ask(QObject):
    """A question under way; exactly one of `answered` (a dict) and `failed` (an MlmRunnerError) ends it.

    Other threads reach it by its methods alone: a signal of an object that Qt has deleted must not be emitted.
    """

    answered = pyqtSignal(object)
    failed = pyqtSignal(object)
    progressed = pyqtSignal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._call: Optional[Call] = None
        self._cancelled = False
        self._over = False

    def cancel(self) -> None:
        """Stop the work; `failed` comes with `Cancelled`, unless the answer was quicker."""
        with self._lock:
            self._cancelled = True
            call = self._call
        if call is not None:
            call.cancel()

    def begin(self, start: Callable[[], Call]) -> None:
        """Start the call, in a thread that may wait for the runtime to be found."""
        try:
            with self._lock:
                if self._cancelled:
                    raise Cancelled("Cancelled before it began.")
            call = start()
        except MlmRunnerError as error:
            self._send(self.failed, error)
            return
        with self._lock:
            self._call = call
            cancelled = self._cancelled
        if cancelled:
            call.cancel()

    def end(self, call: Call) -> None:
        """Pass on the answer that the reader thread brings."""
        try:
            self._send(self.answered, call.result(0))
        except MlmRunnerError as error:
            self._send(self.failed, error)

    def tell(self, progress: Progress) -> None:
        """Pass on how far the work is."""
        self._send(self.progressed, progress)

    def forget(self) -> None:
        """Hear nothing any more, and go."""
        with self._lock:
            self._over = True
        if not sip.isdeleted(self):  # an answer may still be queued when Qt has taken the engine and all it owns
            self.deleteLater()

    def _send(self, signal: Any, value: Any) -> None:
        with self._lock:
            if not self._over:
                signal.emit(value)


class Engine(QObject):
    """Owns the worker process; lives in the thread of the interface."""

    state_changed = pyqtSignal()

    def __init__(self, parent: Optional[QObject] = None, starter: Optional[Starter] = None) -> None:
        super().__init__(parent)
        self.home = settings.home()
        self.runtime: Optional[runtime.Runtime] = None
        self.missing = ""
        """Why there is no runtime, as a sentence; empty while one is known or nobody has looked."""
        self._starter = starter or Engine._start_worker
        self._lock = threading.Lock()
        self._worker: Optional[Worker] = None
        self._closed = False
        self._chosen = settings.runtime_python()
        """The Python chosen in the options, read in the interface's thread only: QSettings that several threads open
        at once were seen to lose what one of them had just set.
        """
        self._asks: set[Ask] = set()
        self._fetches: dict[Any, QgsFeedback] = {}
        """What the worker has asked of the network, by the question's id."""
        QCoreApplication.instance().aboutToQuit.connect(self.close)

    def ask(
        self,
        owner: QObject,
        method: str,
        params: Mapping[str, Any],
        answered: Callable[[dict[str, Any]], None],
        failed: Callable[[MlmRunnerError], None],
        progressed: Optional[Callable[[Progress], None]] = None,
        scratch: Optional[Path] = None,
    ) -> Ask:
        """Put a question without waiting; the callables are called in this thread, as long as `owner` lives.

        `scratch` is a folder of unfinished files, removed if the worker dies.
        """
        self._read_settings()
        ask = Ask(self)
        for signal, hear in ((ask.answered, answered), (ask.failed, failed), (ask.progressed, progressed)):
            if hear is not None:
                signal.connect(_while_alive(owner, hear))
        ask.answered.connect(lambda _: self._forget(ask))
        ask.failed.connect(lambda _: self._forget(ask))
        self._asks.add(ask)

        def start() -> Call:
            return self.worker().start(method, dict(params), on_progress=ask.tell, on_done=ask.end, scratch=scratch)

        threading.Thread(target=ask.begin, args=(start,), name=f"mlm_runner {method}", daemon=True).start()
        return ask

    def call(
        self, method: str, params: Mapping[str, Any], watch: Watch, scratch: Optional[Path] = None
    ) -> dict[str, Any]:
        """Ask and wait, in any thread; `watch` hears of progress and is asked whether to stop."""
        return self.worker().call(method, dict(params), watch=watch, scratch=scratch)

    def worker(self) -> Worker:
        """Return the warm worker, or make one; raises `RuntimeMissing`."""
        self._read_settings()
        with self._lock:
            if self._closed:
                raise Cancelled("The plugin is being unloaded.")
            if self._worker is None:
                try:
                    self._worker = self._starter(self)
                    self.missing = ""
                except RuntimeMissing as error:
                    self.missing = str(error)
                    raise
                finally:
                    self.state_changed.emit()
            return self._worker

    def _read_settings(self) -> None:
        if QThread.currentThread() == self.thread():
            self._chosen = settings.runtime_python()

    def reset(self) -> None:
        """Forget the worker and the runtime: another one was set up, chosen or removed."""
        with self._lock:
            worker, self._worker, self.runtime, self.missing = self._worker, None, None, ""
        if worker is not None:
            threading.Thread(target=worker.close, name="mlm_runner close", daemon=True).start()
        self.state_changed.emit()

    def close(self) -> None:
        """End the worker and all that waits for it; nothing starts it again."""
        with self._lock:
            self._closed = True
            worker, self._worker = self._worker, None
        for feedback in tuple(self._fetches.values()):
            feedback.cancel()
        for ask in tuple(self._asks):
            self._forget(ask)
        if worker is not None:
            worker.close()

    def scratch(self) -> Path:
        """Return a new folder for the copies of layers of one run; its user removes it with `discard`."""
        folder = self.home / "scratch"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix="run_", dir=folder))
        except OSError as error:
            why = f"Nothing can be written in {folder} ({error.strerror})."
            raise OutputNotWritable(f"{why} Free space there, or allow writing.") from error

    @staticmethod
    def unfinished(output: str) -> Path:
        """Return a folder beside `output`, made by the engine: a finished file gets its name there without a copy."""
        return Path(output).parent / f".mlm-runner-{uuid.uuid4().hex[:12]}"

    @staticmethod
    def discard(scratch: Path) -> None:
        """Remove a folder of copies."""
        shutil.rmtree(scratch, ignore_errors=True)

    @property
    def log(self) -> Path:
        return places.worker_log(self.home)

    def answer(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Answer what the worker asks back, in whichever thread the client does it."""
        if method != "http":
            raise UsageError(f"The engine asks for {method!r}, which QGIS has no answer to. Update the plugin.")
        feedback = QgsFeedback()
        self._fetches[params.get("id")] = feedback
        try:
            return fetch(params, feedback)
        finally:
            self._fetches.pop(params.get("id"), None)

    def called_off(self, question: Any) -> None:
        """Give up an answer that nobody waits for any more."""
        feedback = self._fetches.get(question)
        if feedback is not None:
            feedback.cancel()

    def _start_worker(self) -> Worker:
        self.runtime = runtime.find(self._chosen, self.home, QgsApplication.prefixPath())
        environment = child_environment(os.environ, QgsApplication.prefixPath(), self.home)
        command = places.worker_command(self.runtime.python)
        return Worker(command, environment, self.log, self.answer, self.called_off)

    def _forget(self, ask: Ask) -> None:
        self._asks.discard(ask)
        ask.forget()


def _while_alive(owner: QObject, hear: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return `hear`, deaf once Qt has deleted its owner: an answer may still be queued then."""

    def heard(value: Any) -> None:
        if not sip.isdeleted(owner):
            hear(value)

    return heard
