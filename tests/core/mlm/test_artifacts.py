"""Which file of an item is the model to run, where it is, and why another one cannot be run."""

from __future__ import annotations

import pytest

from mlm_runner.core.mlm.read import read


@pytest.mark.parametrize(
    ("asset", "runnable"),
    [
        ({"mlm:artifact_type": "onnx"}, True),
        ({"mlm:artifact_type": "torch.save", "type": "application/octet-stream; framework=onnx"}, True),
        ({"mlm:artifact_type": "torch.save", "href": "m.ONNX"}, True),
        ({"href": "pkg:pypi/somewhere@1.0#folder/m.onnx"}, True),
        ({"href": "https://example.com/m.onnx?token=1"}, True),
        ({"roles": []}, True),
        ({"mlm:artifact_type": "torch.save", "type": "", "href": "m.pt"}, False),
        ({"href": "s3://bucket/m.onnx"}, False),
        ({"mlm:artifact_type": "", "type": "", "href": "model"}, False),
    ],
)
def test_a_file_is_onnx_by_its_own_type_or_name(asset, runnable, item):
    given = item(properties={"mlm:framework": "ONNX"}, asset=asset)
    assert read(given).runnable is runnable


@pytest.mark.parametrize(
    ("asset", "kind"),
    [
        ({"mlm:artifact_type": "torch.jit.save"}, "TorchScript"),
        ({"mlm:artifact_type": "torch.export.save"}, "an exported PyTorch program"),
        ({"mlm:artifact_type": "safetensors.torch.save_file"}, "safetensors weights"),
        ({"mlm:artifact_type": "tf.keras.Model.save"}, "TensorFlow"),
        ({"mlm:artifact_type": "pickle.dump"}, "a Python pickle"),
        ({"mlm:artifact_type": "x", "href": "m.bin"}, "a file of unknown kind"),
    ],
)
def test_what_is_not_onnx_is_called_by_what_it_is(asset, kind, item):
    model = read(item(asset={"type": "", "href": "m", **asset}))
    assert model.why_not.startswith(f"The model comes as {kind}, and only ONNX runs here.")


def test_an_item_without_a_model_file_says_so(item):
    assert read(item(item={"assets": {}})).why_not.startswith("The item names no model file.")


def test_code_with_the_role_of_the_model_is_not_the_model(item):
    model = read(item(asset={"roles": ["mlm:model", "mlm:source_code"], "type": "text/x-python", "href": "m.py",
                             "mlm:artifact_type": "torch.save"}))  # fmt: skip
    assert model.artifacts == ()


def test_the_onnx_file_comes_first(item):
    given = item()
    given["assets"] = {
        "a": {"href": "m.pt", "roles": ["mlm:model"], "mlm:artifact_type": "torch.save"},
        **given["assets"],
    }
    assert [a.key for a in read(given).artifacts] == ["model", "a"]


@pytest.mark.parametrize(
    ("href", "base", "found"),
    [
        ("m.onnx", "https://example.com/a/item.json", "https://example.com/a/m.onnx"),
        ("./m.onnx", "/data/models/item.json", "/data/models/m.onnx"),
        ("../m.onnx", "/data/models/item.json", "/data/m.onnx"),
        ("/srv/m.onnx", "/data/models/item.json", "/srv/m.onnx"),
        ("https://example.com/m.onnx", "/data/item.json", "https://example.com/m.onnx"),
        ("m.onnx", "", "m.onnx"),
        (
            "https://github.com/someone/models/blob/main/m.onnx",
            "",
            "https://raw.githubusercontent.com/someone/models/main/m.onnx",
        ),
    ],
)
def test_an_address_is_resolved_against_the_items_own(href, base, found, item):
    assert read(item(asset={"href": href}), base).artifacts[0].href == found


@pytest.mark.parametrize("href", ["file:///etc/passwd.onnx", "C:\\\\secret\\\\m.onnx", "s3://bucket/m.onnx"])
def test_an_item_from_the_web_can_not_have_a_file_of_this_machine_opened(href, item):
    changed = item()
    changed["assets"] = {"model": {"href": href, "roles": ["mlm:model"], "mlm:artifact_type": "onnx"}}
    found = read(changed, "https://example.com/item.json")
    assert not found.runnable and href[:3] in found.why_not
