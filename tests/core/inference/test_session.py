from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import ArtifactCorrupt, ArtifactMissing, NotRunnable, UsageError
from mlm_runner.core.inference import session
from mlm_runner.core.inference.check import check
from mlm_runner.core.inference.inspect import inspect
from mlm_runner.core.inference.plan import tile_of
from mlm_runner.core.inference.session import load
from mlm_runner.core.mlm.read import read


@pytest.fixture
def identity(network):
    def build(shape, type=TensorProto.FLOAT, **more):
        return network([helper.make_node("Identity", ["x"], ["y"])], [("x", shape, type)], [("y", shape, type)], **more)

    return build


def test_the_signature_is_what_the_file_takes_and_gives(identity):
    found = load(identity(("n", 3, 64, None), TensorProto.UINT8))
    assert found.inputs == (session.TensorInfo("x", (None, 3, 64, None), "uint8"),)
    assert found.outputs == (session.TensorInfo("y", (None, 3, 64, None), "uint8"),)
    assert found.provider == "CPUExecutionProvider"


def test_a_session_stays_loaded_until_its_file_changes(identity):
    file = identity((1, 1))
    first = load(file)
    assert load(file) is first
    assert load(identity((1, 2))) is not first


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x00" * 500, b"\x08\x07 broken"])
def test_what_is_no_model_is_a_sentence(tmp_path, content):
    file = tmp_path / "m.onnx"
    file.write_bytes(content)
    with pytest.raises(ArtifactCorrupt, match=r"m\.onnx can't be loaded as an ONNX model: .*publisher"):
        load(file)


def test_a_truncated_model_is_a_sentence(convolution):
    file = convolution(np.ones((8, 8, 3, 3)))
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtifactCorrupt, match="can't be loaded"):
        load(file)


def test_a_model_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ArtifactMissing, match=r"absent\.onnx can't be opened"):
        load(tmp_path / "absent.onnx")


def test_an_operation_of_another_world_is_a_sentence(tmp_path):
    import onnx

    node = helper.make_node("Teleport", ["x"], ["y"], domain="com.example")
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1,)) for n in ("x", "y")]
    graph = helper.make_graph([node], "g", values[:1], values[1:])
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.example", 1)]
    file = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), file)
    with pytest.raises(NotRunnable, match="uses an operation that onnxruntime"):
        load(file)


def test_a_provider_that_is_not_there_names_those_that_are(identity):
    with pytest.raises(UsageError, match=r"no provider 'warp'; it has .*cpu"):
        load(identity((1,)), "warp")


def findings(item, file: Path, raster_path: str) -> list[tuple[str, str]]:
    found = check(read(item), inspect([raster_path]), file, units="raw").fit.findings
    return [(f.level, f.text) for f in found]


@pytest.fixture
def image(raster):
    return raster(np.ones((2, 8, 8), np.float32), ["red", "nir"])


def test_sizes_that_the_item_declares_and_the_file_does_not_take_are_said(item, convolution, image):
    file = convolution(np.ones((2, 2, 1, 1)), shape=(1, None, 32, 32))
    declared = item(file, ["red", "nir"], shape=[-1, 2, 64, 64])
    said = findings(declared, file, image)
    assert ("note", "The item declares a height of 64; the file takes 32, which is used.") in said
    assert ("note", "The item declares a width of 64; the file takes 32, which is used.") in said


def test_more_classes_than_channels_is_an_error(item, convolution, image):
    file = convolution(np.ones((3, 2, 1, 1)))
    said = findings(item(file, ["red", "nir"], classes=5), file, image)
    assert ("error", "The item names 5 classes; the file's output has 3 channels.") in said


def test_an_output_that_is_no_map_is_an_error(item, network, image):
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    file = network(nodes, [("x", (1, 2, 8, 8), TensorProto.FLOAT)], [("y", (1, 2), TensorProto.FLOAT)])
    said = findings(item(file, ["red", "nir"]), file, image)
    assert any(level == "error" and "no map of pixels" in text for level, text in said)


def test_without_the_file_that_is_noted_and_nothing_is_claimed(item, convolution, image):
    file = convolution(np.ones((2, 2, 1, 1)))
    found = check(read(item(file, ["red", "nir"])), inspect([image]), None, units="raw")
    assert found.fit.fits and found.layout is None
    assert any("not on this machine yet" in f.text for f in found.fit.findings)


@pytest.mark.parametrize(("declared", "tile"), [(64, 64), (1024, 1024), (10980, 256), (-1, 256)])
def test_a_free_tile_is_the_declared_one_unless_that_is_a_whole_scene(item, convolution, image, declared, tile):
    file = convolution(np.ones((2, 2, 1, 1)))
    model = read(item(file, ["red", "nir"], shape=[-1, 2, declared, declared]))
    checked = check(model, inspect([image]), file, units="raw")
    assert tile_of(checked.layout) == (tile, tile)
