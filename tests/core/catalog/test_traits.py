"""Telling models from imagery, from the signs that published items and collections give."""

from __future__ import annotations

import pytest

from mlm_runner.core.catalog.traits import CLEAR, MAYBE, NO_SIGN, describes_model, sign_of_models


@pytest.mark.parametrize(
    "item",
    [
        {"stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.2/schema.json"]},
        {"stac_extensions": ["https://crim-ca.github.io/mlm-extension/v1.2.0/schema.json"]},
        {"stac_extensions": ["https://schemas.stacspec.org/v1.0.0-beta.3/extensions/dl-model/json-schema/schema.json"]},
        {"stac_extensions": ["dl-model"]},
        {"properties": {"mlm:name": "x"}},
        {"properties": {"dlm:inputs": []}},
    ],
)
def test_a_model_is_told_by_its_extension_or_its_fields(item: dict) -> None:
    assert describes_model(item)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"properties": {"eo:cloud_cover": 1, "model": "x"}, "stac_extensions": [None, 3]},
        {"stac_extensions": ["https://stac-extensions.github.io/eo/v1.1.0/schema.json"], "properties": None},
    ],
)
def test_an_image_is_no_model(item: dict) -> None:
    assert not describes_model(item)


@pytest.mark.parametrize(
    ("collection", "sign"),
    [
        ({"id": "x", "summaries": {"mlm:tasks": []}}, CLEAR),
        ({"id": "x", "item_assets": {"weights": {"roles": ["mlm:model"]}}}, CLEAR),
        ({"id": "x", "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.0/schema.json"]}, CLEAR),
        ({"id": "base-models"}, MAYBE),
        ({"id": "x", "keywords": ["machine learning"]}, MAYBE),
        ({"id": "ML_Models"}, MAYBE),
        ({"id": "sentinel-2-l2a", "description": "Multispectral imagery"}, NO_SIGN),
        ({"id": "x", "description": "remodelled airfields"}, NO_SIGN),
        ({}, NO_SIGN),
        ({"id": 3, "item_assets": [], "keywords": "x", "summaries": None}, NO_SIGN),
    ],
)
def test_a_collection_says_it_plainly_or_perhaps_or_not_at_all(collection: dict, sign: int) -> None:
    assert sign_of_models(collection) == sign
