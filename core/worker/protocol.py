"""JSON-RPC 2.0 with one message a line over two byte streams; a line that is no message is an event, never a crash.

Both ends are this package, so two liberties of Python's json are kept: NaN and infinities travel as such (a raster's
nodata may be NaN), and file names that are no text travel as lone surrogates, escaped.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import IO, Any, Iterator, Mapping, Optional, Union

from ..errors import MlmRunnerError, from_name

MAX_LINE = 64 * 1024 * 1024
"""Bytes of the longest line that is read: a search's thousand items fit many times."""

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, OUR_ERROR = -32700, -32600, -32601, -32000

Id = Union[int, str, None]


@dataclass(frozen=True)
class Request:
    """A request, or a notification when `id` is None."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    id: Id = None


@dataclass(frozen=True)
class Reply:
    """The answer to the request `id`: a result, or an error object."""

    id: Id
    result: Any = None
    error: Optional[Mapping[str, Any]] = None


@dataclass(frozen=True)
class Malformed:
    """A line that is no message: the error's code and the reason in words; `id` where one could be read."""

    code: int
    text: str
    id: Id = None


Message = Union[Request, Reply, Malformed]


def encode(message: Message) -> bytes:
    """Return the message as one line; what JSON can't hold (a Path, a set) is a TypeError here, at its sender."""
    return json.dumps({"jsonrpc": "2.0", **_body(message)}, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of one line."""
    try:
        raw = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return Malformed(PARSE_ERROR, f"A line is no JSON ({error}): {_start(line)}")
    if not isinstance(raw, dict) or raw.get("jsonrpc") != "2.0":
        return Malformed(INVALID_REQUEST, f"A line is no JSON-RPC 2.0 message: {_start(line)}")
    known = raw.get("id")
    if known is not None and (isinstance(known, bool) or not isinstance(known, (int, str))):
        return Malformed(INVALID_REQUEST, f"A message's id is neither number nor text: {_start(line)}")
    if "method" in raw:
        return _request(raw, known, line)
    wrong = raw.get("error")
    if ("result" in raw) == (wrong is not None) or (wrong is not None and not isinstance(wrong, dict)):
        return Malformed(INVALID_REQUEST, f"A message is neither request nor reply: {_start(line)}", known)
    return Reply(known, raw.get("result"), wrong)


def error_object(error: BaseException) -> dict[str, Any]:
    """Return JSON-RPC's error object for an exception; one that is not ours becomes a sentence of the base class."""
    if isinstance(error, MlmRunnerError):
        return {"code": OUR_ERROR, "message": str(error), "data": {"name": _known_name(error)}}
    text = next(
        (words for kind, words in EXPLAINED if isinstance(error, kind)), "The engine failed in a way nobody foresaw"
    )
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return {"code": OUR_ERROR, "message": f"{text} ({detail}).", "data": {"name": MlmRunnerError.__name__}}


EXPLAINED: tuple[tuple[type[BaseException], str], ...] = (
    (MemoryError, "Memory ran out; a smaller tile or batch size needs less"),
    (PermissionError, "A file or folder may not be read or written; choose another or ask for the right to it"),
    (OSError, "A file or folder can't be used as it should; choose another place, or free space there"),
)
"""What an exception that nobody explained nearer to its cause means to a user, first match first."""


def error_from(raw: Mapping[str, Any]) -> MlmRunnerError:
    """Return the exception of an error object: of the class its sender had, with the same sentence."""
    data = raw.get("data")
    name = data.get("name") if isinstance(data, Mapping) else None
    return from_name(
        str(name), str(raw.get("message") or "The other process reports an error without a word about it.")
    )


class Channel:
    """Two byte streams as a stream of messages: `send` from any thread, `messages` from one."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes], max_line: int = MAX_LINE) -> None:
        self._reader = reader
        self._writer = writer
        self._max_line = max_line
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Write one message; raises OSError when the other end is gone or this one closed, ValueError if too long."""
        line = encode(message)
        if len(line) > self._max_line:
            raise ValueError(f"a message of {len(line):,} bytes is longer than the {self._max_line:,} that are read")
        with self._sending:
            if self._writer.closed:
                raise BrokenPipeError("closed on this side")
            self._writer.write(line)
            self._writer.flush()

    def messages(self) -> Iterator[Message]:
        """Yield what comes until the other end closes; too long a line is read to its end and reported."""
        while True:
            line = self._reader.readline(self._max_line + 1)
            if not line:
                return
            if len(line) > self._max_line and not line.endswith(b"\n"):
                start = _start(line)
                while line and not line.endswith(b"\n"):
                    line = self._reader.readline(self._max_line + 1)
                yield Malformed(
                    INVALID_REQUEST, f"A line is longer than {self._max_line:,} bytes and was left out: {start}"
                )
            elif line.strip():
                yield decode(line)

    def close_writer(self) -> None:
        """Close what the other end reads, which tells it that no more will come."""
        with self._sending:
            self._writer.close()


def _request(raw: Mapping[str, Any], known: Id, line: bytes) -> Message:
    method, params = raw["method"], raw.get("params", {})
    if not isinstance(method, str) or not isinstance(params, dict):
        return Malformed(INVALID_REQUEST, f"A request needs a method's name and named params: {_start(line)}", known)
    return Request(method, params, known)


def _body(message: Message) -> dict[str, Any]:
    if isinstance(message, Request):
        body: dict[str, Any] = {"method": message.method, "params": dict(message.params)}
        return body if message.id is None else {**body, "id": message.id}
    if isinstance(message, Malformed):
        return {"id": message.id, "error": {"code": message.code, "message": message.text}}
    if message.error is not None:
        return {"id": message.id, "error": dict(message.error)}
    return {"id": message.id, "result": message.result}


def _known_name(error: MlmRunnerError) -> str:
    """Return the name of the nearest class that the other end knows: a room's private subclass goes by its parent."""
    names = (kind.__name__ for kind in type(error).__mro__ if issubclass(kind, MlmRunnerError))
    return next((name for name in names if type(from_name(name, "")).__name__ == name), MlmRunnerError.__name__)


def _start(line: bytes) -> str:
    return repr(line[:80]) + (" ..." if len(line) > 80 else "")
