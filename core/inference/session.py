"""The loaded network: its signature, the authority on what goes in and comes out, and the sessions kept warm."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import onnxruntime

from ..errors import ArtifactMissing, NotRunnable, UsageError
from .element_types import BFLOAT16, data_type, from_bfloat16, needs_bfloat16, to_bfloat16, why_not
from .graph import GraphFacts, facts
from .load_errors import explained

KEPT = 4
"""How many sessions stay loaded."""

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "rocm": "ROCMExecutionProvider",
}


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of the file itself; a free dimension is None. `data_type` is numpy's word, "bfloat16", or what
    onnxruntime calls a type that can't be used.
    """

    name: str
    shape: tuple[Optional[int], ...]
    data_type: str

    @property
    def why_not(self) -> str:
        """Why its values can't be fed or read, or an empty string."""
        return why_not(self.data_type)


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
    tried: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What trials have told of it, kept as long as it is loaded."""

    def run(
        self, feeds: Mapping[str, np.ndarray], outputs: Sequence[str], options: Optional[Any] = None
    ) -> list[np.ndarray]:
        """Return the outputs of these names for arrays by the name of their input; bfloat16 is float32 here.

        `options` are of `run_options`, through which a run can be ended. Raises `NotRunnable` where an output is no
        tensor of numbers.
        """
        types = {tensor.name: tensor for tensor in self.outputs}
        for name in outputs:
            if name in types and types[name].why_not:
                raise NotRunnable(
                    f"{self.path.name} gives the output {name!r} as {types[name].why_not}. "
                    "Ask the publisher for a model that gives tensors of numbers."
                )
        if BFLOAT16 in [t.data_type for t in (*self.inputs, *(types[n] for n in outputs if n in types))]:
            return self._run_bound(feeds, outputs, options)
        return list(self._session.run(list(outputs), dict(feeds), options))

    def _run_bound(
        self, feeds: Mapping[str, np.ndarray], outputs: Sequence[str], options: Optional[Any]
    ) -> list[np.ndarray]:
        """Run with values that numpy has no type for."""
        narrow = {t.name for t in (*self.inputs, *self.outputs) if t.data_type == BFLOAT16}
        binding = self._session.io_binding()
        values = {name: to_bfloat16(array) if name in narrow else _value(array) for name, array in feeds.items()}
        for name, value in values.items():
            binding.bind_ortvalue_input(name, value)
        for name in outputs:
            binding.bind_output(name, "cpu")
        self._session.run_with_iobinding(binding, options)
        made = zip(outputs, binding.get_outputs())
        return [from_bfloat16(value) if name in narrow else value.numpy() for name, value in made]


def run_options() -> Any:
    """Return options for one run; setting their `terminate` ends it at the network's next operation.

    What fails is raised, and needs not be printed by onnxruntime as well: a trial may fail without harm.
    """
    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    return options


def _value(array: np.ndarray) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))


_kept: OrderedDict[tuple[str, int, int, str, int], Network] = OrderedDict()
_lock = threading.Lock()


def load(path: Path, provider: str = "cpu", threads: int = 1) -> Network:
    """Return the network in `path`, loaded now or before, each of whose runs has `threads` threads.

    Raises `ArtifactMissing`, `ArtifactCorrupt` or `NotRunnable`.
    """
    name = _provider(provider)
    try:
        status = path.stat()
    except OSError as error:
        raise ArtifactMissing(f"The model's file {path} can't be opened: {error.strerror}.") from error
    key = (str(path), status.st_mtime_ns, status.st_size, name, threads)
    with _lock:
        network = _kept.pop(key, None) or _load(path, name, threads)
        _kept[key] = network
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return network


def _provider(wish: str) -> str:
    name = PROVIDERS.get(wish.lower(), wish)
    available = onnxruntime.get_available_providers()
    if name not in available:
        known = {v: k for k, v in PROVIDERS.items()}
        names = ", ".join(known.get(a, a) for a in available)
        raise UsageError(f"The engine has no provider {wish!r}; it has {names}.")
    return name


def _load(path: Path, provider: str, threads: int) -> Network:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    started = time.perf_counter()
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # onnxruntime's errors have no common base of their own
        raise explained(path, str(error)) from error
    inputs = tuple(_info(i) for i in session.get_inputs())
    _refuse(path, inputs)
    return Network(
        path=path,
        inputs=inputs,
        outputs=tuple(_info(o) for o in session.get_outputs()),
        provider=session.get_providers()[0],
        load_seconds=time.perf_counter() - started,
        graph=facts(path),
        _session=session,
    )


def _refuse(path: Path, inputs: Sequence[TensorInfo]) -> None:
    """Raise `NotRunnable` where an input can't be fed; an output that can't be read is refused when it is asked for."""
    for tensor in inputs:
        if tensor.why_not:
            raise NotRunnable(
                f"{path.name} takes the input {tensor.name!r} as {tensor.why_not}. "
                "Ask the publisher for a model that takes tensors of numbers."
            )
        if tensor.data_type == BFLOAT16:
            needs_bfloat16()


def _info(argument: Any) -> TensorInfo:
    """Return a signature's entry; what is no tensor may have no shape."""
    shape = tuple(d if isinstance(d, int) and d > 0 else None for d in argument.shape or ())
    return TensorInfo(argument.name, shape, data_type(argument.type))
