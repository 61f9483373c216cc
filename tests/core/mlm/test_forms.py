"""What is no model Item of the forms 1.4 to 1.6 is refused in one sentence that names what it is."""

from __future__ import annotations

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.read import read

ADDRESS = "https://stac-extensions.github.io/mlm/v{}/schema.json"


@pytest.mark.parametrize("version", ["1.4.0", "1.5.0", "1.5.2", "1.6.0"])
def test_forms_1_4_to_1_6_are_read(version, item):
    model = read(item(item={"stac_extensions": [ADDRESS.format(version)]}))
    assert model.form == f"MLM {version[:3]}"


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (ADDRESS.format("1.3.0"), "1.3"),
        ("https://crim-ca.github.io/mlm-extension/v1.2.0/schema.json", "1.2"),
        (ADDRESS.format("2.0.0"), "2.0"),
        (ADDRESS.format("1.10.0"), "1.10"),
    ],
)
def test_another_form_is_refused_by_its_number(address, number, item):
    with pytest.raises(ItemUnreadable, match=f"^The item is in form MLM {number}, and only forms 1.4 to 1.6 are read"):
        read(item(item={"stac_extensions": [address]}))


def test_an_item_without_the_extensions_address_is_read_and_that_is_noted(item, removed):
    model = read(item(item={"stac_extensions": removed}))
    assert model.form == "MLM 1.5"
    assert [n.field for n in model.notes] == ["stac_extensions"]


@pytest.mark.parametrize("old", [{"norm_type": "z-score"}, {"statistics": [{"mean": 1, "stddev": 2}]}])
def test_a_norm_of_older_forms_is_never_dropped_in_silence(old, item, removed):
    with pytest.raises(ItemUnreadable, match=rf"MLM 1.0 to 1.3 did \({next(iter(old))}\)"):
        read(item(item={"stac_extensions": removed}, input={"value_scaling": removed, **old}))


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
        ({"properties": {"dlm:inputs": {}}}, "The item is in a draft form of MLM (dlm:inputs)"),
        ({"properties": {"mlm_input": {}}}, "The item is in a draft form of MLM (mlm_input)"),
        ({"mlm_name": "x", "mlm_input": []}, "This is a draft form of MLM (mlm_name) and no STAC Item"),
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
        ("draft/2023-12-09_stac_model_example.json", r"a draft form of MLM \(signatures\)"),
        ("draft/2024-01-09_c68dd72_stac_model_README_example.json", r"a draft form of MLM \(mlm_input\)"),
        ("draft/2024-02-15_stac_model_example.json", r"a draft form of MLM \(mlm_name\)"),
        ("draft/2024-02-25_example.json", r"a draft form of MLM \(mlm:name\)"),
        ("draft/2024-04-04_example_eo_bands.json", "MLM 1.0"),
        ("draft/sentinelhub_dl_sequential.json", "a draft form of MLM"),
        ("v1.0.0-beta.3/item.json", "a draft form of MLM"),
        ("v1.0.0/item_basic.json", "MLM 1.0"),
        ("v1.3.0/item_multi_io.json", "MLM 1.3"),
        ("wild/eotdl_eurosat.json", "MLM 1.2"),
        ("wild/terradue_waterBodies.json", "MLM 1.2"),
        ("wild/wherobots_landcover_eurosat.json", "MLM 1.2"),
        ("v1.5.2/collection.json", "a Collection"),
    ],
)
def test_a_published_file_of_another_form_is_refused_by_its_name(name, form, example):
    with pytest.raises(ItemUnreadable, match=form):
        read(example(name))
