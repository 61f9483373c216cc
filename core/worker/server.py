"""The worker's side of the pipe: each request in a thread of its own, progress on the way, one reply at the end.

Before anything else the real stdin and stdout are put aside for the protocol, and what libraries print goes to stderr.
When the client is gone (end of stdin), everything is cancelled, gets `TIDY_S` seconds to remove its files, and the
process ends.
"""

from __future__ import annotations

import itertools
import os
import platform
import sys
import threading
import time
import traceback
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Callable, Mapping, Optional

from ... import __version__
from ..errors import MlmRunnerError
from ..watch import Progress, Watch
from .protocol import METHOD_NOT_FOUND, Channel, Id, Malformed, Message, Reply, Request, error_from, error_object
from .turns import Turns

TIDY_S = 2.0
TELL_EVERY_S = 0.05
LOOK_AGAIN_S = 0.1
ONE_AT_A_TIME = frozenset({"run"})

Command = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Engine:
    """What the server serves: the commands, what makes their context, what loads packages before they are needed."""

    commands: Mapping[str, Command]
    context: Callable[[Watch, Callable[[str, Mapping[str, Any], Watch], Mapping[str, Any]], Callable[[str], None]], Any]
    warm: Callable[[], None]
    packages: Callable[[], Mapping[str, str]]


@dataclass
class Server:
    """One connection; its state is who is at work (`_watches`) and which questions are open (`_questions`)."""

    channel: Channel
    engine: Callable[[], Engine]
    _watches: dict[Id, Watch] = field(default_factory=dict)
    _workers: set[threading.Thread] = field(default_factory=set)
    _questions: dict[Id, Future[Mapping[str, Any]]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _runs: Turns = field(default_factory=Turns)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Answer until the client closes or asks to shut down; then stop what is at work."""
        for message in self.channel.messages():
            if isinstance(message, Reply):
                self._answered(message)
            elif isinstance(message, Malformed):
                _note(message.text)
                self._send(message)
            elif message.method == "shutdown":
                self._send(Reply(message.id, {}))
                break
            elif message.method == "cancel":
                self._cancel(message)
            else:
                self._begin(message)
        self._stop_all()

    def _begin(self, request: Request) -> None:
        if request.id is None:
            _note(f"The notification '{request.method}' means nothing to the engine and was left out.")
            return
        watch = Watch(_Teller(self, request.id))
        thread = threading.Thread(
            target=self._work, args=(request, watch), name=f"{request.method} {request.id}", daemon=True
        )
        with self._lock:
            self._watches[request.id] = watch
            self._workers.add(thread)
        thread.start()

    def _work(self, request: Request, watch: Watch) -> None:
        try:
            reply = Reply(request.id, self._result(request, watch))
        except _NoSuchMethod as error:
            reply = Reply(request.id, error={"code": METHOD_NOT_FOUND, "message": str(error)})
        except BaseException as error:  # whatever a command or library raises is this request's answer
            if not isinstance(error, MlmRunnerError):
                traceback.print_exc()
            reply = Reply(request.id, error=error_object(error))
        with self._lock:
            self._watches.pop(request.id, None)
            self._workers.discard(threading.current_thread())
        self._send(reply)

    def _result(self, request: Request, watch: Watch) -> Mapping[str, Any]:
        engine = self.engine()
        if request.method == "initialize":
            threading.Thread(target=_warm, args=(engine,), name="warm", daemon=True).start()
            return {"version": __version__, "python": platform.python_version(), "packages": dict(engine.packages())}
        if request.method not in engine.commands:
            raise _NoSuchMethod(f"The engine knows no '{request.method}', only {', '.join(sorted(engine.commands))}.")
        context = engine.context(watch, self.ask, self.log)
        command = engine.commands[request.method]
        if request.method not in ONE_AT_A_TIME:
            return command(request.params, context)
        with self._runs.turn(watch):
            return command(request.params, context)

    def _cancel(self, message: Request) -> None:
        with self._lock:
            watch = self._watches.get(message.params.get("id"))
        if watch is not None:
            watch.cancel()
        if message.id is not None:
            self._send(Reply(message.id, {"found": watch is not None}))

    def log(self, text: str, level: str = "info") -> None:
        """Tell the client something that is worth a line in its log."""
        self._send(Request("log", {"level": level, "text": text}))

    def ask(self, method: str, params: Mapping[str, Any], watch: Watch) -> Mapping[str, Any]:
        """Put a question to the client and wait for its answer; a cancelled one is called off, late answers ignored."""
        number = f"q{next(self._numbers)}"
        future: Future[Mapping[str, Any]] = Future()
        with self._lock:
            self._questions[number] = future
        try:
            self._send(Request(method, params, number))
            while True:
                try:
                    return future.result(LOOK_AGAIN_S)
                except FutureTimeout:
                    if watch.cancelled:
                        self._send(Request("cancel", {"id": number}))
                    watch.check()
        finally:
            with self._lock:
                self._questions.pop(number, None)

    def _answered(self, reply: Reply) -> None:
        with self._lock:
            future = self._questions.pop(reply.id, None)
        if future is None:
            _note(f"An answer to the question {reply.id!r}, which is not open, was left out.")
        elif reply.error is not None:
            future.set_exception(error_from(reply.error))
        else:
            future.set_result(reply.result)

    def _stop_all(self) -> None:
        """Cancel what is at work, and give it a moment to remove what it had begun."""
        with self._lock:
            watches, workers = list(self._watches.values()), list(self._workers)
        for watch in watches:
            watch.cancel()
        end = time.monotonic() + TIDY_S
        for worker in workers:
            worker.join(max(0.0, end - time.monotonic()))

    def _send(self, message: Message) -> None:
        try:
            self.channel.send(message)
        except OSError as error:
            # The client is gone; the end of stdin, which comes at the same time, ends this process.
            _note(f"Nobody reads the engine's messages any more ({error}).")
        except (TypeError, ValueError) as error:
            if not isinstance(message, Reply):
                raise
            _note(f"The reply to {message.id!r} can't be sent: {error}")
            self.channel.send(Reply(message.id, error=error_object(error)))


class _NoSuchMethod(Exception):
    """A request for a command that the table does not have."""


@dataclass
class _Teller:
    """Sends progress, at most so often that the pipe and the screen have other things to do as well."""

    server: Server
    id: Id
    _last: float = float("-inf")
    _text: str = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < TELL_EVERY_S and progress.text == self._text and progress.fraction != 1.0:
            return
        self._last, self._text = now, progress.text
        self.server._send(Request("progress", {"id": self.id, **progress.to_json()}))


def take_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Return the real stdin and stdout for the protocol; who reads or prints afterwards gets nothing, and stderr."""
    reader, writer = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(reader, "rb"), os.fdopen(writer, "wb")


def serve(engine: Optional[Callable[[], Engine]] = None) -> int:
    """Serve stdin and stdout until the client is gone, then end the process, whatever its threads still do."""
    reader, writer = take_stdio()
    if engine is None:
        from .engine import engine as real

        engine = real
    Server(Channel(reader, writer), engine).run()
    sys.stderr.flush()
    # Not sys.exit: a thread that sits in a long computation would keep the process, and QGIS may be gone already.
    os._exit(0)


def main() -> int:
    """Serve the engine."""
    return serve()


def _warm(engine: Engine) -> None:
    try:
        engine.warm()
    except Exception:
        # The request that needs the package says so to the user; here nobody waits for an answer.
        traceback.print_exc()


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
