import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.inference.graph import facts

IMAGE = ("n", 2, "h", "w")


@pytest.fixture
def told(network):
    """Return (activation, radius) of the output y of a chain of nodes."""

    def go(nodes, constants=None, shape=IMAGE):
        values = [("x", IMAGE, TensorProto.FLOAT)], [("y", shape, TensorProto.FLOAT)]
        found = facts(network(nodes, *values, constants))
        return found.ends_in.get("y"), found.radius["y"]

    return go


def conv(source, target, weights, **more):
    return helper.make_node("Conv", [source, weights], [target], **more)


def weights(rows):
    return np.zeros((2, 2, rows, rows), np.float32)


def test_convolutions_in_a_row_see_as_far_as_all_together(told):
    # 3 x 3 sees 1, 3 x 3 dilated by 2 sees 2, 5 x 5 sees 2: 5 in all, by hand.
    nodes = [
        conv("x", "a", "w3", pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"]),
        conv("b", "c", "w3", pads=[2] * 4, dilations=[2, 2]),
        conv("c", "y", "w5", pads=[2] * 4),
    ]
    assert told(nodes, {"w3": weights(3), "w5": weights(5)}) == ("", 5)


def test_of_two_branches_the_farther_one_counts(told):
    nodes = [
        conv("x", "a", "w3", pads=[1] * 4),
        conv("x", "b", "w5", pads=[2] * 4),
        helper.make_node("Add", ["a", "b"], ["y"]),
    ]
    assert told(nodes, {"w3": weights(3), "w5": weights(5)})[1] == 2


@pytest.mark.parametrize(
    "nodes",
    [
        [conv("x", "y", "w3", pads=[1] * 4, strides=[2, 2])],
        [
            helper.make_node("GlobalAveragePool", ["x"], ["p"]),
            helper.make_node("Mul", ["x", "p"], ["y"]),
        ],
    ],
)
def test_what_sees_an_unknown_distance_is_not_guessed(told, nodes):
    assert told(nodes, {"w3": weights(3)})[1] is None


@pytest.mark.parametrize(("last", "activation"), [("Softmax", "softmax"), ("Sigmoid", "sigmoid"), ("Relu", None)])
def test_the_activation_is_found_behind_a_change_of_arrangement(told, last, activation):
    nodes = [
        helper.make_node(last, ["x"], ["a"]),
        helper.make_node("Transpose", ["a"], ["y"], perm=[0, 2, 3, 1]),
    ]
    assert told(nodes, shape=("n", "h", "w", 2))[0] == activation
