"""What a lock says before anything is downloaded: whether it serves this kind of computer, and how much will come."""

from __future__ import annotations

import platform as _platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from .places import LOCKS, lock_for

HEAD = re.compile(r"# (download|unavailable) (\S+): (.+)")
SYSTEMS = {"win32": "windows", "darwin": "macos", "linux": "linux"}


@dataclass(frozen=True)
class Lock:
    """The packages for one Python version: the platforms it serves (MB to download) and those it can't (what lacks)."""

    path: Path
    version: str
    megabytes: dict[str, int]
    unavailable: dict[str, str]


def read_lock(version: str) -> Lock:
    """Return the lock for Python `version` ("3.11"); raises OSError if there is none."""
    path = lock_for(version)
    megabytes, unavailable = {}, {}
    for kind, name, text in HEAD.findall(path.read_text("utf-8")):
        if kind == "download":
            megabytes[name] = int(text.split()[0])
        else:
            unavailable[name] = text
    return Lock(path, version, megabytes, unavailable)


def versions() -> list[str]:
    """Return the Python versions that there are locks for, oldest first."""
    found = (path.stem[len("runtime-") :] for path in LOCKS.glob("runtime-*.txt"))
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


def platform_name(machine: str = "", platform: str = sys.platform) -> str:
    """Return the lock's name for this kind of computer, of a Python that says it runs on `machine`: "linux-x86_64"."""
    return f"{SYSTEMS.get(platform, platform)}-{(machine or _platform.machine()).lower()}"
