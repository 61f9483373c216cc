"""The loaded network: its signature, the authority on what goes in and comes out, and the sessions kept warm."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import onnxruntime

from ..errors import ArtifactCorrupt, ArtifactMissing, NotRunnable, UsageError
from .graph import GraphFacts, facts

KEPT = 2
"""How many sessions stay loaded."""

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "rocm": "ROCMExecutionProvider",
}

ELEMENT_TYPES = {
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


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of the file itself; a free dimension is None. `data_type` is numpy's word, or onnxruntime's
    if it has none.
    """

    name: str
    shape: tuple[Optional[int], ...]
    data_type: str


@dataclass(frozen=True)
class Network:
    """A loaded network; `run` may be called from several threads. `load_seconds` is what loading took."""

    path: Path
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    provider: str
    load_seconds: float
    graph: GraphFacts
    _session: Any = field(repr=False, compare=False)

    def run(self, feeds: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        """Return the outputs of these names for arrays by the name of their input."""
        return list(self._session.run(list(outputs), dict(feeds)))


_kept: OrderedDict[tuple[str, int, int, str], Network] = OrderedDict()
_lock = threading.Lock()


def load(path: Path, provider: str = "cpu") -> Network:
    """Return the network in `path`, loaded now or before; raises `ArtifactMissing`, `ArtifactCorrupt` or
    `NotRunnable`.
    """
    name = _provider(provider)
    try:
        status = path.stat()
    except OSError as error:
        raise ArtifactMissing(f"The model's file {path} can't be opened: {error.strerror}.") from error
    key = (str(path), status.st_mtime_ns, status.st_size, name)
    with _lock:
        network = _kept.pop(key, None) or _load(path, name)
        _kept[key] = network
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return network


def is_loaded(path: Path) -> bool:
    with _lock:
        return any(key[0] == str(path) for key in _kept)


def _provider(wish: str) -> str:
    name = PROVIDERS.get(wish.lower(), wish)
    available = onnxruntime.get_available_providers()
    if name not in available:
        known = {v: k for k, v in PROVIDERS.items()}
        names = ", ".join(known.get(a, a) for a in available)
        raise UsageError(f"The engine has no provider {wish!r}; it has {names}.")
    return name


def _load(path: Path, provider: str) -> Network:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    options.log_severity_level = 3
    started = time.perf_counter()
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # onnxruntime's errors have no common base of their own
        raise _explained(path, str(error)) from error
    return Network(
        path=path,
        inputs=tuple(_info(i) for i in session.get_inputs()),
        outputs=tuple(_info(o) for o in session.get_outputs()),
        provider=session.get_providers()[0],
        load_seconds=time.perf_counter() - started,
        graph=facts(path),
        _session=session,
    )


def _explained(path: Path, text: str) -> ArtifactCorrupt | NotRunnable:
    reason = text.split("\n")[0][:300].rstrip(".")
    version = onnxruntime.__version__
    if "opset" in text.lower() and "support" in text.lower() or "ir_version" in text.lower() or "IR version" in text:
        return NotRunnable(
            f"{path.name} was written for a newer onnxruntime than {version}: {reason}. "
            "Set up the engine again to update it."
        )
    if "is not a registered function/op" in text or "NOT_IMPLEMENTED" in text:
        return NotRunnable(f"{path.name} uses an operation that onnxruntime {version} does not have: {reason}.")
    return ArtifactCorrupt(
        f"{path.name} can't be loaded as an ONNX model: {reason}. Fetch it again, or ask its publisher."
    )


def _info(argument: Any) -> TensorInfo:
    shape = tuple(d if isinstance(d, int) and d > 0 else None for d in argument.shape)
    word = argument.type.removeprefix("tensor(").removesuffix(")")
    return TensorInfo(argument.name, shape, ELEMENT_TYPES.get(word, word))
