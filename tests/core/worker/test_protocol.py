"""Whatever comes down the pipe, the next message is still read."""

from __future__ import annotations

import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlm_runner.core import errors
from mlm_runner.core.worker.protocol import (
    INVALID_REQUEST,
    PARSE_ERROR,
    Channel,
    Malformed,
    Reply,
    Request,
    decode,
    encode,
    error_from,
    error_object,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
params = st.dictionaries(st.text(), values, max_size=4)
ids = st.integers() | st.text()
GOOD = b'{"jsonrpc":"2.0","method":"good","id":7}\n'


@given(method=st.text(), params=params, id=ids | st.none())
def test_a_request_arrives_as_it_was_sent_in_one_line(method, params, id):
    line = encode(Request(method, params, id))
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode(line) == Request(method, params, id)


@given(id=ids, result=values)
def test_a_result_arrives_as_it_was_sent(id, result):
    assert decode(encode(Reply(id, result))) == Reply(id, result)


def test_a_message_is_json_rpc_as_the_specification_writes_it():
    assert json.loads(encode(Request("subtract", {"minuend": 42}, 3))) == {
        "jsonrpc": "2.0",
        "method": "subtract",
        "params": {"minuend": 42},
        "id": 3,
    }
    assert json.loads(encode(Reply(3, 19))) == {"jsonrpc": "2.0", "result": 19, "id": 3}
    assert "id" not in json.loads(encode(Request("progress")))


@given(line=st.binary(max_size=60).map(lambda b: b.replace(b"\n", b"")))
def test_any_bytes_are_survived_and_the_next_message_is_read(line):
    messages = list(Channel(io.BytesIO(line + b"\n" + GOOD), io.BytesIO()).messages())
    assert messages[-1] == Request("good", {}, 7)
    assert all(isinstance(message, Malformed) for message in messages[:-1])


@pytest.mark.parametrize(
    ("line", "code", "id"),
    [
        (b"{", PARSE_ERROR, None),
        (b"\xff\xfe", PARSE_ERROR, None),
        (b"[" * 100_000, PARSE_ERROR, None),
        (b"[]", INVALID_REQUEST, None),
        (b'{"method":"old","id":1}', INVALID_REQUEST, None),
        (b'{"jsonrpc":"2.0","method":"positional","params":[1],"id":4}', INVALID_REQUEST, 4),
        (b'{"jsonrpc":"2.0","method":3,"id":4}', INVALID_REQUEST, 4),
        (b'{"jsonrpc":"2.0","method":"m","id":[1]}', INVALID_REQUEST, None),
        (b'{"jsonrpc":"2.0","id":4}', INVALID_REQUEST, 4),
        (b'{"jsonrpc":"2.0","id":4,"result":1,"error":{}}', INVALID_REQUEST, 4),
        (b'{"jsonrpc":"2.0","id":4,"error":"words"}', INVALID_REQUEST, 4),
    ],
)
def test_a_line_that_is_no_message_gets_the_specifications_code(line, code, id):
    message = decode(line)
    assert isinstance(message, Malformed)
    assert (message.code, message.id) == (code, id)


def test_a_line_over_the_limit_is_left_out_and_the_next_is_read():
    channel = Channel(io.BytesIO(b"x" * 1000 + b"\n" + GOOD), io.BytesIO(), max_line=100)
    too_long, good = channel.messages()
    assert isinstance(too_long, Malformed) and "100 bytes" in too_long.text
    assert good == Request("good", {}, 7)


def test_a_message_over_the_limit_is_refused_by_its_sender():
    out = io.BytesIO()
    with pytest.raises(ValueError, match="longer than the 100"):
        Channel(io.BytesIO(), out, max_line=100).send(Request("m", {"text": "x" * 100}, 1))
    assert out.getvalue() == b""


def test_a_message_cut_off_by_the_end_is_no_message():
    (cut,) = Channel(io.BytesIO(GOOD[:20]), io.BytesIO()).messages()
    assert isinstance(cut, Malformed)


def test_nan_and_names_that_are_no_text_travel():
    sent = Request("m", {"nodata": math.nan, "path": "caf\udce9.tif"}, 1)
    got = decode(encode(sent))
    assert math.isnan(got.params["nodata"]) and got.params["path"] == "caf\udce9.tif"


@pytest.mark.parametrize("kind", errors.MlmRunnerError.__subclasses__()[:17], ids=lambda kind: kind.__name__)
def test_an_error_arrives_as_its_class_with_its_sentence(kind):
    if type(errors.from_name(kind.__name__, "")) is not kind:
        pytest.skip("a room's private class")
    assert type(error_from(error_object(kind("It is so.")))) is kind
    assert str(error_from(error_object(kind("It is so.")))) == "It is so."


def test_a_private_subclass_arrives_as_its_parent():
    class MoreSpecial(errors.CatalogUnavailable):
        pass

    assert type(error_from(error_object(MoreSpecial("x")))) is errors.CatalogUnavailable


def test_a_foreign_exception_arrives_as_a_sentence():
    error = error_from(error_object(KeyError("model")))
    assert type(error) is errors.MlmRunnerError and str(error).endswith("(KeyError: 'model').")
    assert "Memory ran out" in str(error_from(error_object(MemoryError())))


@given(raw=params)
def test_any_error_object_can_be_raised(raw):
    assert isinstance(error_from(raw), errors.MlmRunnerError)
