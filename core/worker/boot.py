"""Starts the engine from the plugin's own folder, whatever that folder is called and wherever it lies.

Run as a file by the runtime's Python, `python -I .../core/worker/boot.py worker`: the package `mlm_runner` is
registered from here, so nothing has to be installed into the runtime and no search path is changed. Other arguments are
the command line's.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

PACKAGE = "mlm_runner"


def register() -> None:
    """Make `import mlm_runner` mean the folder that this file is in, even where another one is installed."""
    top = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location(PACKAGE, top / "__init__.py", submodule_search_locations=[str(top)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{top} holds no {PACKAGE}; install the plugin again.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


def main(arguments: list[str]) -> int:
    register()
    if arguments == ["worker"]:
        # Not by way of the command line: the server must own stdout before anything else is imported.
        from mlm_runner.core.worker.server import main as serve

        return serve()
    from mlm_runner.core.cli import main as command_line

    return command_line(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
