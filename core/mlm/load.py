"""JSON as it is published: comments and trailing commas, which some items have, are taken out and remembered."""

from __future__ import annotations

import json
import re
from typing import Any

from ..errors import ItemUnreadable

REPAIRED = "mlm_runner:repaired"
"""The member in which an object remembers what was taken out of its text; `read` makes notes of it."""

_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"?|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\\n]|\\.)*"?|,(?=\s*[}\]])', re.DOTALL)
"""Texts and comments that never end are taken to the end, so that no part of a file is looked at twice."""


def load_json(content: bytes, where: str) -> dict[str, Any]:
    """Return the JSON object in `content`; `where` names it in the error."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ItemUnreadable(f"{where} is no JSON file: byte {error.start} is no UTF-8 text.") from None
    try:
        value, repaired = _loads(text)
    except json.JSONDecodeError as error:
        kind = "a web page, not JSON" if content.lstrip()[:1] == b"<" else "no JSON"
        raise ItemUnreadable(f"{where} is {kind}: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise ItemUnreadable(f"{where} is nested too deeply to be an Item.") from None
    except ValueError as error:
        raise ItemUnreadable(f"{where} holds a number that can't be read: {error}.") from None
    if not isinstance(value, dict):
        raise ItemUnreadable(f"{where} holds a {type(value).__name__}, and an Item is an object.")
    if repaired:
        value[REPAIRED] = repaired
    return value


def _loads(text: str) -> tuple[Any, list[str]]:
    """Return the value, and what had to be taken out of the text; the error is that of the text as it was."""
    try:
        return json.loads(text), []
    except json.JSONDecodeError as error:
        without = _STRING_OR_COMMENT.sub(_blank, text)
        clean = _STRING_OR_COMMA.sub(lambda m: m[0] if m[0][0] == '"' else " ", without)
        try:
            value = json.loads(clean)
        except json.JSONDecodeError:
            raise error from None
    repaired = ["comments"] if without != text else []
    return value, repaired + (["trailing commas"] if clean != without else [])


def _blank(match: re.Match[str]) -> str:
    return match[0] if match[0][0] == '"' else " "
