"""A log that can't fill the disk: at a limit the file becomes the old one, and a new one is begun."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import BinaryIO, Optional

LIMIT = 2 * 1024 * 1024


class BoundedLog:
    """Appends lines to `path`; at `limit` bytes that file becomes `path` + ".1" and a new one is begun.

    A log that can't be written must not stop the work that it is about: the file is given up then, and `problem`
    says why.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self.problem = ""
        self._limit = limit
        self._lock = threading.Lock()
        self._file: Optional[BinaryIO] = None
        self._size = 0
        self._open()

    def write(self, line: str) -> None:
        """Add one line."""
        data = line.rstrip("\r\n").encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            if self._file is not None and self._size + len(data) > self._limit:
                self._begin_anew()
            self._append(data)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: after a crash the file holds what was said before it.
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115  (open as long as the log)
            self._size = self._file.tell()
        except OSError as error:
            self._give_up(error)

    def _append(self, data: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(data)
            self._size += len(data)
        except OSError as error:
            self._give_up(error)

    def _begin_anew(self) -> None:
        if self._file is not None:
            self._file.close()
        try:
            os.replace(self.path, self.path.with_name(self.path.name + ".1"))
        except OSError:
            # Another QGIS has it open (Windows): what is in it is given up rather than the limit.
            try:
                self.path.write_bytes(b"")
            except OSError as error:
                self._give_up(error)
                return
        self._open()

    def _give_up(self, error: OSError) -> None:
        self._file = None
        self.problem = f"the log {self.path} can't be written: {error}"
