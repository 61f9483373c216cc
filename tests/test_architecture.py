"""The walls of the house (docs/design.md): which way imports point, and what QGIS can import wherever QGIS runs."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

TOP = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path.relative_to(TOP) for pattern in ("*.py", "core/**/*.py", "ui/**/*.py") for path in TOP.glob(pattern)
)

QGIS_MAY_IMPORT = {"core.errors", "core.watch", "core.mlm", "core.worker"}
MAY_IMPORT = {
    # The longest matching row counts. "" is the top __init__, which holds the version.
    "": {"plugin"},
    "plugin": {"", "ui"} | QGIS_MAY_IMPORT,
    "ui": {"", "ui"} | QGIS_MAY_IMPORT,
    "core": {"", "core"},
    "core.errors": set(),
    "core.watch": {"core.errors"},
    "core.mlm": {"", "core.mlm", "core.errors", "core.watch"},
    "core.catalog": {"", "core.catalog", "core.mlm", "core.errors", "core.watch"},
    "core.inference": {"", "core.inference", "core.mlm", "core.errors", "core.watch"},
    "core.worker": {"", "core.worker", "core.mlm", "core.errors", "core.watch"},
}
IN_THE_WORKER = {"core.worker.server", "core.worker.engine", "core.worker.asked_http", "core.worker.boot"}
"""These run in the worker process alone: they may import all of core, and nothing that QGIS imports may import them."""

LIBRARIES = {
    "": set(),
    "plugin": {"qgis"},
    "ui": {"qgis", "processing", "osgeo"},
    "core.errors": set(),
    "core.watch": set(),
    "core.mlm": set(),
    "core.worker": set(),
}
"""What may be imported beside the standard library by that which QGIS imports."""


@dataclass(frozen=True)
class Import:
    """An imported module: absolute, or from the package's top if it is our `own`; `lazy` if a function imports it."""

    line: int
    name: str
    own: bool
    lazy: bool


def module_name(path: Path) -> str:
    """`core/mlm/read.py` is `core.mlm.read`, `core/__init__.py` is `core`, the top `__init__.py` is ``."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def row(name: str, table: dict[str, set[str]]) -> set[str] | None:
    """The table's entry for the longest prefix of a module's name."""
    for length in range(len(name.split(".")), 0, -1):
        prefix = ".".join(name.split(".")[:length])
        if prefix in table:
            return table[prefix]
    return None


def imports(path: Path, source: str) -> Iterator[Import]:
    """All import statements of a module; one for type checkers only counts as lazy."""
    package = path.parent.parts

    def statements(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if isinstance(child, ast.Import):
                for alias in child.names:
                    own = alias.name.split(".")[0] == "mlm_runner"
                    yield Import(child.lineno, alias.name.partition(".")[2] if own else alias.name, own, lazy)
            elif isinstance(child, ast.ImportFrom):
                module = child.module or ""
                own = child.level > 0 or module.split(".")[0] == "mlm_runner"
                base = ".".join(package[: len(package) - child.level + 1]) if child.level else ""
                module = module.partition(".")[2] if own and not child.level else module
                full = ".".join(part for part in (base, module) if part)
                for alias in child.names:
                    yield Import(child.lineno, resolved(full, alias.name) if own else full, own, lazy)
            else:
                yield from statements(child, inside)

    yield from statements(ast.parse(source), lazy=False)


def resolved(package: str, name: str) -> str:
    """From a package comes its module `package.name`; from a module, or of a dunder name, no more than itself."""
    of_a_package = TOP.joinpath(*package.split(".")).is_dir() and not name.startswith("__")
    return ".".join(part for part in (package, name if of_a_package else "") if part)


def allowed(name: str, targets: set[str]) -> bool:
    return any(name == target or (target and name.startswith(f"{target}.")) for target in targets)


def wrong_directions(path: Path, source: str) -> list[str]:
    """The imports of our own modules that point the wrong way."""
    module = module_name(path)
    if module in IN_THE_WORKER:
        targets, closed = {"", "core"}, set()
    else:
        targets = row(module, MAY_IMPORT) if module else MAY_IMPORT[""]
        closed = IN_THE_WORKER if imported_by_qgis(path) else set()
    return [
        f"{path}:{found.line}: {module or '__init__'} imports {found.name}"
        for found in imports(path, source)
        if found.own and (not allowed(found.name, targets) or allowed(found.name, closed))
    ]


def foreign_libraries(path: Path, source: str) -> list[str]:
    """The imports of libraries that QGIS's Python need not have."""
    module = module_name(path)
    libraries = row(module, LIBRARIES) if module else LIBRARIES[""]
    if libraries is None:
        return []
    known = libraries | set(sys.stdlib_module_names)
    return [
        f"{path}:{found.line}: {module} imports {found.name}"
        for found in imports(path, source)
        if not found.own and found.name.split(".")[0] not in known
    ]


def imported_by_qgis(path: Path) -> bool:
    module = module_name(path)
    return not module or row(module, LIBRARIES) is not None


def sources(*, qgis_only: bool = False) -> list[Path]:
    return [path for path in SOURCES if imported_by_qgis(path) or not qgis_only]


def read(path: Path) -> str:
    return (TOP / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sources(), ids=str)
def test_imports_point_one_way(path: Path) -> None:
    assert wrong_directions(path, read(path)) == []


@pytest.mark.parametrize("path", sources(qgis_only=True), ids=str)
def test_what_qgis_imports_needs_no_library(path: Path) -> None:
    assert foreign_libraries(path, read(path)) == []


@pytest.mark.parametrize("path", sources(), ids=str)
def test_python_3_9_can_parse_it(path: Path) -> None:
    ast.parse(read(path), filename=str(path), feature_version=(3, 9))


@pytest.mark.parametrize("path", sources(), ids=str)
def test_annotations_are_never_evaluated_by_python_3_9(path: Path) -> None:
    tree = ast.parse(read(path))
    annotated = any(
        isinstance(n, ast.AnnAssign) or getattr(n, "annotation", None) or getattr(n, "returns", None)
        for n in ast.walk(tree)
    )
    postponed = any(
        isinstance(n, ast.ImportFrom) and n.module == "__future__" and n.names[0].name == "annotations"
        for n in tree.body
    )
    assert postponed or not annotated


def test_the_top_imports_nothing_before_qgis_asks() -> None:
    assert [found for found in imports(Path("__init__.py"), read(Path("__init__.py"))) if not found.lazy] == []


@pytest.mark.parametrize(
    ("path", "source", "wrong"),
    [
        ("ui/dock.py", "from ..core.inference import run", "core.inference"),
        ("ui/dock.py", "def f():\n    from mlm_runner.core import commands", "core.commands"),
        ("plugin.py", "from .core.catalog.store import Store", "core.catalog.store"),
        ("core/mlm/read.py", "from ..catalog import store", "core.catalog"),
        ("core/inference/run.py", "from ..catalog.store import Store", "core.catalog.store"),
        ("core/worker/client.py", "def f():\n    from .. import commands", "core.commands"),
        ("core/worker/client.py", "def f():\n    from .engine import Engine", "core.worker.engine"),
        ("core/worker/server.py", "from ...ui import dock", "ui"),
        ("core/commands.py", "from ..ui import dock", "ui"),
        ("core/errors.py", "from .watch import Watch", "core.watch"),
    ],
)
def test_the_rule_sees_an_import_that_points_the_wrong_way(path: str, source: str, wrong: str) -> None:
    (fault,) = wrong_directions(Path(path), source)
    assert f"imports {wrong}" in fault


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/mlm/read.py", "import numpy as np"),
        ("core/worker/runtime.py", "def f():\n    import requests"),
        ("ui/dock.py", "import numpy"),
        ("ui/processing/run.py", "from PyQt5.QtCore import Qt"),
    ],
)
def test_the_rule_sees_a_library_that_qgis_need_not_have(path: str, source: str) -> None:
    assert len(foreign_libraries(Path(path), source)) == 1


def qt5_only(source: str) -> list[str]:
    """What PyQt 6 no longer knows: `exec_`, and enum members that are not reached through their enum."""
    tree = ast.parse(source)
    qt = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt")
        for alias in node.names
    }
    scopes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (
            node.attr == "exec_"
            or (
                isinstance(node.value, ast.Name)
                and node.value.id in qt
                and node.attr[0].isupper()
                and id(node) not in scopes
            )
        )
    ]


@pytest.mark.parametrize("path", [path for path in SOURCES if path.parts[0] in ("plugin.py", "ui")], ids=str)
def test_the_interface_is_ready_for_qt_6(path: Path) -> None:
    assert qt5_only(read(path)) == []


@pytest.mark.parametrize("use", ["Qt.AlignLeft", "dialog.exec_()", "QVariant.String"])
def test_the_rule_sees_what_qt_6_no_longer_has(use: str) -> None:
    assert len(qt5_only(f"from qgis.PyQt.QtCore import Qt, QVariant\n{use}")) == 1


def test_the_rule_accepts_what_both_have() -> None:
    assert qt5_only("from qgis.PyQt.QtCore import Qt\nQt.AlignmentFlag.AlignLeft\ndialog.exec()") == []


# Written in pieces, or this file would be the first that names them.
REGISTRIES = re.compile(
    "|".join(
        re.escape(".".join(host))
        for host in [("pypi", "org"), ("pythonhosted", "org"), ("deb", "debian"), ("npmjs", "org")]
    )
)
# Ada is nobody's user name here: examples of a home are hers.
MACHINE = re.compile(
    r"(?<![\w.~}])/(?:" + "|".join(["ro" + "ot", "wo" + "rk", r"(?:ho" + "me|Us" + r"ers)/(?!ada\b)\w+"]) + r")\b"
)


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE], ids=["a package registry", "a folder of one machine"])
def test_no_tracked_file_names(pattern: re.Pattern[str], tracked: list[str]) -> None:
    found = []
    for name in tracked:
        text = (TOP / name).read_bytes().decode("utf-8", errors="replace")
        found += [f"{name}: {line.strip()[:100]}" for line in text.splitlines() if pattern.search(line)]
    assert found == []
