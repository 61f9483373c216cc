"""A child process that can be ended for sure: without a console window on Windows, in a group of its own elsewhere."""

from __future__ import annotations

import os
import queue
import signal
import subprocess  # nosec B404  # its one use here takes an argument list and no shell
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

from ..watch import Watch

LOOK_AGAIN_S = 0.1
"""How soon a process that says nothing is stopped when its `Watch` is cancelled."""

CREATE_NO_WINDOW = 0x08000000
"""A program without a console would open one for each child (subprocess has the name on Windows only)."""

WINDOWS_ENDS = {
    0xC0000005: "a crash in a library (access violation)",
    0xC0000017: "memory ran out",
    0xC000012D: "memory ran out",
    0xC0000135: "a DLL that it needs was not found",
    0xC00000FD: "a crash in a library (stack overflow)",
    0xC0000409: "a crash in a library (buffer overrun)",
}
"""Exit statuses that Windows gives itself (NTSTATUS)."""

SIGNAL_ENDS = {
    "SIGKILL": "killed, most often by the system because memory ran out",
    "SIGSEGV": "a crash in a library (segmentation fault)",
    "SIGBUS": "a crash in a library (bus error; also a full disk)",
    "SIGILL": "a library that needs a newer processor (illegal instruction)",
    "SIGABRT": "a library gave up (abort)",
    "SIGTERM": "ended from outside",
}


def start(command: Sequence[str], env: Mapping[str, str], **pipes: Any) -> subprocess.Popen[bytes]:
    """Start `command` with the environment `env` and the given pipes; raises OSError."""
    apart: dict[str, Any] = (
        {"creationflags": CREATE_NO_WINDOW} if sys.platform == "win32" else {"start_new_session": True}
    )
    # A list and no shell; the Python in it has been proved, or is about to be.
    return subprocess.Popen(list(command), env=dict(env), **pipes, **apart)  # nosec B603  # see above


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and, where the system has groups, all that it started; one that has ended already is no error."""
    if sys.platform == "win32":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # No group any more; macOS says "not permitted" where only zombies are left in it.
        process.kill()


def how_it_ended(status: int) -> str:
    """Return an exit status in words that follow "ended with"."""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"{name}: {SIGNAL_ENDS[name]}" if name in SIGNAL_ENDS else name
    if status in WINDOWS_ENDS:
        return f"status 0x{status:08X}: {WINDOWS_ENDS[status]}"
    return f"status {status}"


def follow(
    command: Sequence[str],
    env: Mapping[str, str],
    heard: Callable[[str], None],
    watch: Watch,
    cwd: Optional[Path] = None,
) -> int:
    """Run `command` to its end and return its status; `heard` gets each line it prints.

    Raises OSError, or `Cancelled` after killing it.
    """
    process = start(command, env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd)
    lines: queue.SimpleQueue[Optional[bytes]] = queue.SimpleQueue()
    reader = threading.Thread(target=_read_lines, args=(process, lines), daemon=True)
    reader.start()
    try:
        while True:
            watch.check()
            try:
                line = lines.get(timeout=LOOK_AGAIN_S)
            except queue.Empty:
                continue
            if line is None:
                return process.wait()
            heard(line.decode("utf-8", "replace").rstrip())
    finally:
        kill(process)
        process.wait()


def _read_lines(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[Optional[bytes]]) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)
