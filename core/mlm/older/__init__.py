"""Older published forms of MLM, each rewritten a step towards the newest; what a step changes is noted.

Every step takes an item and gives an item, so the newest form's reader is the only one.
"""

from __future__ import annotations

import copy
from typing import Any, Mapping

from ...errors import ItemUnreadable
from ..model import Note
from .beta import from_beta
from .draft import from_draft
from .flat import from_flat
from .recognise import recognise
from .rewrite import Rewrite
from .signatures import from_signatures
from .wrap import wrapped

STEPS = {
    "signatures": (from_signatures, from_flat),
    "dlm beta": (from_beta, from_draft, from_flat),
    "draft": (from_draft, from_flat),
    "flat": (from_flat,),
}
"""What turns a family of forms into the newest one, in order."""


def newest(item: Mapping[str, Any], notes: list[Note]) -> tuple[dict[str, Any], str]:
    """Return `item` in the newest form, and the form that it was published in.

    Raises `ItemUnreadable` for what describes no model.
    """
    try:
        rewritten = wrapped(copy.deepcopy(dict(item)), notes)
    except RecursionError:
        raise ItemUnreadable("The item is nested too deeply to be read.") from None
    form, family = recognise(rewritten, notes)
    rewrite = Rewrite(rewritten, notes)
    for step in STEPS[family]:
        step(rewrite)
    return rewritten, form
