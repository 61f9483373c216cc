"""Each published form is recognised, and what is no model Item is refused in one sentence that names what it is."""

from __future__ import annotations

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.read import read

ADDRESS = "https://stac-extensions.github.io/mlm/v{}/schema.json"


@pytest.mark.parametrize(
    ("address", "form"),
    [
        (ADDRESS.format("1.4.0"), "MLM 1.4"),
        (ADDRESS.format("1.5.2"), "MLM 1.5"),
        (ADDRESS.format("1.6.0"), "MLM 1.6"),
        (ADDRESS.format("1.10.0"), "MLM 1.10"),
        ("https://crim-ca.github.io/mlm-extension/v1.2.0/schema.json", "MLM 1.2"),
    ],
)
def test_the_form_is_that_of_the_extensions_address(address, form, item):
    assert read(item(item={"stac_extensions": [address]})).form == form


def test_an_item_without_the_extensions_address_is_read_and_that_is_noted(item, removed):
    model = read(item(item={"stac_extensions": removed}))
    assert model.form == "MLM 1.5"
    assert [n.field for n in model.notes] == ["stac_extensions"]


@pytest.mark.parametrize("address", [ADDRESS.format("1.5.0"), ADDRESS.format("1.3.0")])
def test_a_norm_of_older_forms_is_converted_whatever_the_address_says(address, item, removed):
    old = {"norm_type": "z-score", "statistics": [{"mean": 1, "stddev": 2}, {"mean": 3, "stddev": 4}]}
    model = read(item(item={"stac_extensions": [address]}, input={"value_scaling": removed, **old}))
    assert [(s.type, s.mean, s.stddev) for s in model.inputs[0].value_scaling] == [("z-score", 1, 2), ("z-score", 3, 4)]
    assert any("value_scaling since MLM 1.4" in note.text for note in model.notes)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "Collection", "id": "c"}, "This is a Collection, not a model Item."),
        ({"type": "Catalog", "id": "c"}, "This is a Catalog, not a model Item."),
        ({"type": "FeatureCollection", "features": []}, "This is a FeatureCollection, not a model Item."),
        (
            {"type": "Feature", "geometry": None},
            "This is no STAC Item: it has no properties, and its type is 'Feature'.",
        ),
        ({}, "This is no STAC Item: it has no properties, and it has no type."),
        ({"properties": None, "type": []}, "This is no STAC Item: it has no properties, and it has no type."),
        ({"id": "lake", "properties": {"datetime": None}}, "The Item 'lake' describes no model: it has no mlm: field."),
        ({"properties": {"ml-model:type": "ml-model"}}, "The item is in the form of the ml-model extension"),
    ],
)
def test_what_is_no_model_item_is_named(given, said):
    with pytest.raises(ItemUnreadable) as error:
        read(given)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("draft/2023-12-09_stac_model_example.json", "draft of December 2023"),
        ("draft/2024-01-09_c68dd72_stac_model_README_example.json", "MLM draft of 2024"),
        ("draft/2024-02-15_stac_model_example.json", "MLM draft of 2024"),
        ("draft/2024-02-25_example.json", "MLM draft of 2024"),
        ("draft/2024-04-04_example_eo_bands.json", "MLM 1.0"),
        ("draft/sentinelhub_dl_sequential.json", "dlm v1.0.0-beta3"),
        ("draft/sentinelhub_ml_lightgbm.json", "dlm v1.0.0-beta3"),
        ("v1.0.0-beta.3/item.json", "dlm v1.0.0-beta3"),
        ("v1.0.0-beta2/item.json", "dlm v1.0.0-beta2"),
        ("v1.0.0/item_basic.json", "MLM 1.0"),
        ("v1.3.0/item_multi_io.json", "MLM 1.3"),
        ("v1.5.2/item_basic.json", "MLM 1.5"),
        ("wild/eotdl_eurosat.json", "MLM 1.2"),
        ("wild/terradue_waterBodies.json", "MLM 1.2"),
        ("wild/wherobots_landcover_eurosat.json", "MLM 1.2"),
    ],
)
def test_a_published_file_is_read_in_its_form(name, form, example):
    assert read(example(name)).form == form
