"""Makes the runtime's locks, one for each Python version: exact versions with the hashes of the wheels that fit.

    python tools/lock_runtime.py            (Python 3.11 or newer; needs uv and packaging)

uv resolves `runtime.in` for all platforms at once. Of each package only the wheels remain that some platform of the
table below can install with that Python version, so that a lock is short and what it promises has been looked up: a
platform for which a package has no wheel is named in the lock's head as `unavailable`, the others with the size of
their download.
"""

from __future__ import annotations

import subprocess  # nosec B404  # runs uv with an argument list
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from packaging.markers import Marker
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import parse_wheel_filename

LOCKS = Path(__file__).resolve().parents[1] / "core" / "worker" / "locks"
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True)
class Platform:
    """A kind of computer: its name in the lock, what markers see there, and its wheel tags, best first."""

    name: str
    markers: Mapping[str, str]
    tags: Sequence[str]

    def tags_for(self, version: str) -> list[Tag]:
        python = tuple(int(part) for part in version.split("."))
        interpreter = f"cp{python[0]}{python[1]}"
        return [
            *cpython_tags(python, platforms=self.tags),
            *compatible_tags(python, interpreter=interpreter, platforms=self.tags),
        ]


def _linux(machine: str) -> Platform:
    # glibc 2.28 is Debian 10 and RHEL 8; every QGIS 3.22 and newer runs on that or later.
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(28, 16, -1)]
    tags += [f"manylinux2014_{machine}", f"linux_{machine}"]
    return Platform(f"linux-{machine}", _markers("linux", "Linux", "posix", machine), tags)


def _macos(machine: str) -> Platform:
    return Platform(
        f"macos-{machine}", _markers("darwin", "Darwin", "posix", machine), list(mac_platforms((15, 0), machine))
    )


def _windows(machine: str) -> Platform:
    return Platform(
        f"windows-{machine.lower()}", _markers("win32", "Windows", "nt", machine), [f"win_{machine.lower()}"]
    )


def _markers(sys_platform: str, system: str, os_name: str, machine: str) -> dict[str, str]:
    return {
        "sys_platform": sys_platform,
        "platform_system": system,
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


PLATFORMS = (
    _linux("x86_64"),
    _linux("aarch64"),
    _windows("AMD64"),
    _windows("ARM64"),
    _macos("arm64"),
    _macos("x86_64"),
)


@dataclass(frozen=True)
class Wheel:
    """A wheel of a package: its file name, hash and size in bytes."""

    name: str
    sha256: str
    size: int

    def rank(self, tags: Sequence[Tag]) -> int | None:
        """Return how well it fits (0 is best), or None if it can't be installed."""
        own = parse_wheel_filename(self.name)[3]
        return next((place for place, tag in enumerate(tags) if tag in own), None)


@dataclass(frozen=True)
class Pinned:
    """A package at its version, with the platforms that want it and the wheel each of them would install."""

    name: str
    version: str
    chosen: Mapping[str, Wheel | None]
    hashes: Sequence[str]


def resolve(version: str) -> list[Mapping[str, Any]]:
    """Return uv's packages for Python `version` and newer, all platforms at once."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pylock.runtime.toml"
        subprocess.run(  # nosec B603  # fixed arguments, no shell
            [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--only-binary", ":all:"]
            + ["--python-version", version, "--format", "pylock.toml", "-o", str(out), str(LOCKS / "runtime.in")],
            check=True,
        )
        return list(tomllib.loads(out.read_text("utf-8"))["packages"])


def pin(package: Mapping[str, Any], version: str) -> Pinned | None:
    """Return the package for Python `version`, or None if no platform wants it there."""
    marker = Marker(package["marker"]) if "marker" in package else None
    python = {"python_version": version, "python_full_version": f"{version}.0"}
    wheels = [
        Wheel(entry.get("name") or entry["url"].rsplit("/", 1)[1], entry["hashes"]["sha256"], entry["size"])
        for entry in package.get("wheels", ())
    ]
    chosen: dict[str, Wheel | None] = {}
    hashes: set[str] = set()
    for platform in PLATFORMS:
        if marker is not None and not marker.evaluate({**platform.markers, **python}):
            continue
        tags = platform.tags_for(version)
        fitting = sorted((rank, wheel.name, wheel) for wheel in wheels if (rank := wheel.rank(tags)) is not None)
        chosen[platform.name] = fitting[0][2] if fitting else None
        hashes.update(wheel.sha256 for _, _, wheel in fitting)
    return Pinned(package["name"], package["version"], chosen, sorted(hashes)) if chosen and hashes else None


def marker_for(names: Sequence[str]) -> str:
    """Return the marker that is true on just these platforms; empty when that is all of them."""
    if len(names) == len(PLATFORMS):
        return ""
    wanted = [platform.markers for platform in PLATFORMS if platform.name in names]
    others = [platform.markers for platform in PLATFORMS if platform.name not in names]
    systems = sorted({markers["sys_platform"] for markers in wanted})
    terms = []
    for system in systems:
        term = f'sys_platform == "{system}"'
        if any(other["sys_platform"] == system for other in others):
            machines = [m["platform_machine"] for m in wanted if m["sys_platform"] == system]
            either = " or ".join(f'platform_machine == "{machine}"' for machine in machines)
            term = f"({term} and ({either}))" if len(machines) > 1 else f"({term} and {either})"
        terms.append(term)
    return "; " + " or ".join(terms)


def lines(version: str, pinned: Sequence[Pinned]) -> Iterator[str]:
    """Yield the lock's lines."""
    yield f"# The engine's packages for Python {version}; made by tools/lock_runtime.py from runtime.in."
    for platform in PLATFORMS:
        wanted = {p.name: p.chosen[platform.name] for p in pinned if platform.name in p.chosen}
        missing = sorted(name for name, wheel in wanted.items() if wheel is None)
        size = sum(wheel.size for wheel in wanted.values() if wheel)
        yield (
            f"# unavailable {platform.name}: {' '.join(missing)}"
            if missing
            else f"# download {platform.name}: {size / 1e6:.0f} MB"
        )
    for package in pinned:
        requirement = f"{package.name}=={package.version}{marker_for(list(package.chosen))}"
        yield " \\\n".join([requirement, *(f"    --hash=sha256:{digest}" for digest in package.hashes)])


def main() -> int:
    for version in VERSIONS:
        pinned = [p for p in (pin(package, version) for package in resolve(version)) if p]
        out = LOCKS / f"runtime-{version}.txt"
        out.write_text("\n".join(lines(version, pinned)) + "\n", "utf-8", newline="\n")
        print("\n".join([str(out), *(line for line in lines(version, pinned) if line.startswith("# "))]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
