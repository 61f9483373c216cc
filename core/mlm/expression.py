"""Expressions of `gdal-calc` and `rio-calc`: parsed against an allow-list, never evaluated as code.

gdal-calc calls the bands A, B, C ... in their order and knows numpy's functions; rio-calc, as items use it, calls
bands by name: "(B08 - B04) / (B08 + B04)". What is parsed here is computed on arrays by `core.inference.expressions`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Sequence, Union

from ..errors import NotRunnable
from .model import Expression

FORMATS = ("gdal-calc", "rio-calc")
LENGTH_LIMIT, NODE_LIMIT = 2_000, 400

FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("abs", "absolute", "sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan"), (1, 1)),
    **dict.fromkeys(("arcsin", "arccos", "arctan", "tanh", "sinh", "cosh", "floor", "ceil", "rint", "sign"), (1, 1)),
    **dict.fromkeys(("logical_not", "isnan", "isfinite", "nan_to_num", "square"), (1, 1)),
    **dict.fromkeys(("minimum", "maximum", "power", "fmin", "fmax", "arctan2", "mod"), (2, 2)),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor", "equal", "not_equal"), (2, 2)),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal"), (2, 2)),
    **dict.fromkeys(("where", "clip"), (3, 3)),
}
"""The functions that may be called, with the least and the most arguments; they are numpy's of the same name."""

OPERATORS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Mod: "%", ast.FloorDiv: "//",
    ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.UAdd: "+x", ast.USub: "-x", ast.Invert: "~x", ast.Not: "~x",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
"""Python's operators that may stand in an expression, by the name under which they are computed."""

_NUMPY = ("numpy", "np")
_LETTER = re.compile(r"[A-Za-z]")

Tree = Union["Call", "Name", "float"]


@dataclass(frozen=True)
class Name:
    """A band, by its name or its gdal-calc letter."""

    name: str


@dataclass(frozen=True)
class Call:
    """An operator or function and what it is applied to."""

    function: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class Parsed:
    """An expression that can be computed, and the names of bands in it, in order of appearance."""

    tree: Tree
    names: tuple[str, ...]


def parse(expression: Expression) -> Parsed:
    """Return `expression` as a tree; raises `NotRunnable` with what is not allowed in it."""
    if expression.format not in FORMATS:
        raise NotRunnable(f"An expression in the format {expression.format!r} can't be computed here; {_known()}.")
    text = expression.expression
    if not isinstance(text, str) or len(text) > LENGTH_LIMIT:
        raise NotRunnable(f"A {expression.format} expression is text of at most {LENGTH_LIMIT} characters.")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotRunnable(f"The {expression.format} expression {_short(text)} can't be understood.") from None
    if sum(1 for _ in ast.walk(body)) > NODE_LIMIT:
        raise NotRunnable(f"The {expression.format} expression {_short(text)} is too long to be computed.")
    names: list[str] = []
    return Parsed(_tree(body, text, names), tuple(dict.fromkeys(names)))


def letters(count: int) -> tuple[str, ...]:
    """Return gdal-calc's names of that many bands: A to Z, then a to z."""
    alphabet = [chr(c) for c in (*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1))]
    return tuple(alphabet[:count])


def by_letters(expression: Expression, parsed: Parsed) -> bool:
    """Whether an expression calls its bands A, B, C and not by their names."""
    return expression.format == "gdal-calc" and all(_LETTER.fullmatch(name) for name in parsed.names)


def _tree(node: ast.AST, text: str, names: list[str]) -> Tree:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, complex):
        return float(node.value)
    if isinstance(node, ast.Name):
        names.append(node.id)
        return Name(node.id)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return Call(OPERATORS[type(node.op)], (_tree(node.left, text, names), _tree(node.right, text, names)))
    if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
        return Call(OPERATORS[type(node.op)], (_tree(node.operand, text, names),))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
        sides = (_tree(node.left, text, names), _tree(node.comparators[0], text, names))
        return Call(OPERATORS[type(node.ops[0])], sides)
    if isinstance(node, ast.Call) and not node.keywords:
        return _call(node, text, names)
    raise NotRunnable(f"{_what(node)} in the expression {_short(text)} is not allowed; it was not computed.")


def _call(node: ast.Call, text: str, names: list[str]) -> Call:
    function = _function(node.func)
    if function not in FUNCTIONS:
        shown = ast.unparse(node.func)[:60]
        raise NotRunnable(f"The function {shown} in the expression {_short(text)} is not allowed; it was not called.")
    least, most = FUNCTIONS[function]
    if not least <= len(node.args) <= most:
        raise NotRunnable(f"The function {function} in the expression {_short(text)} takes {least} arguments.")
    return Call(function, _arguments(node.args, text, names))


def _arguments(nodes: Sequence[ast.expr], text: str, names: list[str]) -> tuple[Tree, ...]:
    return tuple(_tree(argument, text, names) for argument in nodes)


def _function(node: ast.AST) -> str:
    """Return the name of a called function: "where", or the same of numpy ("numpy.where", "np.where")."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _NUMPY:
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _what(node: ast.AST) -> str:
    return f"The part {ast.unparse(node)[:60]!r} ({type(node).__name__.lower()})"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


def _known() -> str:
    return f"{' and '.join(FORMATS)} are"
