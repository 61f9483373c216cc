"""Whether an Item or a Collection speaks of models; catalogs hold imagery as well, and few say what they hold.

An Item is told for certain. A Collection often gives no sign at all (the extension's own example gives none), so there
are three answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

EXTENSION = re.compile(r"/(mlm(-extension)?|dl-model|ml-model)/|^(dl-model|ml-model|mlm)$")
PREFIXES = ("mlm:", "dlm:", "mlm_", "ml-model:")
WORDS = re.compile(
    r"(?<![a-z])(mlm|models?|onnx|neural|networks?|(machine|deep)[ -]learning|classifiers?|u-?net|ai)(?![a-z])"
)

CLEAR, MAYBE, NO_SIGN = 2, 1, 0
"""How plainly a Collection says that it holds models."""


def describes_model(item: Mapping[str, Any]) -> bool:
    """Whether an Item is about a model, in whatever form: by its extensions, or by the prefix of a field."""
    return _extended(item) or _prefixed(item.get("properties"))


def sign_of_models(collection: Mapping[str, Any]) -> int:
    """Return CLEAR, MAYBE or NO_SIGN."""
    if _extended(collection) or _prefixed(collection.get("summaries")) or _prefixed(collection):
        return CLEAR
    assets = collection.get("item_assets")
    for asset in assets.values() if isinstance(assets, dict) else ():
        roles = asset.get("roles") if isinstance(asset, dict) else None
        if isinstance(roles, list) and "mlm:model" in roles:
            return CLEAR
    keywords = collection.get("keywords")
    said = [collection.get("id"), collection.get("title"), collection.get("description")]
    said += keywords if isinstance(keywords, list) else []
    text = " ".join(s for s in said if isinstance(s, str)).lower().replace("_", " ")
    return MAYBE if WORDS.search(text) else NO_SIGN


def _extended(thing: Mapping[str, Any]) -> bool:
    extensions = thing.get("stac_extensions")
    return isinstance(extensions, list) and any(isinstance(e, str) and EXTENSION.search(e) for e in extensions)


def _prefixed(fields: Any) -> bool:
    return isinstance(fields, dict) and any(isinstance(k, str) and k.startswith(PREFIXES) for k in fields)
