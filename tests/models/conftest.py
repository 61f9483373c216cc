"""Files of packages, fetched once and kept outside the checkout, what packages say themselves, and the engine."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Callable

import pytest

from mlm_runner.core.catalog.store import Store
from mlm_runner.core.commands import Context, run
from mlm_runner.core.watch import Watch


@pytest.fixture(scope="session")
def package() -> Callable[..., Path]:
    """Return the folder of an unpacked wheel, by its name and version; skips with the reason where it can't be had."""

    def fetch(name: str, version: str) -> Path:
        cache = Path(os.environ.get("MLM_RUNNER_CACHE") or Path.home() / ".cache" / "mlm-runner") / "wheels"
        folder = cache / f"{name}-{version}"
        if folder.is_dir():
            return folder
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache)]
        done = subprocess.run([*command, f"{name}=={version}"], capture_output=True, text=True)
        found = list(cache.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
        if done.returncode or not found:
            pytest.skip(f"{name} {version} can't be fetched: {done.stderr.strip().splitlines()[-1:]}")
        unfinished = folder.with_suffix(".part")
        with zipfile.ZipFile(found[0]) as archive:
            archive.extractall(unfinished)
        unfinished.rename(folder)
        found[0].unlink()
        return folder

    return fetch


@pytest.fixture(scope="session")
def own(package) -> Callable[..., str]:
    """Run a script that imports packages which are no part of the environment; returns what it prints."""

    def ask(script: str, packages: dict[str, str], *arguments: object) -> str:
        folders = [str(package(name, version)) for name, version in packages.items()]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return ask


@pytest.fixture
def engine(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Run an item on rasters as the shell does, with a store that lasts for the test; returns the JSON."""

    def go(item: dict[str, Any], *rasters: object, out: str = "out.tif", **params: Any) -> dict[str, Any]:
        context = Context(Watch(), Store(tmp_path / "home"), None, tmp_path / "home")
        given = {"item": item, "rasters": [str(r) for r in rasters], "output": str(tmp_path / out), "units": "raw"}
        return run({**given, **params}, context)

    return go


@pytest.fixture(scope="session")
def item() -> Callable[..., dict[str, Any]]:
    """Return an item of form 1.5 for a network of one input and one output."""

    def build(name: str, file: Path, task: str, given: dict[str, Any], output: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.0/schema.json"],
            "id": name.lower().replace(" ", "-"),
            "geometry": None,
            "properties": {
                "datetime": "2020-01-01T00:00:00Z",
                "mlm:name": name,
                "mlm:tasks": [task],
                "mlm:input": [{"name": "x", **given}],
                "mlm:output": [{"name": "y", "tasks": [task], **output}],
            },
            "assets": {"model": {"href": str(file), "roles": ["mlm:model"], "mlm:artifact_type": "onnx"}},
            "links": [],
        }

    return build
