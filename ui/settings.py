"""What the plugin remembers in QGIS's settings, each thing read and written in one place; never a credential."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Optional

from qgis.core import QgsApplication, QgsSettings

PREFIX = "mlm_runner"


def home() -> Path:
    """Return the folder of all that is kept: `MLM_RUNNER_HOME`, or `mlm_runner` in the profile."""
    return Path(os.environ.get("MLM_RUNNER_HOME") or Path(QgsApplication.qgisSettingsDirPath()) / "mlm_runner")


def runtime_python() -> str:
    """Return the Python that the user named for the engine, or an empty string."""
    return str(QgsSettings().value(f"{PREFIX}/runtime_python", "") or "")


def set_runtime_python(path: str) -> None:
    QgsSettings().setValue(f"{PREFIX}/runtime_python", path)


def catalogs() -> list[str]:
    """Return the folders, files and addresses that the user added, in their order."""
    try:
        stored = json.loads(str(QgsSettings().value(f"{PREFIX}/catalogs", "[]") or "[]"))
    except ValueError:
        return []
    return [str(address) for address in stored] if isinstance(stored, list) else []


def set_catalogs(addresses: list[str]) -> None:
    QgsSettings().setValue(f"{PREFIX}/catalogs", json.dumps(list(dict.fromkeys(addresses))))


def seconds_per_megapixel(model_id: str) -> Optional[float]:
    """Return how long earlier runs of a model took on this machine, or None before the first."""
    try:
        return float(QgsSettings().value(f"{PREFIX}/seconds_per_megapixel/{_key(model_id)}", None))
    except (TypeError, ValueError):
        return None


def remember_run(model_id: str, megapixels: float, seconds: float) -> None:
    """Blend a finished run into the estimate, half old and half new; tiny runs say little and are left out."""
    if megapixels < 0.01 or seconds <= 0:
        return
    now = seconds / megapixels
    before = seconds_per_megapixel(model_id)
    QgsSettings().setValue(
        f"{PREFIX}/seconds_per_megapixel/{_key(model_id)}", now if before is None else (before + now) / 2
    )


def _key(model_id: str) -> str:
    """Slashes and backslashes are folders in QgsSettings."""
    return model_id.replace("/", "_").replace("\\", "_")
