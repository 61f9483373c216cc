"""Unfinished files live in a folder of their own and get their final names only when all of them are whole."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterator, Optional

from ..errors import OutputNotWritable

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_WORDS = (
    "no space", "file too large", "disk quota", "write error",
    "disk is full", "disk i/o error", "i/o failure", "cannot write feature", "failed to commit", "no such table: gpkg",
)  # fmt: skip
"""What GDAL, libtiff and SQLite say, in text only, where the disk takes no more."""

PARTS = {
    ".gpkg": ("*-wal", "*-shm", "*-journal"),
    ".shp": (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", "*.xml", ".qml", ".qmd"),
    ".geojson": (".qml", ".qmd"),
    ".fgb": (".qml", ".qmd"),
}
"""The files that GDAL, SQLite and QGIS take for parts of a vector file: `*` stands for its whole name, else the ending
takes the place of its own. A GeoPackage keeps its style inside.
"""
RASTER_PARTS = ("*.aux.xml", "*.ovr", "*.msk", ".qml", ".qmd", ".tfw")
"""The same for a raster."""


class Scratch:
    """A hidden folder beside the output, removed at the end whatever happens; a context manager.

    `folder` is used where the caller names one, so that it can tidy up after a process that was killed. Where the
    output lies beside that of `within`, its unfinished files lie in that one's folder, and go with it.
    """

    def __init__(self, output: Path, folder: Optional[Path] = None, within: Optional[Scratch] = None) -> None:
        self._output = output
        self._folder = folder
        self._within = within

    def __enter__(self) -> Scratch:
        place = self._output.parent
        if self._output.is_dir():
            raise OutputNotWritable(f"{self._output} is a folder. Give the name of a file.")
        try:
            if self._within is not None and self._within.output.parent == place:
                self._folder = Path(tempfile.mkdtemp(prefix="part-", dir=self._within.path().parent))
            elif self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix=".mlm-runner-", dir=place))
            else:
                self._folder.mkdir(exist_ok=True)
        except FileNotFoundError:
            raise OutputNotWritable(f"There is no folder {place}. Make it, or choose another place.") from None
        except OSError as error:
            raise OutputNotWritable(
                f"Nothing can be written in {place}: {error.strerror}. Choose another place."
            ) from error
        return self

    def __exit__(self, *error: object) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def output(self) -> Path:
        """The final name."""
        return self._output

    def path(self, suffix: str = "") -> Path:
        """Return where the unfinished output is, or the file beside it that ends in `suffix`."""
        if self._folder is None:
            raise RuntimeError("a Scratch is used inside its with block")
        return self._folder / f"{self._output.name}{suffix}"

    def _beside(self) -> list[Path]:
        """Return the files that are taken for parts of the output: an older map's would spoil a new one."""
        whole = self._output
        ends = PARTS.get(whole.suffix.lower(), RASTER_PARTS)
        return [whole.with_name(whole.name + e[1:]) if e[0] == "*" else whole.with_suffix(e) for e in ends]

    def finish(self) -> None:
        """Give all files their final names, the output itself last; files beside an older output of this name are
        replaced.
        """
        names = sorted(p.name for p in self.path().parent.iterdir() if p.is_file())
        names.sort(key=lambda name: name == self._output.name)
        try:
            for path in (stale for stale in self._beside() if stale.name not in names):
                path.unlink(missing_ok=True)
            for path in (self._output.parent / name for name in names):
                os.replace(self.path().parent / path.name, path)
        except OSError as error:
            raise OutputNotWritable(
                f"{path} can't be replaced: {error.strerror}. Remove the layer that shows it, or choose another name."
            ) from error


def writing_failed(path: Path, error: BaseException) -> OutputNotWritable:
    """Return the sentence for a write that failed, a disk that takes no more named as such."""
    reasons = [str(e).strip().rstrip(".") for e in _causes(error) if str(e)]
    number = getattr(error, "errno", None)
    text = reasons[-1] if reasons else type(error).__name__
    if number in FULL or any(words in " ".join(reasons).lower() for words in FULL_WORDS):
        text = "the disk takes no more; it is full, over a limit, or failing"
    free = shutil.disk_usage(path.parent).free if path.parent.is_dir() else 0
    return OutputNotWritable(
        f"Writing {path.name} failed: {text} ({free / 1e6:.0f} MB are free). Choose another place."
    )


def _causes(error: Optional[BaseException]) -> Iterator[BaseException]:
    """Yield an error and what caused it: rasterio keeps GDAL's own reasons there."""
    while error is not None:
        yield error
        error = error.__cause__
