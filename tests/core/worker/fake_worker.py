"""A real worker process with small commands that do what an engine does at its worst; run as a file, like boot.py."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Mapping


def echo(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    return params


def count(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    for number in range(params["to"]):
        context.watch.tell(number / params["to"], f"step {number}")
    context.log("counted")
    return {"counted": params["to"]}


def patient(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Work until cancelled, as a good command does; tells when it began and when it tidied."""
    context.watch.tell(None, "at work")
    try:
        while True:
            context.watch.check()
            time.sleep(0.01)
    finally:
        if "tidied" in params:
            Path(params["tidied"]).write_text("yes")


def stubborn(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    context.watch.tell(None, "at work")
    time.sleep(60)
    return {}


def die(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    print("the last words", file=sys.stderr, flush=True)
    if params["how"] == "exit":
        os._exit(3)
    os.kill(os.getpid(), getattr(signal, params["how"]))
    time.sleep(60)  # the signal may take another thread first
    return {}


def noise(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    os.write(1, b'{"jsonrpc": "2.0", "id": 1, "result": {"forged": true}}\nnot json\n')
    print("printed by Python")
    subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
    return {"read": os.read(0, 10).decode()}


def fail(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    from mlm_runner.core.catalog.http import TooLarge
    from mlm_runner.core.errors import from_name

    kinds = {"ValueError": ValueError, "MemoryError": MemoryError, "TooLarge": TooLarge}
    raise kinds.get(params["name"], lambda text: from_name(params["name"], text))(params["text"])


def fetch(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    from mlm_runner.core.worker.asked_http import AskedHttp

    to = Path(params["to"]) if params.get("to") else None
    answer = AskedHttp(context.ask).fetch(
        params["url"], body=b"a question", to=to, max_bytes=params.get("max_bytes", 1000), watch=context.watch
    )
    return {"status": answer.status, "headers": dict(answer.headers), "body": answer.body.decode(), "url": answer.url}


def family(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    return {"child": child.pid}


def run(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """Note when it begins and ends, so that a test sees whether two were at work at once."""
    with open(params["diary"], "a") as diary:
        diary.write(f"{params['name']} begins\n")
        diary.flush()
        time.sleep(0.15)
        diary.write(f"{params['name']} ends\n")
    return {}


def unsendable(params: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    return {"path": Path("a path is no JSON")}


COMMANDS = {
    command.__name__: command
    for command in (echo, count, patient, stubborn, die, noise, fail, fetch, family, run, unsendable)
}


def main() -> int:
    boot = Path(__file__).resolve().parents[3] / "core" / "worker" / "boot.py"
    spec = importlib.util.spec_from_file_location("boot", boot)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.register()

    from mlm_runner.core.worker.server import Engine, serve

    engine = Engine(
        commands=COMMANDS,
        context=lambda watch, ask, log: SimpleNamespace(watch=watch, ask=ask, log=log),
        warm=lambda: None,
        packages=lambda: {"numpy": "0.0"},
    )
    return serve(lambda: engine)


if __name__ == "__main__":
    sys.exit(main())
