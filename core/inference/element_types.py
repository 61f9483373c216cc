"""The element types of ONNX: what numpy calls them, how bfloat16 goes without numpy having it, which can't be fed.

A bfloat16 is the upper half of a float32, so float32 arrays stand for it on this side of onnxruntime.
"""

from __future__ import annotations

import ctypes
import math
import re
from typing import Any, Mapping

import numpy as np
import onnxruntime

from ..errors import NotRunnable

NUMPY: Mapping[str, str] = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "uint8": "uint8",
    "uint16": "uint16",
    "uint32": "uint32",
    "uint64": "uint64",
    "bool": "bool",
}
"""onnxruntime's word for an element type, and numpy's."""

BFLOAT16 = "bfloat16"
_ONNX_BFLOAT16 = 16
"""TensorProto.BFLOAT16 in ONNX."""
_QUIET_NAN = 0x7FC0

REFUSED: tuple[tuple[str, str], ...] = (
    (r"complex\d+", "complex numbers, which no band holds"),
    (r"string", "text, which no band holds"),
    (r"u?int[24]|float4\w*", "numbers of less than a byte, which are for a network's own weights"),
    (r"float8\w*", "numbers of 8 bits with a fraction, which are for a network's own weights"),
    (r"seq\(.*", "a sequence, which is no tensor"),
    (r"map\(.*", "a map, which is no tensor"),
    (r"optional\(.*", "a value that may be absent, which is no tensor"),
    (r"sparse_tensor\(.*", "a sparse tensor, which no band is"),
)
"""Patterns of the other types, and what they are in words."""


def data_type(text: str) -> str:
    """Return numpy's word for onnxruntime's "tensor(float)", bfloat16 as it is, else onnxruntime's own word."""
    found = re.fullmatch(r"tensor\((\w+)\)", text)
    word = found[1] if found else text
    return NUMPY.get(word, word)


def why_not(word: str) -> str:
    """Return why values of a type (as `data_type` gives it) can't be fed or read, or an empty string."""
    if word in NUMPY.values() or word == BFLOAT16:
        return ""
    reason = next((said for pattern, said in REFUSED if re.fullmatch(pattern, word)), "a type that is not known here")
    return f"{word}: {reason}"


def to_bfloat16(values: np.ndarray) -> Any:
    """Return float32 `values` as onnxruntime's value of bfloat16, rounded to the nearest, ties to the even one."""
    needs_bfloat16()
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(rounded(values), _ONNX_BFLOAT16)


def rounded(values: np.ndarray) -> np.ndarray:
    """Return the upper halves of float32 numbers as uint16."""
    numbers = np.ascontiguousarray(values, dtype=np.float32)
    bits = numbers.view(np.uint32)
    # All ones in the lower half but the last, and the last too where the upper half is odd: a tie goes to the even.
    nearest = ((bits + np.uint32(0x7FFF) + (bits >> 16 & 1)) >> 16).astype(np.uint16)
    return np.where(np.isnan(numbers), np.uint16(_QUIET_NAN), nearest)


def from_bfloat16(value: Any) -> np.ndarray:
    """Return onnxruntime's value of bfloat16, which is in the computer's own memory, as float32."""
    shape = value.shape()
    halves = np.frombuffer(ctypes.string_at(value.data_ptr(), 2 * math.prod(shape)), np.uint16)
    return (halves.astype(np.uint32) << 16).view(np.float32).reshape(shape)


def needs_bfloat16() -> None:
    """Raise `NotRunnable` where onnxruntime is too old to take bfloat16 from Python."""
    if not hasattr(onnxruntime.OrtValue, "ortvalue_from_numpy_with_onnx_type"):
        raise NotRunnable(
            f"The model takes bfloat16 numbers, which onnxruntime {onnxruntime.__version__} can't be given. "
            "Set up the engine again with Python 3.10 or newer to get onnxruntime 1.20 or newer."
        )
