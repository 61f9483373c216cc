"""What an item's expressions may hold, and what is refused; the attacks are those that evaluators have fallen for."""

from __future__ import annotations

import pytest

from mlm_runner.core.errors import NotRunnable
from mlm_runner.core.mlm.expression import letters, parse
from mlm_runner.core.mlm.model import Expression

GDAL, RIO = "gdal-calc", "rio-calc"


@pytest.mark.parametrize(
    ("format", "text", "names"),
    [
        (RIO, "(B08 - B04) / (B08 + B04)", ("B08", "B04")),
        (GDAL, "(A - B) / (A + B)", ("A", "B")),
        (GDAL, "A * logical_or( A<=177, A>=185 )", ("A",)),
        (GDAL, "numpy.where(A > 3, A, 0)", ("A",)),
        (GDAL, "np.sqrt(A ** 2 + B ** 2)", ("A", "B")),
        (GDAL, "-A", ("A",)),
        (RIO, "42", ()),
    ],
)
def test_expressions_in_circulation_are_understood(format, text, names):
    assert parse(Expression(format, text)).names == names


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "().__class__.__bases__[0].__subclasses__()",
        "A.__class__",
        "A.astype(object)",
        "numpy.load('x')",
        "numpy.lib.format",
        "os.system(A)",
        "open('/etc/passwd')",
        "exec('1')",
        "eval(A)",
        "lambda: A",
        "[A for A in B]",
        "{A: B}",
        "A if B else C",
        "A[0]",
        "'text'",
        "f'{A}'",
        "1j",
        "(A := 3)",
        "A; B",
        "where(A, out=B)",
        "where(*A)",
        "A < B < C",
        "A and B",
        "getattr(A, B)",
        "minimum(A)",
        "yield A",
        "await A",
        "",
        "(",
        "A" * 3000,
        "+".join("A" * 300),
        "(" * 500 + "A" + ")" * 500,
        "numpy.distutils.exec_command(A)",
    ],
)
def test_everything_else_is_refused_in_a_sentence(text):
    with pytest.raises(NotRunnable) as error:
        parse(Expression(GDAL, text))
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("format", ["python", "docker", "uri", "openeo", "", "GDAL-CALC"])
def test_other_formats_are_refused_by_name(format):
    with pytest.raises(NotRunnable, match=f"format {format!r} can't be computed here"):
        parse(Expression(format, "A"))


@pytest.mark.parametrize("value", [None, 5, ["A"], {"A": 1}])
def test_an_expression_is_text(value):
    with pytest.raises(NotRunnable, match="is text"):
        parse(Expression(RIO, value))


def test_gdal_calcs_letters():
    assert letters(3) == ("A", "B", "C") and letters(28)[-2:] == ("a", "b")
