"""Loads the .ui file beside a class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt import uic

FOLDER = Path(__file__).resolve().parent


def form(name: str) -> Any:
    """Return the class that sets up the widgets of `name`.ui, to be inherited beside the widget's class."""
    return uic.loadUiType(str(FOLDER / f"{name}.ui"))[0]
