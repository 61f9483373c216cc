"""Texts as identifiers and names, within the patterns that specifications set."""

from __future__ import annotations

import re


def slug(text: str) -> str:
    """Return `text` in lower case letters, digits and hyphens; "model" where nothing of it can be one."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "model"


def class_name(text: str) -> str:
    """Return `text` as the name of a class (classification extension 2: letters, digits, - and _), its case kept."""
    return re.sub(r"[^0-9A-Za-z_-]+", "-", text).strip("-") or "class"


def model_name(text: str) -> str:
    """Return `text` as an `mlm:name` (MLM 1.5: a letter first, then letters, digits, spaces, and the signs . _ -)."""
    name = re.sub(r"[^a-zA-Z0-9_.\-\s]+", "-", text).strip("-_. \t\n")
    if not re.match(r"[a-zA-Z]", name):
        name = f"model {name}".strip()
    return name if len(name) > 2 else f"{name} model"
