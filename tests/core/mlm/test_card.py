"""The card of a model says what its item says, in plain words, and nothing of an item gets out of its place."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mlm_runner.core.mlm import card
from mlm_runner.core.mlm.model import Note, ValueScaling
from mlm_runner.core.mlm.parts import SCALINGS
from mlm_runner.core.mlm.read import read


def item(**properties):
    """A small land-cover model with two bands and three classes."""
    tensor = {"shape": [-1, 2, -1, -1], "dim_order": ["batch", "bands", "height", "width"], "data_type": "float32"}
    given = {
        "name": "x",
        "bands": ["red", "nir"],
        "input": tensor,
        "value_scaling": [
            {"type": "z-score", "mean": 1354.4, "stddev": 245.7},
            {"type": "min-max", "minimum": 0, "maximum": 255},
        ],
    }
    output = {
        "name": "y",
        "tasks": ["semantic-segmentation"],
        "result": {**tensor, "shape": [-1, 3, -1, -1]},
        "classification:classes": [
            {"value": 0, "name": "nothing", "nodata": True},
            {"value": 1, "name": "forest", "title": "Forest", "color_hint": "228833"},
            {"value": 2, "name": "water", "description": "lakes and rivers", "color_hint": "4477AA"},
        ],
    }
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.0/schema.json"],
        "id": "land-cover",
        "geometry": None,
        "bbox": [-79.5, 35.0, -78.0, 36.5],
        "links": [],
        "properties": {
            "datetime": "2000-05-01T00:00:00Z",
            "title": "Land Cover",
            "mlm:name": "landcover",
            "mlm:architecture": "MLP",
            "mlm:tasks": ["semantic-segmentation"],
            "mlm:input": [given],
            "mlm:output": [output],
            "gsd": 28.5,
            "license": "CC-BY-4.0",
            "providers": [{"name": "Somebody's Lab"}],
            "sci:citation": "Somebody (2001), Land.",
            "sci:doi": "10.1234/abc.5",
            **properties,
        },
        "assets": {
            "model": {
                "href": "model.onnx",
                "type": "application/octet-stream; framework=onnx",
                "roles": ["mlm:model"],
                "mlm:artifact_type": "onnx",
                "file:size": 412345,
            }
        },
    }


class Tags(HTMLParser):
    """Collects what a browser would see as tags, and the addresses in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize(
    "said",
    [
        "Made by: Somebody's Lab",
        "Licence: CC-BY-4.0",
        "Citation: Somebody (2001), Land.",
        "Area: 79.5° W to 78° W, 35° N to 36.5° N",
        "Time: 2000-05-01",
        "Pixel size: 28.5 m",
        "Band red: less the mean 1354.4, divided by the standard deviation 245.7 (z-score: mean 1354.4, stddev 245.7)",
        "Band nir: stretched so that 0 becomes 0 and 255 becomes 1 (min-max: minimum 0, maximum 255)",
        "Class 1: Forest (#228833)",
        "Class 2: water: lakes and rivers (#4477AA)",
        "Tensor: float32, batch (any) x bands (2) x height (any) x width (any)",
    ],
)
def test_the_card_says(said):
    assert said in card.card(read(item())).splitlines()


def test_the_list_shows_classes_without_nodata_bands_resolution_and_size():
    assert card.summary(read(item())) == "2 classes, 2 bands, 28.5 m, 0.4 MB"


@pytest.mark.parametrize(
    ("size", "words"), [(412345, "0.4 MB"), (36_000_000, "36 MB"), (2_340_000_000, "2.3 GB"), (900, "0.9 kB")]
)
def test_sizes_have_sensible_digits(size, words):
    assert card.bytes_in_words(size) == words


def test_every_scaling_of_the_specification_has_words():
    assert set(card.SCALINGS) == set(SCALINGS)
    full = {"minimum": 1.0, "maximum": 2.0, "mean": 3.0, "stddev": 4.0, "value": 5.0}
    for kind, fields in SCALINGS.items():
        words = card.SCALINGS[kind](ValueScaling(kind, **{f: full[f] for f in fields}))
        assert all(f"{full[f]:g}" in words for f in fields), kind


def test_a_hostile_item_gets_no_tag_and_no_address_into_the_card():
    evil = '<img src="http://x/y.png"><script>alert(1)</script>"\'>'
    html = card.card_html(read(item(title=evil, description=evil, license=evil, **{"sci:doi": f"10.1234/{evil}"})))
    tags = Tags(html)
    assert tags.seen <= {"h2", "h3", "p", "table", "tr", "td", "i", "a", "span"}
    assert tags.addresses == []


def test_only_a_true_doi_becomes_a_link():
    assert Tags(card.card_html(read(item()))).addresses == ["https://doi.org/10.1234/abc.5"]
    assert Tags(card.card_html(read(item(**{"sci:doi": "javascript:alert(1)"})))).addresses == []


def test_a_class_shows_its_colour_in_html():
    html = card.card_html(read(item()))
    assert re.search(r"background-color:#228833[^<]*</span> Forest", html)


def test_a_world_wide_model_for_any_time_says_so_in_words():
    data = item(datetime=None, start_datetime="1900-01-01T00:00:00Z", end_datetime="9999-12-31T23:59:59Z")
    data["bbox"] = [-180, -90, 180, 90]
    lines = card.card(read(data)).splitlines()
    assert "Area: the whole Earth" in lines
    assert not any(line.startswith("Time") for line in lines)


def test_a_band_of_which_nothing_is_known_is_listed_all_the_same():
    data = item()
    data["properties"]["mlm:input"][0]["value_scaling"] = None
    assert "Band nir: values as they are" in card.card(read(data)).splitlines()


def test_a_withdrawn_model_says_so_first():
    lines = card.card(read(item(deprecated=True))).splitlines()
    assert "Deprecated: The publisher has withdrawn this model; look for a newer one." in lines


def test_a_band_says_how_its_stored_values_are_meant():
    described = {"name": "red", "data_type": "uint16", "nodata": 0, "raster:scale": 0.0001, "raster:offset": -0.1}
    lines = card.card(read(item(bands=[described]))).splitlines()
    assert any(line.startswith("Band red: uint16; nodata 0, scale 0.0001, offset -0.1; less") for line in lines)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (Note("f", "Why.", "old", "new"), "f: Why. (old becomes new)"),
        (Note("f", "Why.", "old", None), "f: Why. (old)"),
        (Note("f", "Why.", None, "new"), "f: Why. (taken: new)"),
        (Note("f", "It is called new.", None, "new"), "f: It is called new."),
        (Note("f", "Why.", "same", "same"), "f: Why. (same)"),
        (Note("f", "Why.", 0, False), "f: Why. (0 becomes False)"),
    ],
)
def test_a_note_shows_the_values_before_and_after(note, said):
    assert said in card.card(replace(read(item()), notes=(note,))).splitlines()
