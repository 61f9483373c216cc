"""A legend keeps the item's colours and gives the other classes colours of their own, the same each time."""

from __future__ import annotations

import random
import re
from itertools import combinations

import pytest

from mlm_runner.core.mlm.legend import PALETTE, legend
from mlm_runner.core.mlm.model import ModelClass

NAMES = ["forest", "water", "urban", "meadow", "bare soil", "snow", "crops", "cloud", "shadow", "wetland"]


def classes(*names: str, **colors: str) -> list[ModelClass]:
    return [ModelClass(v, n, color=colors.get(n)) for v, n in enumerate(names)]


def colors(given: list[ModelClass]) -> dict[str, str]:
    return {e.label: e.color for e in legend(given)}


def difference(one: str, other: str) -> int:
    return sum(abs(a - b) for a, b in zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True))


def test_the_items_colours_are_kept():
    found = colors(classes("forest", "water", "urban", forest="00FF00", urban="123456"))
    assert (found["forest"], found["urban"]) == ("#00FF00", "#123456")


def test_two_classes_that_the_item_gives_one_colour_keep_it():
    assert set(colors(classes("a", "b", a="00FF00", b="00FF00")).values()) == {"#00FF00"}


@pytest.mark.parametrize("count", [1, 2, 10, 16, 17, 100, 300])
def test_no_colour_is_given_twice(count):
    found = list(colors(classes(*(f"class {n}" for n in range(count)))).values())
    assert len(set(found)) == count
    assert all(re.fullmatch(r"#[0-9A-F]{6}", color) for color in found)


@pytest.mark.parametrize("color", PALETTE)
def test_a_colour_of_the_item_is_given_to_no_other_class(color):
    found = colors(
        [ModelClass(0, "first"), ModelClass(1, "taken", color=color), *(ModelClass(v, f"c{v}") for v in range(2, 30))]
    )
    assert list(found.values()).count(f"#{color}") == 1


def test_ten_classes_can_be_told_apart():
    assert min(difference(a, b) for a, b in combinations(colors(classes(*NAMES)).values(), 2)) >= 40


@pytest.mark.parametrize("color", PALETTE)
def test_no_chosen_colour_is_near_to_one_of_the_item(color):
    near = f"{int(color, 16) ^ 1:06X}"
    given = colors(classes("theirs", *NAMES, theirs=near))
    assert min(difference(f"#{near}", c) for n, c in given.items() if n != "theirs") >= 40


def test_beyond_the_palette_too_the_items_colours_are_avoided():
    many = [ModelClass(v, f"c{v}") for v in range(30)]
    made = colors(many)["c29"]
    again = colors([*many, ModelClass(30, "theirs", color=made[1:])])
    assert list(again.values()).count(made) == 1


def test_a_name_alone_has_the_same_colour_whatever_its_value_and_case():
    found = {legend([ModelClass(value, name)])[0].color for value in (0, 7, 255) for name in ("Water", "water")}
    assert found == {"#EE3377"}  # gzip's CRC of "water", 4214428890, leaves 10 of 16


def test_the_order_in_the_item_does_not_change_colours():
    given = classes(*NAMES)
    mixed = random.Random(1).sample(given, len(given))
    assert legend(mixed) == legend(given)


def test_entries_are_by_value_with_title_before_name_and_nodata_marked():
    given = [
        ModelClass(255, "nodata", nodata=True),
        ModelClass(1, "water", title="Open water"),
        ModelClass(0, "", color="0A0B0C"),
    ]
    assert [(e.value, e.label, e.nodata) for e in legend(given)] == [
        (0, "0", False), (1, "Open water", False), (255, "nodata", True),
    ]  # fmt: skip


def test_no_classes_have_no_legend():
    assert legend([]) == ()
