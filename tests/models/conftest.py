"""Files of packages, fetched once and kept outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Callable

import pytest


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
        return folder

    return fetch
