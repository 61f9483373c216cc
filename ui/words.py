"""Numbers as people say them, and words in the user's language."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QCoreApplication

from ..core.watch import Progress


def tr(text: str) -> str:
    """Return a text in the language of QGIS, where a translation has it."""
    return QCoreApplication.translate("mlm_runner", text)


def seconds_in_words(seconds: float) -> str:
    """Return "3 s", "2 min", "1 h 20 min"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def pixels_in_words(megapixels: float) -> str:
    """Return "1.2 megapixels", "38 megapixels", "0.04 megapixels"."""
    if megapixels >= 10:
        return f"{megapixels:.0f} megapixels"
    return f"{megapixels:.1f} megapixels" if megapixels >= 0.1 else f"{megapixels:.2g} megapixels"


def estimate_in_words(megapixels: float, seconds_per_megapixel: Optional[float]) -> str:
    """Return how much work it is, and how long it takes where earlier runs tell."""
    size = pixels_in_words(megapixels)
    if seconds_per_megapixel is None:
        return size
    return f"{size}, about {seconds_in_words(megapixels * seconds_per_megapixel)}"


def progress_in_words(progress: Progress) -> str:
    """Return "63 %, about 2 s left"; without a fraction, what is being done."""
    if progress.fraction is None:
        return progress.text
    said = f"{100 * progress.fraction:.0f} %"
    if progress.seconds_left is not None and progress.fraction < 1:
        return f"{said}, about {seconds_in_words(progress.seconds_left)} left"
    return f"{said}, {progress.text}" if progress.text else said
