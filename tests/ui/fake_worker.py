"""A worker that answers from a script, for tests of the interface alone.

What it is asked is kept, a line each, beside the script; files that an answer names are copied from what the script has
for them.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from pathlib import Path

SCRIPT = json.loads(Path(sys.argv[1]).read_text())
ASKED = Path(sys.argv[1]).with_suffix(".asked")
LOCK = threading.Lock()
CANCELLED: set[int] = set()


def send(message: dict) -> None:
    with LOCK:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def fail(number: int, name: str, text: str) -> None:
    send({"id": number, "error": {"code": -32000, "message": text, "data": {"name": name}}})


def made(method: str, params: dict) -> dict:
    """Copy the files that were asked for and that the script has, and return their names by what they are."""
    names = {word: params[word] for word in SCRIPT["files"].get(method, {}) if params.get(word)}
    for word, name in names.items():
        source = Path(SCRIPT["files"][method][word])
        shutil.copy(source, name)
        if source.with_suffix(".qml").exists():
            shutil.copy(source.with_suffix(".qml"), Path(name).with_suffix(".qml"))
    return names


def answer(number: int, method: str, params: dict) -> None:
    with LOCK, ASKED.open("a") as asked:
        asked.write(json.dumps({"method": method, "params": params}) + "\n")
    seconds = SCRIPT["delays"].get(method, 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if number in CANCELLED:
            return fail(number, "Cancelled", "Cancelled; nothing was written.")
        fraction = 1 - (end - time.monotonic()) / seconds
        told = {"id": number, "fraction": fraction, "text": "Window", "seconds_left": end - time.monotonic()}
        send({"method": "progress", "params": told})
        time.sleep(0.01)
    if method in SCRIPT["errors"]:
        return fail(number, *SCRIPT["errors"][method])
    if SCRIPT["answers"].get(method) == "die":
        sys.stderr.write("the last words\n")
        sys.stderr.flush()
        import os

        os._exit(3)
    send({"id": number, "result": {**SCRIPT["answers"].get(method, {}), **made(method, params)}})


for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "cancel":
        CANCELLED.add(request["params"]["id"])
    elif request["method"] == "shutdown":
        break
    elif "id" in request and "method" in request:
        threading.Thread(
            target=answer, args=(request["id"], request["method"], request.get("params", {})), daemon=True
        ).start()
