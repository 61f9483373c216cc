"""`make install` makes the checkout a plugin of a QGIS profile, and `make uninstall` leaves the profile as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

INI = "[UI]\nsize=@Size(10 20)\n\n[PythonPlugins]\nother=true\n\n[qgis]\nkey=a=b;c\n"


@pytest.fixture(scope="module")
def installer(tool):
    return tool("install_plugin")


@pytest.mark.parametrize(
    ("environ", "platform", "folder"),
    [
        ({"HOME": "/u"}, "linux", "/u/.local/share/QGIS/QGIS3/profiles"),
        ({"HOME": "/u", "XDG_DATA_HOME": "/data"}, "linux", "/data/QGIS/QGIS3/profiles"),
        ({"HOME": "/u"}, "darwin", "/u/Library/Application Support/QGIS/QGIS3/profiles"),
        ({"APPDATA": "/app"}, "win32", "/app/QGIS/QGIS3/profiles"),
        ({"HOME": "/u", "QGIS_CUSTOM_CONFIG_PATH": "/own"}, "linux", "/own/profiles"),
    ],
)
def test_profiles_are_where_qgis_keeps_them(installer, environ, platform, folder):
    assert installer.profiles_folder(environ, platform, 3) == Path(folder)


def test_without_a_home_the_user_is_told(installer):
    with pytest.raises(installer.NotInstalled, match="HOME is not set"):
        installer.profiles_folder({}, "linux", 3)


def test_the_default_profile_is_the_one_that_qgis_opens(installer, tmp_path):
    assert installer.default_profile(tmp_path) == "default"
    (tmp_path / "profiles.ini").write_text("[core]\ndefaultProfile=maps\n")
    assert installer.default_profile(tmp_path) == "maps"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[PythonPlugins]\nmlm_runner=true\n"),
        (INI, INI.replace("[PythonPlugins]\n", "[PythonPlugins]\nmlm_runner=true\n")),
        (INI.replace("other=true", "mlm_runner=false"), INI.replace("other=true", "mlm_runner=true")),
        ("[qgis]\nmlm_runner=5\n", "[qgis]\nmlm_runner=5\n\n[PythonPlugins]\nmlm_runner=true\n"),
    ],
    ids=["new profile", "other plugins", "switched off before", "same key elsewhere"],
)
def test_enabling_changes_one_line(installer, before, after):
    assert installer.with_entry(before, True) == after


def test_uninstall_leaves_the_profile_as_it_was(installer, tmp_path, top):
    ini = tmp_path / "QGIS" / "QGIS3.ini"
    ini.parent.mkdir()
    ini.write_text(INI)
    installer.install(tmp_path, 3)
    assert (tmp_path / "python" / "plugins" / "mlm_runner").resolve() == top
    assert ini.read_text() != INI
    installer.uninstall(tmp_path, 3)
    assert list((tmp_path / "python" / "plugins").iterdir()) == []
    assert ini.read_text() == INI


def test_a_plugin_installed_otherwise_is_not_touched(installer, tmp_path):
    theirs = tmp_path / "python" / "plugins" / "mlm_runner" / "__init__.py"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    with pytest.raises(installer.NotInstalled, match="plugin manager"):
        installer.install(tmp_path, 3)
    assert theirs.read_text() == "theirs"
