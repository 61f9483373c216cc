"""What is written is an Item of MLM 1.5 by the official schema, and reading it gives the model that was written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mlm_runner.core.errors import ItemUnreadable, OutputNotWritable
from mlm_runner.core.mlm.load import load_json
from mlm_runner.core.mlm.model import Model
from mlm_runner.core.mlm.read import read
from mlm_runner.core.mlm.write import save_item, write

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "mlm-examples"
"""Published items, beside the checkout where they are given; the project copies none of them."""


def items() -> list[Path]:
    found = (p for p in EXAMPLES.rglob("*.json") if p.parent.name != "schema" and p.name != "collection.json")
    return sorted(found)


def example_id(path: Path) -> str:
    return str(path.relative_to(EXAMPLES))


@pytest.fixture(scope="module")
def schema():
    """Return the errors of the official schema, with what it refers to from files beside it."""
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked in the development environment only")
    referencing = pytest.importorskip("referencing")
    registry = referencing.Registry()
    for path in (EXAMPLES / "schema").glob("*.json"):
        content = json.loads(path.read_text())
        for address in {content["$id"], content["$id"].rstrip("#")}:
            registry = registry.with_resource(address, referencing.Resource.from_contents(content))
    main = json.loads((EXAMPLES / "schema" / "mlm_v1.5.2.schema.json").read_text())
    validator = jsonschema.validators.validator_for(main)(main, registry=registry)
    return lambda item: [f"{list(e.path)}: {e.message[:200]}" for e in validator.iter_errors(item)]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the published items are not beside the checkout")
def test_all_forms_are_among_the_examples():
    forms = {read(load_json(p.read_bytes(), p.name)).form for p in items()}
    assert len(items()) == 40
    assert {"MLM 1.0", "MLM 1.2", "MLM 1.3", "MLM 1.4", "MLM 1.5", "dlm v1.0.0-beta3"} <= forms


@pytest.mark.parametrize("path", items(), ids=example_id)
def test_reading_what_was_written_gives_the_same_model(path):
    model = read(load_json(path.read_bytes(), path.name), str(path))
    again = read(json.loads(json.dumps(write(model))), str(path))
    assert same(again) == same(model)
    assert again.form == "MLM 1.5"


def same(model: Model) -> Model:
    """A model without how it was told."""
    return replace(model, notes=(), form="")


@pytest.mark.parametrize("path", items(), ids=example_id)
def test_what_is_written_is_valid(path, schema):
    assert schema(write(read(load_json(path.read_bytes(), path.name), str(path)))) == []


def test_a_task_without_a_word_in_the_form_is_refused(item):
    model = read(item(properties={"mlm:tasks": ["multi-modal"]}))
    with pytest.raises(ItemUnreadable, match="the task 'multi-modal', for which MLM 1.5 has no word"):
        write(model)


def test_an_item_is_saved_whole_or_not_at_all(tmp_path, item):
    save_item(write(read(item())), tmp_path / "new.json")
    assert read(load_json((tmp_path / "new.json").read_bytes(), "new.json")).id == "land-cover"
    with pytest.raises(OutputNotWritable, match="can't be written"):
        save_item({}, tmp_path / "nowhere" / "new.json")
    assert [p.name for p in tmp_path.iterdir()] == ["new.json"]
