"""Items that want more than any model does: QGIS compares each model of a list in its own thread, and must not wait."""

import time

import pytest

from mlm_runner.core.mlm.fit import fit
from mlm_runner.core.mlm.read import read

QUICK_S = 1.5
"""On a busy machine; these took 5 to 40 seconds, or all memory."""


def image(name, bands, dates=1):
    order = ["batch", "time", "bands", "height", "width"]
    shape = [-1, dates, len(bands), -1, -1]
    return {"name": name, "bands": bands, "input": {"shape": shape, "dim_order": order, "data_type": "float32"}}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([image("x", ["red", "nir"], 1_000_000)], "2000000 bands of all dates, and 5000 are the most"),
        ([image(f"x{k}", ["red", "nir"]) for k in range(2000)], "2000 inputs, and 50 are the most"),
        ([image("x", [f"b{k}" for k in range(5000)])], "b19 and 4980 more"),
        ([image("x", ["red", "nir"], 2500)], "the layers hold 1 of 2500 dates"),
    ],
    ids=["a million dates", "two thousand inputs", "five thousand bands", "the most dates"],
)
def test_what_no_model_wants_is_refused_at_once(item, band, info, inputs, said):
    model = read(item(properties={"mlm:input": inputs}))
    layer = info(*(band(name, i, (0.05, 0.1, 0.2)) for i, name in enumerate(("red", "nir"), 1)))
    began = time.perf_counter()
    found = fit(model, layer)
    assert time.perf_counter() - began < QUICK_S
    error = next(f for f in found.findings if f.level == "error" and said in f.text)
    assert not found.fits and len(error.text) < 1000
