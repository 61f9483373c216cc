"""Whether an entry of a catalog is one that was searched for, and how well, by all that it says in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from ..mlm.model import Model

_WORD = re.compile(r"[^\s,;]+")


def words(text: str) -> tuple[str, ...]:
    """Return the words of a search, all of which must be found; hyphens are blanks within a word."""
    return tuple(filter(None, map(_plain, _WORD.findall(text))))


def relevance(wanted: Iterable[str], model: Optional[Model], item: Mapping[str, Any]) -> int:
    """Return 0 if a word is missing, and else 1 more than the number of words found in the title, name or id."""
    named, rest = _texts(model, item)
    score = 1
    for word in wanted:
        if word in named:
            score += 1
        elif word not in rest:
            return 0
    return score


def has_task(task: str, tasks: Iterable[str]) -> bool:
    """Whether `task` is among them; blanks, hyphens and underscores are the same, as they are among publishers."""
    wanted = _plain(task)
    return not wanted or any(_plain(t) == wanted for t in tasks)


def raw_tasks(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tasks of an item that could not be read as a model."""
    properties = item.get("properties")
    tasks = properties.get("mlm:tasks") if isinstance(properties, dict) else None
    return tuple(t for t in tasks if isinstance(t, str)) if isinstance(tasks, list) else ()


def raw_title(item: Mapping[str, Any]) -> str:
    """Return what to call an item that could not be read as a model."""
    properties = item.get("properties")
    fields = properties if isinstance(properties, dict) else {}
    return next(
        (t for t in (fields.get("title"), fields.get("mlm:name"), item.get("id")) if isinstance(t, str) and t), ""
    )


def _texts(model: Optional[Model], item: Mapping[str, Any]) -> tuple[str, str]:
    if model is None:
        properties = item.get("properties")
        fields = properties if isinstance(properties, dict) else {}
        rest = [str(fields.get(k, "")) for k in ("description", "keywords", "mlm:architecture")]
        return _joined([raw_title(item), str(item.get("id", ""))]), _joined([*rest, *raw_tasks(item)])
    rest = [model.description, model.architecture, *model.keywords, *model.tasks]
    for model_input in model.inputs:
        for band in model_input.fed:
            rest += [band.name, band.common_name]
    for output in model.outputs:
        rest += output.tasks
        for model_class in output.classes:
            rest += [model_class.name, model_class.title, model_class.description]
    return _joined([model.title, model.name, model.id]), _joined(rest)


def _joined(texts: Iterable[str]) -> str:
    """Return the text in which words are looked for: with blanks for hyphens, and without any ("unet" finds U-Net)."""
    text = "\n".join(texts)
    return f"{_plain(text)}\n{re.sub('[-_]', '', text).casefold()}"


def _plain(text: str) -> str:
    return re.sub("[-_]", " ", text).strip().casefold()
