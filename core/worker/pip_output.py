"""What pip prints, read: how far the download is, and what a failure means to somebody who does not know pip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

from ..watch import Watch
from .child import how_it_ended

FETCH = re.compile(r"(?:Downloading|Using cached) (\S+?)-\S*\.whl \(([\d.]+) (kB|MB)\)")
LOCAL = re.compile(r"Processing (.+?\.whl)(?: \(from .*)?$")
UNPACK = re.compile(r"Installing collected packages: (.+)")
UNITS = {"kB": 1e-3, "MB": 1.0}
DOWNLOAD_FROM, DOWNLOAD_TO, UNPACK_AT = 0.05, 0.75, 0.8
"""The download's and the unpacking's place in the whole, by time on an ordinary line."""


@dataclass
class Download:
    """Turns pip's lines into progress: a package's line comes before its bytes, and counts when the next one begins."""

    total_mb: float
    watch: Watch
    _done_mb: float = 0.0
    _next_mb: float = 0.0

    def hear(self, line: str) -> None:
        """Tell where the work is, if the line says so."""
        fetched, local, unpack = FETCH.search(line), LOCAL.search(line), UNPACK.search(line)
        if fetched:
            self._begin(fetched[1], float(fetched[2]) * UNITS[fetched[3]], "Downloading")
        elif local:
            path = Path(local[1])
            self._begin(path.name.split("-")[0], path.stat().st_size / 1e6 if path.exists() else 0.0, "Taking")
        elif unpack:
            self.watch.tell(UNPACK_AT, f"Unpacking {unpack[1].count(',') + 1} packages.")

    def _begin(self, name: str, megabytes: float, verb: str) -> None:
        self._done_mb += self._next_mb
        self._next_mb = megabytes
        share = min(1.0, self._done_mb / self.total_mb) if self.total_mb else 0.0
        fraction = DOWNLOAD_FROM + (DOWNLOAD_TO - DOWNLOAD_FROM) * share
        self.watch.tell(fraction, f"{verb} {name}; {self._done_mb:.0f} of {self.total_mb:.0f} MB are here.")


NO_NETWORK = (
    "NewConnectionError|NameResolutionError|Temporary failure in name resolution|getaddrinfo failed"
    "|Network is unreachable|Connection refused|ConnectTimeout|Read timed out|ConnectionResetError"
    "|SSL module is not available"
)
REASONS = (
    (
        r"ensurepip is not|No module named (venv|ensurepip)",
        "This Python can't make environments. Install what is missing: sudo apt install python3-venv.",
    ),
    (
        r"No space left on device|not enough space on the disk|Disk quota exceeded",
        "The disk is full. Free about 850 MB, and try again.",
    ),
    (
        r"DO NOT MATCH THE HASHES|Hash mismatch",
        "A package that came is not the one that was tried and listed, so it was not installed. Try again; "
        "if it stays so, something between here and the package index changes files.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "The package index's certificate can't be verified. If your organisation inspects connections, "
        "tell pip its certificate (pip config set global.cert FILE).",
    ),
    (
        r"Cannot connect to proxy|ProxyError|407 Proxy",
        "The proxy does not let the download through. Check the proxy's settings, "
        "or set up the engine from a folder of packages.",
    ),
    (
        NO_NETWORK,
        "The package index can't be reached. Check the network, or set up the engine from a folder of packages.",
    ),
    (
        r"No matching distribution found|Could not find a version",
        "A package is not in the index or folder that pip was given. "
        "Check that the folder holds all the packages of the list, or try again with a network.",
    ),
    (
        r"Permission denied|Access is denied",
        "A file may not be written. Close other programs that use the engine, and try again.",
    ),
)
"""Signs in pip's and venv's output, the more telling first, and the sentence for each."""


def explain(lines: Sequence[str], status: int, free_mb: float) -> str:
    """Return why an installation's step failed, and what to do; `free_mb` is what the disk has left."""
    text = "\n".join(lines)
    if free_mb < 10:
        text += "No space left on device"  # which ensurepip, inside of venv, does not say
    for pattern, sentence in REASONS:
        if re.search(pattern, text):
            return f"The engine could not be set up. {sentence}"
    return f"The engine could not be set up: a step ended with {how_it_ended(status)}. The log below says more."
