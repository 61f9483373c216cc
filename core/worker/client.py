"""The worker as QGIS sees it: requests that answer later, and a process that is started when needed, never left behind.

Thread-safe, standard library alone. Callbacks come on a thread of this module: a widget hands them over by a signal.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

from ... import __version__
from ..errors import MlmRunnerError, WorkerDied
from ..watch import Progress, Watch
from .connection import Answer, Connection, Listener, Pending
from .log import BoundedLog

GRACE_S = 2.0
"""How long a request may take to stop by itself before its process is killed."""

LOOK_AGAIN_S = 0.1


class Call:
    """A request on its way: its answer comes, or its error, or somebody cancels it."""

    def __init__(
        self,
        pending: Callable[[Call], Pending],
        on_done: Optional[Callable[[Call], None]] = None,
    ) -> None:
        self._pending = pending(self)
        self._on_done = on_done
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._connection: Optional[Connection] = None
        self._result: dict[str, Any] = {}
        self._error: Optional[MlmRunnerError] = None

    @property
    def method(self) -> str:
        return self._pending.method

    def done(self) -> bool:
        return self._over.is_set()

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Wait until it is over; False if it is not after `timeout` seconds."""
        return self._over.wait(timeout)

    def result(self, timeout: Optional[float] = None) -> dict[str, Any]:
        """Return the answer; raises its error, or TimeoutError if there is none after `timeout` seconds."""
        if not self.wait(timeout):
            raise TimeoutError(f"'{self.method}' is not done after {timeout} s.")
        if self._error is not None:
            raise self._error
        return self._result

    def cancel(self, grace: float = GRACE_S) -> None:
        """Ask it to stop; a worker that has not stopped it after `grace` seconds is killed. Returns at once."""
        with self._lock:
            if self.done() or self._connection is None or self._pending.cancelled.is_set():
                return
            self._connection.cancel(self._pending, grace)

    def _send(self, connection: Connection) -> bool:
        with self._lock:
            self._connection = connection
            return connection.request(self._pending)

    def _finish(self, result: Any, error: Optional[MlmRunnerError]) -> None:
        self._result, self._error = result if isinstance(result, dict) else {}, error
        self._over.set()
        if self._on_done is not None:
            self._on_done(self)


class Worker:
    """The one worker of a QGIS: `command` starts it in the environment `env`; what it says on stderr goes to `log`.

    `answer(method, params)` answers its questions ("http"), on a thread for each; params hold the question's `id`, and
    `called_off(id)` tells that nobody waits for that answer any more. `on_log(level, text)` gets its remarks.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        log: Path,
        answer: Optional[Answer] = None,
        called_off: Optional[Callable[[Any], None]] = None,
        on_log: Optional[Callable[[str, str], None]] = None,
    ) -> None:
        self._command, self._env = list(command), dict(env)
        self._log = BoundedLog(Path(log))
        self._listener = Listener(answer, called_off, on_log)
        self._lock = threading.Lock()
        self._connection: Optional[Connection] = None
        self._hello: Optional[Call] = None
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether a process runs now."""
        connection = self._connection
        return connection is not None and connection.alive

    @property
    def pid(self) -> Optional[int]:
        """The process's number, or None if none runs."""
        connection = self._connection
        return connection.process.pid if connection is not None and connection.alive else None

    def info(self) -> dict[str, Any]:
        """Return the running process's version, Python and packages, as far as it has said; empty before."""
        hello = self._hello
        return hello.result() if hello is not None and hello.done() and hello._error is None else {}

    def start(
        self,
        method: str,
        params: Mapping[str, Any],
        on_progress: Optional[Callable[[Progress], None]] = None,
        on_done: Optional[Callable[[Call], None]] = None,
        scratch: Optional[Path] = None,
    ) -> Call:
        """Send a request; raises RuntimeMissing if no process can be started.

        `scratch` is a folder of unfinished files: it is deleted here if the worker dies or is killed before its answer.
        """
        call = _call(method, params, on_progress, on_done, scratch)
        connection = self._living()
        if not call._send(connection):
            # It had died unseen while it was idle, so nothing of the request was done: another one may do it.
            connection = self._living(instead_of=connection)
            if not call._send(connection):
                connection.tell_end(call._pending)
        return call

    def call(
        self,
        method: str,
        params: Mapping[str, Any],
        on_progress: Optional[Callable[[Progress], None]] = None,
        watch: Optional[Watch] = None,
        scratch: Optional[Path] = None,
    ) -> dict[str, Any]:
        """Send a request and wait for its answer; raises its error. `watch` hears of its progress and cancels it."""
        heard = on_progress if on_progress is not None or watch is None else watch.listener
        call = self.start(method, params, heard, scratch=scratch)
        while not call.wait(LOOK_AGAIN_S):
            if watch is not None and watch.cancelled:
                call.cancel()
        return call.result()

    def close(self, timeout: float = GRACE_S) -> None:
        """End the process, asking first; afterwards this worker starts no other."""
        with self._lock:
            self._closed = True
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close(timeout)
        self._log.close()

    def _living(self, instead_of: Optional[Connection] = None) -> Connection:
        with self._lock:
            if self._closed:
                raise WorkerDied("The engine is closed. Open the panel again, or load the plugin again, to start it.")
            if self._connection is None or self._connection is instead_of or not self._connection.alive:
                self._connection = Connection(self._command, self._env, self._log, self._listener)
                self._hello = _call("initialize", {"version": __version__})
                self._hello._send(self._connection)
            return self._connection


def _call(
    method: str,
    params: Mapping[str, Any],
    on_progress: Optional[Callable[[Progress], None]] = None,
    on_done: Optional[Callable[[Call], None]] = None,
    scratch: Optional[Path] = None,
) -> Call:
    def nobody(_: Progress) -> None:
        """The listener of a call that nobody watches."""

    return Call(lambda call: Pending(method, params, call._finish, on_progress or nobody, scratch), on_done)
