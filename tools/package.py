"""Build the zip that QGIS installs: the tracked files that ship, in one folder `mlm_runner`, always the same bytes.

What ships is a list of names, so that nothing new at the top of the checkout is published by accident. The zip is
checked by the rules of QGIS's plugin repository: mandatory metadata, size, no compiled or unknown files.
"""

from __future__ import annotations

import argparse
import configparser
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

TOP = Path(__file__).resolve().parent.parent
PACKAGE = "mlm_runner"
SHIPS = (
    "__init__.py",
    "plugin.py",
    "metadata.txt",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "core/",
    "ui/",
    "resources/",
)
TEXT = {".py", ".ui", ".txt", ".in", ".md", ".json", ".geojson", ".svg", ".qml", ".ts", ".csv", ""}
BINARY = {".onnx", ".qm", ".png"}
"""Kinds of binary files that may ship: the embedded models, compiled translations, pictures."""

MANDATORY = (
    "name",
    "description",
    "about",
    "version",
    "qgisMinimumVersion",
    "author",
    "email",
    "repository",
    "tracker",
)
ADDRESSES = ("repository", "tracker", "homepage")
MAX_BYTES = 25_000_000
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The zip format's first date stands for all files: a checkout's own dates differ between machines."""


class NotPackaged(Exception):
    """The zip can't be built or may not be published; the message says why."""


def shipped_files() -> list[str]:
    """Names of the tracked files that ship, from the checkout's top, sorted."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", *SHIPS], cwd=TOP, capture_output=True, text=True)
    if listed.returncode != 0:
        raise NotPackaged(f"The list of files comes from git, and git says: {listed.stderr.strip()}")
    return sorted(name for name in listed.stdout.split("\0") if name and (TOP / name).is_file())


def metadata(text: str) -> dict[str, str]:
    """The fields of a `metadata.txt`, read as QGIS reads them."""
    parser = configparser.ConfigParser()
    parser.optionxform = str  # field names keep their case
    parser.read_string(text)
    return dict(parser["general"])


def faults_of_files(names: list[str]) -> list[str]:
    """Why QGIS or its plugin repository would refuse these files."""
    faults = [f"'{needed}' is missing" for needed in ("__init__.py", "metadata.txt", "LICENSE") if needed not in names]
    for name in names:
        path = PurePosixPath(name)
        if {"__pycache__", ".git", "__MACOSX"} & set(path.parts) or path.name.startswith("."):
            faults.append(f"'{name}' is a hidden or made file")
        elif path.suffix not in TEXT | BINARY:
            faults.append(f"'{name}' is of a kind that is not known to ship ({path.suffix}); see tools/package.py")
    return faults


def faults_of_metadata(fields: dict[str, str]) -> list[str]:
    """Why the plugin repository would refuse this metadata."""
    faults = [f"'{field}' is missing" for field in MANDATORY if not fields.get(field, "").strip()]
    faults += [
        f"'{field}' is no web address: {fields[field]}"
        for field in ADDRESSES
        if fields.get(field) and not fields[field].startswith(("https://", "http://"))
    ]
    if fields.get("email", "").endswith(".invalid"):
        faults.append(f"'email' reaches nobody: {fields['email']}")
    return faults


def write_zip(names: list[str], target: Path) -> None:
    """Write the files into `target`; neither their dates nor the machine's rights and order show in its bytes."""
    unfinished = target.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{PACKAGE}/{name}", EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on whatever system it is built
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, (TOP / name).read_bytes())
    unfinished.replace(target)


def build(folder: Path, publish: bool = False) -> Path:
    """Build the zip in `folder`, return its path; with `publish`, what only the plugin repository asks for counts."""
    names = shipped_files()
    fields = metadata((TOP / "metadata.txt").read_text(encoding="utf-8"))
    unpublishable = faults_of_metadata(fields)
    faults = faults_of_files(names) + (unpublishable if publish else [])
    if faults:
        raise NotPackaged("The plugin is not packaged: " + "; ".join(faults) + ".")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{PACKAGE}-{fields['version']}.zip"
    write_zip(names, target)
    if target.stat().st_size > MAX_BYTES:
        raise NotPackaged(f"{target} has {target.stat().st_size} bytes; the plugin repository takes {MAX_BYTES}.")
    print(f"{target}: {len(names)} files, {target.stat().st_size / 1e6:.2f} MB")
    if unpublishable:
        print("QGIS installs it; the plugin repository would not take it yet: " + "; ".join(unpublishable) + ".")
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--publish", action="store_true", help="refuse what the plugin repository would refuse")
    parser.add_argument("--folder", type=Path, default=TOP / "build", help="where the zip goes")
    options = parser.parse_args()
    try:
        build(options.folder, options.publish)
    except NotPackaged as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
