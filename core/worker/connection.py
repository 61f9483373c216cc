"""The life of one worker process, from its start to the last call that it answered, or that its death answered.

Callers see `client.Worker`, which starts the next life after a death.
"""

from __future__ import annotations

import shutil
import subprocess  # nosec B404  # only for its constants and exceptions; `child` starts the process
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Callable, Mapping, Optional, Sequence

from ..errors import Cancelled, MlmRunnerError, RuntimeMissing, WorkerDied
from ..watch import Progress
from . import child
from .log import BoundedLog
from .protocol import METHOD_NOT_FOUND, Channel, Malformed, Reply, Request, error_from, error_object

TAIL_LINES = 12
TAIL_CHARACTERS = 2000
END_S = 2.0
"""How long a process that closed its pipe may take to end, and its last words to arrive."""

Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Listener:
    """What the client's owner does for a worker: answers questions, hears that one is called off, reads the log."""

    answer: Optional[Answer] = None
    called_off: Optional[Callable[[Any], None]] = None
    log: Optional[Callable[[str, str], None]] = None


@dataclass(eq=False)
class Pending:
    """A request that has no answer yet: who hears of it, and the folder that goes when the worker does."""

    method: str
    params: Mapping[str, Any]
    finish: Callable[[Any, Optional[MlmRunnerError]], None]
    progress: Callable[[Progress], None]
    scratch: Optional[Path] = None
    id: Optional[int] = None
    sent: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)


class Connection:
    """One process with its pipes, the thread that reads them, and what it has not answered yet."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: BoundedLog, listener: Listener) -> None:
        try:
            pipe = subprocess.PIPE
            self.process = child.start(command, env, stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise RuntimeMissing(
                f"The engine's Python '{command[0]}' can't be started ({error}). "
                "Set up the engine again, or choose another Python in the options."
            ) from error
        stdin, stdout, stderr = self.process.stdin, self.process.stdout, self.process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise RuntimeError("A process was started without its pipes.")
        self._channel = Channel(stdout, stdin)
        self._log, self._listener = log, listener
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._lock = threading.Lock()
        self._pending: dict[Optional[int], Pending] = {}
        self._number = 0
        self._ended = False
        self._buried = False
        self._closing = False
        self._killed_for: Optional[Pending] = None
        self._errors = _thread(self._read_errors, stderr, name="worker-stderr")
        self._reader = _thread(self._read, name="worker-reader")

    @property
    def alive(self) -> bool:
        return not self._ended and self.process.poll() is None

    def request(self, pending: Pending) -> bool:
        """Send a request; False if the process had ended before it could be read, so that another may have it."""
        with self._lock:
            if self._ended:
                return False
            self._number += 1
            pending.id = self._number
            self._pending[pending.id] = pending
        try:
            self._channel.send(Request(pending.method, pending.params, pending.id))
        except OSError:
            self._take(pending.id)
            return False
        except (TypeError, ValueError):
            self._take(pending.id)
            raise
        with self._lock:
            pending.sent = True
            buried = self._buried
        if buried and self._take(pending.id) is not None:
            self.tell_end(pending)
        return True

    def tell_end(self, pending: Pending) -> None:
        """Finish a request that could not be sent with the reason why this process has ended."""
        self._reader.join()
        self._guard(pending.finish, None, self._why(pending, self.process.wait()))

    def cancel(self, pending: Pending, grace: float) -> None:
        """Ask to stop `pending`; whoever has not answered after `grace` seconds is killed."""
        pending.cancelled.set()
        timer = threading.Timer(grace, self._overdue, args=(pending,))
        timer.daemon = True
        timer.start()
        # In a thread, as a worker that is stuck may not read, and a full pipe must not keep the user's click.
        _thread(self._tell, Request("cancel", {"id": pending.id}), name="worker-cancel")

    def close(self, timeout: float) -> None:
        """Ask the process to end, kill it after `timeout` seconds, and wait for its last words."""
        self._closing = True
        _thread(self._say_goodbye, name="worker-close")
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            child.kill(self.process)
        if threading.current_thread() is not self._reader:
            self._reader.join(2 * END_S)

    def _overdue(self, pending: Pending) -> None:
        with self._lock:
            if pending.id not in self._pending:
                return
            self._killed_for = pending
        self._note(f"'{pending.method}' did not stop when asked; the engine is stopped.")
        child.kill(self.process)

    def _say_goodbye(self) -> None:
        self._tell(Request("shutdown", id="goodbye"))
        try:
            self._channel.close_writer()
        except OSError as error:
            self._note(f"The engine was gone before it was closed ({error}).")

    def _tell(self, message: Any) -> None:
        try:
            self._channel.send(message)
        except OSError as error:
            self._note(f"The engine does not listen any more ({error}).")

    def _read(self) -> None:
        try:
            for message in self._channel.messages():
                self._hear(message)
        except (OSError, ValueError) as error:
            self._note(f"The engine can't be heard any more ({error}).")
        self._end()

    def _hear(self, message: Any) -> None:
        if isinstance(message, Reply):
            self._finish(message)
        elif isinstance(message, Malformed):
            self._note(message.text)
            pending = self._take(message.id)
            if pending is not None:
                self._guard(pending.finish, None, MlmRunnerError(f"The engine's answer can't be read. {message.text}"))
        elif message.method == "progress":
            self._progress(message.params)
        elif message.method == "log":
            self._heard_log(str(message.params.get("level", "info")), str(message.params.get("text", "")))
        elif message.method == "cancel":
            if self._listener.called_off is not None:
                self._guard(self._listener.called_off, message.params.get("id"))
        else:
            _thread(self._answer, message, name=f"worker-{message.method}")

    def _finish(self, reply: Reply) -> None:
        pending = self._take(reply.id)
        if pending is not None:
            error = None if reply.error is None else error_from(reply.error)
            self._guard(pending.finish, reply.result, error)
        elif reply.error is not None:
            self._note(f"The engine says: {reply.error.get('message')}")

    def _progress(self, params: Mapping[str, Any]) -> None:
        with self._lock:
            pending = self._pending.get(params.get("id", -1))
        if pending is not None:
            progress = Progress(params.get("fraction"), str(params.get("text", "")), params.get("seconds_left"))
            self._guard(pending.progress, progress)

    def _heard_log(self, level: str, text: str) -> None:
        self._note(f"{level}: {text}")
        if self._listener.log is not None:
            self._guard(self._listener.log, level, text)

    def _answer(self, question: Request) -> None:
        if self._listener.answer is None:
            error = {"code": METHOD_NOT_FOUND, "message": f"Nobody answers '{question.method}' here."}
            self._tell(Reply(question.id, error=error))
            return
        try:
            reply = Reply(question.id, self._listener.answer(question.method, {**question.params, "id": question.id}))
        except Exception as failure:  # whatever goes wrong is the answer; the worker's user reads it
            if not isinstance(failure, MlmRunnerError):
                self._note(traceback.format_exc())
            reply = Reply(question.id, error=error_object(failure))
        self._tell(reply)

    def _read_errors(self, stream: IO[bytes]) -> None:
        # A limit, as a progress bar of a library may never end its line.
        for raw in iter(lambda: stream.readline(8192), b""):
            self._note(raw.decode("utf-8", "backslashreplace"))

    def _end(self) -> None:
        """Bury the process, and tell everybody who still waits; who is just sending will see for himself."""
        with self._lock:
            self._ended = True
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._note("The engine closed its pipe and did not end; it is stopped.")
        child.kill(self.process)  # the whole group: what it had started goes with it
        status = self.process.wait()
        self._errors.join(END_S)
        with self._lock:
            self._buried = True
            left = [pending for pending in self._pending.values() if pending.sent]
            for pending in left:
                self._pending.pop(pending.id)
        for pending in left:
            if pending.scratch is not None:
                self._remove(pending.scratch)
            self._guard(pending.finish, None, self._why(pending, status))

    def _why(self, pending: Pending, status: int) -> MlmRunnerError:
        if pending.cancelled.is_set():
            return Cancelled("Cancelled; nothing was written.")
        if self._closing:
            return Cancelled(f"The engine was closed while '{pending.method}' was at work; nothing was written.")
        if self._killed_for is not None:
            return WorkerDied(
                f"The engine was stopped while '{pending.method}' was at work, as another task did not let itself be "
                "cancelled. Start it again."
            )
        said = "\n".join(self._tail)[-TAIL_CHARACTERS:]
        place = self._log.problem or f"the whole is in {self._log.path}"
        return WorkerDied(
            f"The engine ended in the middle of '{pending.method}' with {child.how_it_ended(status)}. "
            "Start it again; if it ends so again, choose a smaller tile or extent."
            + (f"\nThe end of its log ({place}):\n{said}" if said else f"\nIts log is empty ({place}).")
        )

    def _remove(self, folder: Path) -> None:
        """Delete a scratch folder; Windows may hold its files a moment longer than the process that had them."""
        for wait in (0.0, 0.2, 1.0):
            time.sleep(wait)
            if not folder.exists():
                return
            shutil.rmtree(folder, ignore_errors=True)  # what stays is told below
        if folder.exists():
            self._note(f"The folder {folder} of unfinished files can't be removed; delete it by hand.")

    def _take(self, number: Any) -> Optional[Pending]:
        with self._lock:
            return self._pending.pop(number, None) if isinstance(number, int) else None

    def _guard(self, callback: Callable[..., None], *values: Any) -> None:
        """Call what is not ours; its failure must not end the thread that everybody hears through."""
        try:
            callback(*values)
        except Exception:
            self._note(traceback.format_exc())

    def _note(self, text: str) -> None:
        for line in text.rstrip().splitlines() or [""]:
            self._tail.append(line.rstrip())
            self._log.write(line)


def _thread(target: Callable[..., None], *args: Any, name: str) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, name=name, daemon=True)
    thread.start()
    return thread
