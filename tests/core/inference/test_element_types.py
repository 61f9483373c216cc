"""Each element type of ONNX goes in and comes out as what it is, or is refused in a sentence that names it."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import NotRunnable
from mlm_runner.core.inference.element_types import NUMPY, data_type, rounded, why_not
from mlm_runner.core.inference.session import load

PASSED = [
    # ONNX's type, numpy's word, values at the ends of what it holds
    (TensorProto.FLOAT, "float32", [-3.4e38, 0.1, 2.5]),
    (TensorProto.DOUBLE, "float64", [-1.7e308, 0.1, 2.5]),
    (TensorProto.FLOAT16, "float16", [-65504, 0.5, 2.5]),
    (TensorProto.INT8, "int8", [-128, 0, 127]),
    (TensorProto.INT16, "int16", [-32768, 0, 32767]),
    (TensorProto.INT32, "int32", [-(2**31), 0, 2**31 - 1]),
    (TensorProto.INT64, "int64", [-(2**63), 0, 2**63 - 1]),
    (TensorProto.UINT8, "uint8", [0, 1, 255]),
    (TensorProto.UINT16, "uint16", [0, 1, 65535]),
    (TensorProto.UINT32, "uint32", [0, 1, 2**32 - 1]),
    (TensorProto.UINT64, "uint64", [0, 1, 2**64 - 1]),
    (TensorProto.BOOL, "bool", [False, True, True]),
]
FLOAT = TensorProto.FLOAT
VALUE = helper.make_tensor_value_info("x", FLOAT, ("n",))


@pytest.fixture
def model(tmp_path):
    """Write a network that onnx's own checker may refuse, and return its path."""

    def build(nodes, inputs, outputs, opset=21, ir=10, **domains):
        opsets = [
            helper.make_opsetid("", opset),
            *(helper.make_opsetid(d.replace("_", "."), n) for d, n in domains.items()),
        ]
        graph = helper.make_graph(nodes, "g", inputs, outputs)
        path = tmp_path / "m.onnx"
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=ir), path)
        return path

    return build


def node(operation: str, taken: str = "x", given: str = "y", **attributes):
    return helper.make_node(operation, [taken], [given], **attributes)


@pytest.fixture
def same(network):
    def build(kind):
        return load(network([node("Identity")], [("x", ("n",), kind)], [("y", ("n",), kind)]))

    return build


def test_every_type_that_numpy_has_is_tried():
    assert {word for _, word, _ in PASSED} == set(NUMPY.values())


@pytest.mark.parametrize(("kind", "word", "values"), PASSED)
def test_values_pass_unchanged(same, kind, word, values):
    found = same(kind)
    given = np.array(values, dtype=word)
    (made,) = found.run({"x": given}, ["y"])
    assert (found.inputs[0].data_type, found.inputs[0].why_not) == (word, "")
    assert made.dtype == given.dtype
    assert (made == given).all()


EXACT = [1.5, -2.25, 0.0, 1024.0, float("inf")]
"""Numbers that have at most 8 significant bits, all that a bfloat16 holds."""


def test_bfloat16_passes_as_float32(same):
    found = same(TensorProto.BFLOAT16)
    (made,) = found.run({"x": np.array(EXACT, np.float32)}, ["y"])
    assert [t.data_type for t in (*found.inputs, *found.outputs)] == ["bfloat16", "bfloat16"]
    assert made.dtype == np.float32
    assert made.tolist() == EXACT


def test_bfloat16_goes_in_and_out_beside_other_types_and_in_two_dimensions(model):
    typed = helper.make_tensor_value_info
    nodes = [node("Cast", given="f", to=FLOAT), node("Cast", "m", "g", to=FLOAT)]
    nodes += [helper.make_node("Add", ["f", "g"], ["s"]), node("Cast", "s", "y", to=TensorProto.BFLOAT16)]
    inputs = [typed("x", TensorProto.BFLOAT16, (2, "n")), typed("m", TensorProto.UINT8, (2, "n"))]
    found = load(model(nodes, inputs, [typed("y", TensorProto.BFLOAT16, (2, "n")), typed("s", FLOAT, (2, "n"))]))
    feeds = {"x": np.array([[0.5, 1], [2, 4]], np.float32), "m": np.array([[1, 2], [3, 4]], np.uint8).T}
    assert [a.tolist() for a in found.run(feeds, ["s", "y"])] == [[[1.5, 4], [4, 8]]] * 2
    assert found.run(feeds, ["y"])[0].shape == (2, 2)


def test_an_empty_bfloat16_stays_empty(same):
    assert same(TensorProto.BFLOAT16).run({"x": np.zeros(0, np.float32)}, ["y"])[0].shape == (0,)


@pytest.mark.parametrize(
    ("number", "bits"),  # by hand: sign, 8 bits of exponent, 7 of fraction
    [
        (1.0, 0x3F80),
        (-1.0, 0xBF80),
        (-0.0, 0x8000),
        (1 + 2**-8, 0x3F80),  # a tie between fractions 0 and 1: 0 is even
        (1 + 3 * 2**-8, 0x3F82),  # a tie between 1 and 2
        (1 + 2**-8 + 2**-20, 0x3F81),
        (3.4028234e38, 0x7F80),  # the largest float32 is beyond the largest bfloat16
        (float("inf"), 0x7F80),
        (float("-inf"), 0xFF80),
    ],
)
def test_numbers_are_rounded_to_the_nearest_bfloat16(number, bits):
    assert rounded(np.array([number], np.float32)).tolist() == [bits]


def test_a_nan_of_any_bits_stays_one():
    odd = np.array([0x7F800001, 0xFFFFFFFF], np.uint32).view(np.float32)
    assert np.isnan((rounded(odd).astype(np.uint32) << 16).view(np.float32)).all()


def test_rounding_is_that_of_onnxruntime(model):
    typed = helper.make_tensor_value_info("y", TensorProto.BFLOAT16, ("n",))
    found = load(model([node("Cast", to=TensorProto.BFLOAT16)], [VALUE], [typed]))
    numbers = np.random.default_rng(1).normal(scale=1e3, size=5000).astype(np.float32)
    (made,) = found.run({"x": numbers}, ["y"])
    assert (made.view(np.uint32) >> 16 == rounded(numbers)).all()


def test_an_onnxruntime_that_can_not_take_bfloat16_says_which_can(same, monkeypatch):
    monkeypatch.delattr(onnxruntime.OrtValue, "ortvalue_from_numpy_with_onnx_type")  # as before 1.20
    with pytest.raises(NotRunnable, match=r"takes bfloat16 numbers, .*onnxruntime 1\.20 or newer"):
        same(TensorProto.BFLOAT16)


SEQUENCE = helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))
MAPS = helper.make_sequence_type_proto(
    helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(FLOAT, None))
)
OPTIONAL = helper.make_optional_type_proto(helper.make_tensor_type_proto(FLOAT, ("n",)))


def typed(name: str, kind):
    make = helper.make_value_info if isinstance(kind, onnx.TypeProto) else helper.make_tensor_value_info
    return make(name, kind) if isinstance(kind, onnx.TypeProto) else make(name, kind, ("n",))


@pytest.mark.parametrize(
    ("kind", "operation", "says"),
    [
        (TensorProto.STRING, "Cast", "string: text"),
        (TensorProto.FLOAT8E4M3FN, "Cast", "float8e4m3fn: numbers of 8 bits"),
        (TensorProto.FLOAT8E5M2, "Cast", "float8e5m2: numbers of 8 bits"),
        (TensorProto.INT4, "Cast", "int4: numbers of less than a byte"),
        (TensorProto.UINT4, "Cast", "uint4: numbers of less than a byte"),
        (OPTIONAL, "OptionalGetElement", r"optional\(tensor\(float\)\): a value that may be absent"),
        (SEQUENCE, "ConcatFromSequence", r"seq\(tensor\(float\)\): a sequence"),
    ],
)
def test_an_input_that_no_band_can_fill_is_refused_when_the_file_is_loaded(model, kind, operation, says):
    more = {"Cast": {"to": FLOAT}, "ConcatFromSequence": {"axis": 0}}.get(operation, {})
    with pytest.raises(NotRunnable, match=rf"^m\.onnx takes the input 'x' as {says}.*publisher"):
        load(model([node(operation, **more)], [typed("x", kind)], [typed("y", FLOAT)]))


@pytest.mark.parametrize("kind", [TensorProto.COMPLEX64, TensorProto.COMPLEX128])
def test_complex_numbers_are_refused_with_their_type(model, kind):
    with pytest.raises(NotRunnable, match=r"has values of the type complex\d+, which onnxruntime"):
        load(model([node("Identity")], [typed("x", kind)], [typed("y", kind)]))


@pytest.mark.parametrize(
    ("kind", "nodes", "word"),
    [
        (SEQUENCE, [node("SequenceConstruct", given="o")], "seq(tensor(float))"),
        (OPTIONAL, [node("Optional", given="o")], "optional(tensor(float))"),
        (TensorProto.STRING, [node("Cast", given="o", to=TensorProto.STRING)], "string"),
        (
            MAPS,  # what scikit-learn's classifiers give beside their labels
            [node("Flatten", given="r", axis=1), node("ZipMap", "r", "o", domain="ai.onnx.ml", classlabels_int64s=[5])],
            "seq(map(int64,tensor(float)))",
        ),
    ],
)
def test_an_output_that_is_no_numbers_is_refused_only_when_it_is_asked_for(model, kind, nodes, word):
    outputs = [typed("o", kind), typed("y", FLOAT)]
    found = load(model([*nodes, node("Identity")], [VALUE], outputs, ai_onnx_ml=1))
    assert [t.data_type for t in found.outputs] == [word, "float32"]
    assert found.outputs[0].why_not and not found.outputs[1].why_not
    feeds = {"x": np.array([7.0], np.float32)}
    assert found.run(feeds, ["y"])[0].tolist() == [7.0]
    with pytest.raises(NotRunnable, match=r"m\.onnx gives the output 'o' as .*publisher"):
        found.run(feeds, ["o"])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("tensor(float)", "float32"),
        ("tensor(bfloat16)", "bfloat16"),
        ("seq(map(string,tensor(float)))", "seq(map(string,tensor(float)))"),
        ("sparse_tensor(float)", "sparse_tensor(float)"),
    ],
)
def test_onnxruntimes_words_become_numpys(text, word):
    assert data_type(text) == word


@pytest.mark.parametrize(
    ("word", "says"),
    [("float4e2m1", "less than a byte"), ("map(int64,tensor(float))", "a map"), ("sparse_tensor(float)", "a sparse"),
     ("float9", "not known here"), ("float32", ""), ("bfloat16", "")],
)  # fmt: skip
def test_a_type_that_can_not_be_used_has_its_reason(word, says):
    assert (says in why_not(word)) and bool(why_not(word)) == bool(says)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        ({"opset": 99}, r"for a newer onnxruntime than [\d.]+: it has opset 99 of ai\.onnx, which is known up to \d+"),
        ({"ai_onnx_ml": 99}, r"it has opset 99 of ai\.onnx\.ml, which is known up to \d+\. Set up the engine again"),
        ({"ir": 99}, r"was written for a newer onnxruntime .* it has IR version 99, which is known up to \d+\. Set up"),
    ],
)  # fmt: skip
def test_a_newer_format_is_said_with_its_number_and_the_known_one(model, build, says):
    with pytest.raises(NotRunnable, match=rf"^m\.onnx .*{says}"):
        load(model([node("Identity")], [VALUE], [typed("y", FLOAT)], **build))


@pytest.mark.parametrize(
    ("operation", "domains", "says"),
    [
        (node("Teleport", domain="com.example"), {"com_example": 1}, "com.example:Teleport"),
        (node("Teleport"), {}, "Teleport in opset 21"),
    ],
)
def test_an_unknown_operation_is_named(model, operation, domains, says):
    with pytest.raises(NotRunnable, match=rf"uses an operation that onnxruntime [\d.]+ does not have: {says}\. Ask"):
        load(model([operation], [VALUE], [typed("y", FLOAT)], **domains))


def test_an_operation_without_an_implementation_for_its_type_is_named(model):
    add = helper.make_node("Add", ["x", "x"], ["y"])
    kind = TensorProto.BFLOAT16
    with pytest.raises(NotRunnable, match=r"does not have for its element type: Add of opset 14\. .* in float32"):
        load(model([add], [typed("x", kind)], [typed("y", kind)]))
