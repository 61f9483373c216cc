"""Scan what ships as QGIS's plugin repository does: a single finding of bandit or detect-secrets blocks an upload.

Both run with their defaults, without a baseline or a configuration of ours, over exactly the files of the zip.
"""

from __future__ import annotations

import json
import subprocess
import sys

from package import TOP, shipped_files


def bandit(names: list[str]) -> bool:
    """Let bandit print what it finds; True if that is nothing."""
    python = [name for name in names if name.endswith(".py")]
    return subprocess.run([sys.executable, "-m", "bandit", "-q", *python], cwd=TOP).returncode == 0


def detect_secrets(names: list[str]) -> bool:
    """Print what looks like a secret; True if nothing does. No guess is tried out over the network."""
    command = [sys.executable, "-m", "detect_secrets", "scan", "--no-verify", "--all-files", *names]
    report = subprocess.run(command, cwd=TOP, capture_output=True, text=True)
    if report.returncode != 0:
        print(report.stderr, file=sys.stderr)
        return False
    found = json.loads(report.stdout)["results"]
    for name, secrets in found.items():
        for secret in secrets:
            print(f"{name}:{secret['line_number']}: looks like a secret: {secret['type']}", file=sys.stderr)
    return not found


def main() -> int:
    names = shipped_files()
    clean = [scan(names) for scan in (bandit, detect_secrets)]
    print(f"Scanned {len(names)} files that ship: {'nothing found' if all(clean) else 'see above'}.")
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
