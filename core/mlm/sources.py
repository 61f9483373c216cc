"""Which bands a raster must have for an input: those fed as they are, and those that computed bands are made of."""

from __future__ import annotations

from typing import Optional, Sequence

from ..errors import NotRunnable
from .bandinfo import complete
from .expression import Parsed, by_letters, parse
from .model import Band, Expression, ModelInput, Note, ValueScaling


def sources_of(bands: Sequence[Band], functions: Sequence[Expression], known: Sequence[Band]) -> tuple[Band, ...]:
    """Return the measured bands in their order, then those that expressions name besides; `known` describes bands."""
    found = [band for band in bands if band.expression is None]
    named = {band.name for band in bands}
    for expression in (*(b.expression for b in bands if b.expression is not None), *functions):
        parsed = parsed_or_none(expression)
        if parsed is None or (by_letters(expression, parsed) and expression in functions):
            continue
        for name in parsed.names:
            if name not in named:
                named.add(name)
                unused: list[Note] = []
                found.append(complete(Band(name), list(known), "", unused))
    return tuple(found)


def parsed_or_none(expression: Expression) -> Optional[Parsed]:
    """Return an expression as a tree, or None where it can't be computed; `parse` tells why."""
    try:
        return parse(expression)
    except NotRunnable:
        return None


def channels(given: ModelInput, skip_functions: bool = False) -> int:
    """Return how many channels the network gets: the bands, or one where a function makes one of several."""
    count = len(given.fed)
    for function in () if skip_functions else given.pre_processing:
        parsed = parsed_or_none(function)
        if parsed is not None and not for_each(function, parsed, given):
            count = 1
    return count


def for_each(function: Expression, parsed: Parsed, given: ModelInput) -> bool:
    """Whether a function is applied to each channel: its one name is A, or a word that is no band."""
    if len(parsed.names) != 1:
        return not parsed.names
    return by_letters(function, parsed) or parsed.names[0] not in {b.name for b in (*given.fed, *given.sources)}


def scalings(given: ModelInput, skip_functions: bool = False) -> tuple[Optional[ValueScaling], ...]:
    """Return one entry for each channel: one for all is repeated, none is None."""
    count = channels(given, skip_functions)
    if len(given.value_scaling) == 1:
        return given.value_scaling * count
    return given.value_scaling or (None,) * count


def source_scalings(given: ModelInput, skip_functions: bool = False) -> tuple[Optional[ValueScaling], ...]:
    """Return the scaling that each source band's own values meet: none for those that only expressions use.

    Where functions change the values before they are scaled, the scaling says nothing of them; where the functions are
    skipped, since the data has been through them, it says all.
    """
    if given.pre_processing and not skip_functions:
        return (None,) * len(given.sources)
    each = scalings(given, skip_functions)
    measured = [scaling for band, scaling in zip(given.fed, each) if band.expression is None]
    return (*measured, *(None,) * (len(given.sources) - len(measured)))
