"""Link the checkout into a QGIS profile as the plugin `mlm_runner` and enable it there, or undo that.

A profile is found as QGIS finds it: in `QGIS_CUSTOM_CONFIG_PATH`, else in the platform's folder for application data;
its name is the one given, else the default of `profiles.ini`, else `default`.
"""

from __future__ import annotations

import argparse
import configparser
import os
import sys
from pathlib import Path
from typing import Mapping

TOP = Path(__file__).resolve().parent.parent
PLUGIN = "mlm_runner"
SECTION = "PythonPlugins"
DATA_FOLDERS = {
    "linux": ("HOME", ".local/share"),
    "darwin": ("HOME", "Library/Application Support"),
    "win32": ("APPDATA", ""),
}
"""Where Qt keeps application data: an environment variable that names a folder, and a folder inside it."""


class NotInstalled(Exception):
    """The profile can't be changed; the message says why and what to do."""


def profiles_folder(environ: Mapping[str, str], platform: str, qgis: int) -> Path:
    """The folder that holds a user's profiles, for QGIS's major version `qgis`."""
    if environ.get("QGIS_CUSTOM_CONFIG_PATH"):
        return Path(environ["QGIS_CUSTOM_CONFIG_PATH"]) / "profiles"
    if platform == "linux" and environ.get("XDG_DATA_HOME"):
        data = Path(environ["XDG_DATA_HOME"])
    else:
        variable, inside = DATA_FOLDERS.get(platform, DATA_FOLDERS["linux"])
        if not environ.get(variable):
            raise NotInstalled(f"The environment variable {variable} is not set, so the QGIS profile can't be found.")
        data = Path(environ[variable]) / inside
    return data / "QGIS" / f"QGIS{qgis}" / "profiles"


def default_profile(profiles: Path) -> str:
    """The name of the profile that QGIS opens unless told otherwise."""
    settings = configparser.RawConfigParser(strict=False)
    settings.read(profiles / "profiles.ini", encoding="utf-8")
    return settings.get("core", "defaultProfile", fallback="").strip() or "default"


def with_entry(text: str, enabled: bool) -> str:
    """The text of a QGIS3.ini in which the plugin is enabled, or is not mentioned; every other line stays as it is."""
    lines, section, done = [], "", not enabled
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip()[1:-1]
        elif section == SECTION and line.partition("=")[0].strip() == PLUGIN:
            continue
        lines.append(line)
        if line.startswith("[") and section == SECTION and enabled:
            lines.append(f"{PLUGIN}=true")
            done = True
    if not done:
        lines += [""] * bool(lines) + [f"[{SECTION}]", f"{PLUGIN}=true"]
    return "".join(f"{line}\n" for line in lines)


def set_enabled(ini: Path, enabled: bool) -> None:
    """Change the one line of the settings file that concerns the plugin."""
    before = ini.read_text(encoding="utf-8") if ini.exists() else ""
    after = with_entry(before, enabled)
    if after != before:
        ini.parent.mkdir(parents=True, exist_ok=True)
        unfinished = ini.with_suffix(".part")
        unfinished.write_text(after, encoding="utf-8")
        unfinished.replace(ini)


def remove_link(link: Path) -> None:
    """Remove our link; a real folder there is the user's own installation, and stays."""
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        raise NotInstalled(
            f"{link} is a folder, not a link: a plugin installed otherwise. Remove it in QGIS's plugin manager first."
        )


def install(profile: Path, qgis: int) -> str:
    """Link and enable; returns what to tell the user."""
    link = profile / "python" / "plugins" / PLUGIN
    remove_link(link)
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to(TOP, target_is_directory=True)
    except OSError as error:
        raise NotInstalled(
            f"{link} could not be made: {error.strerror}. Where links are not allowed (Windows without developer "
            "mode), call 'make package' and install the zip in QGIS's plugin manager."
        ) from error
    set_enabled(profile / "QGIS" / f"QGIS{qgis}.ini", True)
    return f"{link} is this checkout, and enabled. Start QGIS, or restart it if it is open."


def uninstall(profile: Path, qgis: int) -> str:
    """Undo `install`; returns what to tell the user."""
    remove_link(profile / "python" / "plugins" / PLUGIN)
    ini = profile / "QGIS" / f"QGIS{qgis}.ini"
    if ini.exists():
        set_enabled(ini, False)
    return f"The plugin is no longer in the profile {profile}."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("install", "uninstall"))
    parser.add_argument("--profile", help="the profile's name; QGIS's default one unless given")
    parser.add_argument(
        "--qgis", type=int, default=3, choices=(3, 4), help="QGIS's major version: each has its own profiles"
    )
    options = parser.parse_args()
    try:
        profiles = profiles_folder(os.environ, sys.platform, options.qgis)
        profile = profiles / (options.profile or default_profile(profiles))
        print({"install": install, "uninstall": uninstall}[options.action](profile, options.qgis))
    except NotInstalled as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
