"""A worker that answers from a script, for tests of the interface alone."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

SCRIPT = json.loads(Path(sys.argv[1]).read_text())
LOCK = threading.Lock()
CANCELLED: set[int] = set()


def send(message: dict) -> None:
    with LOCK:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def fail(number: int, name: str, text: str) -> None:
    send({"id": number, "error": {"code": -32000, "message": text, "data": {"name": name}}})


def answer(number: int, method: str) -> None:
    seconds = SCRIPT["delays"].get(method, 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if number in CANCELLED:
            return fail(number, "Cancelled", "Cancelled; nothing was written.")
        fraction = 1 - (end - time.monotonic()) / seconds
        params = {"id": number, "fraction": fraction, "text": "Window", "seconds_left": end - time.monotonic()}
        send({"method": "progress", "params": params})
        time.sleep(0.01)
    if method in SCRIPT["errors"]:
        return fail(number, *SCRIPT["errors"][method])
    if SCRIPT["answers"].get(method) == "die":
        sys.stderr.write("the last words\n")
        sys.stderr.flush()
        import os

        os._exit(3)
    send({"id": number, "result": SCRIPT["answers"].get(method, {})})


for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "cancel":
        CANCELLED.add(request["params"]["id"])
    elif request["method"] == "shutdown":
        break
    elif "id" in request and "method" in request:
        threading.Thread(target=answer, args=(request["id"], request["method"]), daemon=True).start()
