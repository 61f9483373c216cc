"""Published items of every form; what is expected was taken from the files by eye, or computed by hand from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Optional

import pytest

from mlm_runner.core.errors import ItemUnreadable
from mlm_runner.core.mlm.read import read

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "mlm-examples"

BATCH = ("batch", "bands", "height", "width")
CHANNELS = ("batch", "channel", "height", "width")
EUROSAT = ("Annual Crop", "SeaLake")
Z_FIRST = {"type": "z-score", "mean": 1354.40546513, "stddev": 245.71762908}
Z_LAST = {"type": "z-score", "mean": 2594.14080798, "stddev": 1231.58581042}
# DN x 3.33333333e-05, then (x - 0.47352344) / 0.22578425: the numbers divided by the factor; the last likewise.
AMPL = {"type": "z-score", "mean": 0.47352344 / 3.33333333e-05, "stddev": 0.22578425 / 3.33333333e-05}
TPROD = {"type": "z-score", "mean": 0.28028854 / 0.000146305779, "stddev": 0.17381225 / 0.000146305779}
RED = {"type": "z-score", "mean": 0.245 / 0.003921569, "stddev": 0.1 / 0.003921569}
NIR = {"type": "z-score", "mean": 0.67 / 0.003921569, "stddev": 0.2 / 0.003921569}


BLUE = {"type": "z-score", "mean": 0.1412956, "stddev": 0.07406382}
SWIR_2 = {"type": "z-score", "mean": 0.11912015, "stddev": 0.07659938}
BY_3000 = {"type": "z-score", "mean": 0, "stddev": 3000}
YX = ("batch", "bands", "y", "x")


class Row(NamedTuple):
    """What an item says: of its inputs and outputs the first, of bands, scalings and classes the first and the last."""

    form: str
    inputs: int
    bands: tuple[int, str, str]
    shape: tuple[int, ...]
    dim_order: tuple[str, ...]
    data_type: str
    scaling: Optional[tuple[dict[str, Any], dict[str, Any]]]
    tasks: tuple[str, ...]
    classes: tuple[int, str, str]
    artifacts: tuple[str, ...]
    runnable: bool
    notes: int


S2 = (13, "B01", "B12")
CROP, MAP = (10, *EUROSAT), ("semantic-segmentation",)
ONE = ("classification",)
TILE, FREE = (-1, 13, 64, 64), (-1, 3, 64, 64)
HRVPP = (14, "AMPL", "TPROD")
NONE = (0, "", "")

ROWS = {
    "draft/2023-12-09_stac_model_example.json": Row(
        "draft of December 2023", 1, NONE, TILE, CHANNELS, "float32", None, ONE, CROP, ("torch.save",), False, 11
    ),
    "draft/2024-01-09_c68dd72_stac_model_README_example.json": Row(
        "MLM draft of 2024", 1, NONE, TILE, CHANNELS, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("unknown",), False, 32
    ),
    "draft/2024-02-15_stac_model_example.json": Row(
        "MLM draft of 2024", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("unknown",), False, 36
    ),
    "draft/2024-02-25_example.json": Row(
        "MLM draft of 2024", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("unknown",), False, 24
    ),
    "draft/2024-04-04_example_eo_bands.json": Row(
        "MLM 1.0", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False, 10
    ),
    "draft/sentinelhub_dl_sequential.json": Row(
        "dlm v1.0.0-beta3", 1, HRVPP, (1, 14, 1000, 1000), BATCH, "float32", (AMPL, TPROD), ONE,
        (2, "not grassland", "grassland"), ("tf.keras.Model.save",), False, 39,
    ),
    "draft/sentinelhub_ml_lightgbm.json": Row(
        "dlm v1.0.0-beta3", 1, HRVPP, (1, 14, 1000, 1000), BATCH, "float32", (AMPL, TPROD), ONE,
        (2, "not grassland", "grassland"), ("pickle.dump",), False, 36,
    ),
    "v1.0.0-beta2/item.json": Row(
        "dlm v1.0.0-beta2", 1, (3, "red", "nir"), (1, 3, 224, 224), BATCH, "float32", (RED, NIR), MAP,
        (6, "dontcare", "Lake"), ("torch.save",), False, 53,
    ),
    "v1.0.0-beta.3/item.json": Row(
        "dlm v1.0.0-beta3", 1, (3, "red", "nir"), (1, 3, 224, 224), BATCH, "float32", (RED, NIR), MAP,
        (6, "dontcare", "Lake"), ("torch.save",), False, 52,
    ),
    "v1.0.0/item_basic.json": Row(
        "MLM 1.0", 1, NONE, FREE, CHANNELS, "float32", None, ONE, (2, "BACKGROUND", "CITY"), ("unknown",), False, 4
    ),
    "v1.0.0/item_eo_bands.json": Row(
        "MLM 1.0", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False, 8
    ),
    "v1.0.0/item_multi_io.json": Row(
        "MLM 1.0", 2, (3, "B04", "B02"), FREE, BATCH, "uint16", None, MAP, (2, "NON_VEGETATION", "VEGETATION"),
        ("torch.save",), False, 15,
    ),
    "v1.0.0/item_raster_bands.json": Row(
        "MLM 1.0", 1, S2, TILE, BATCH, "float32", None, ONE, CROP, ("torch.save",), False, 5
    ),
    "v1.3.0/item_bands_expression.json": Row(
        "MLM 1.3", 1, (4, "B04", "NDVI"), TILE, BATCH, "float32", None, ("segmentation", "semantic-segmentation"),
        (2, "Non-Vegetation", "Vegetation"), ("torch.save",), False, 3,
    ),
    "v1.3.0/item_basic.json": Row(
        "MLM 1.3", 1, NONE, FREE, CHANNELS, "float32", None, ONE, (2, "BACKGROUND", "CITY"), ("unknown",), False, 4
    ),
    "v1.3.0/item_eo_and_raster_bands.json": Row(
        "MLM 1.3", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False, 8
    ),
    "v1.3.0/item_eo_bands.json": Row(
        "MLM 1.3", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False, 7
    ),
    "v1.3.0/item_eo_bands_summarized.json": Row(
        "MLM 1.3", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False, 8
    ),
    "v1.3.0/item_multi_io.json": Row(
        "MLM 1.3", 3, (3, "B04", "B02"), FREE, BATCH, "uint16", None, MAP, (2, "NON_VEGETATION", "VEGETATION"),
        ("torch.save",), False, 15,
    ),
    "v1.3.0/item_raster_bands.json": Row(
        "MLM 1.3", 1, S2, TILE, BATCH, "float32", None, ONE, CROP, ("torch.save",), False, 4
    ),
    "wild/eotdl_eurosat.json": Row(
        "MLM 1.2", 1, (3, "red", "blue"), (-1, 3, -1, -1), BATCH, "float32", None, ONE, (10, "AnnualCrop", "SeaLake"),
        ("onnx",), True, 7,
    ),
    "wild/terradue_waterBodies.json": Row(
        "MLM 1.2", 1, (12, "B01", "NDWI2"), (-1, 12, 10980, 10980), BATCH, "float32", None,
        ("segmentation", "semantic-segmentation"), (3, "NON-WATER", "CLOUD"), ("onnx",), True, 3,
    ),
    "wild/wherobots_landcover_eurosat.json": Row(
        "MLM 1.2", 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ("scene-classification",), CROP,
        ("torch.jit.script",), False, 7,
    ),
    "wild/openeo_dask_ml_prithvi_v2_item.json": Row(
        "MLM 1.4", 1, (6, "BLUE", "SWIR_2"), (-1, 6, 224, 224), YX, "float32", (BLUE, SWIR_2), ONE, NONE,
        ("torch.jit.save",), False, 7,
    ),
    "v1.5.2/item_pytorch_geo_unet.json": Row(
        "MLM 1.5", 1, (8, "B4", "B8"), (-1, 8, 3, 3), BATCH, "float32", (BY_3000, BY_3000), MAP,
        (2, "class_0", "class_1"), ("torch.save",), False, 0,
    ),
    "v1.5.2/item_datacube_variables.json": Row(
        "MLM 1.5", 1, NONE, (-1, 5, 128, 256), ("time", "variables", "lat", "lon"), "float32", None,
        ("regression", "downscaling"), NONE, ("torch.save",), False, 3,
    ),
}  # fmt: skip
for version, channel_renamed in (("1.4", 1), ("1.5", 0)):
    # The same seven items were published in both versions; before 1.5 the dimension of bands was called otherwise.
    form, folder = f"MLM {version}", {"1.4": "v1.4.0", "1.5": "v1.5.2"}[version]
    spelled, titled, older_norm = 1, 1, 1
    ROWS.update(
        {
            f"{folder}/item_basic.json": Row(
                form, 1, NONE, FREE, CHANNELS, "float32", None, ONE, (2, "BACKGROUND", "CITY"), ("torch.save",), False,
                spelled + 2,
            ),
            f"{folder}/item_eo_bands.json": Row(
                form, 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False,
                channel_renamed + spelled + titled + older_norm,
            ),
            f"{folder}/item_eo_and_raster_bands.json": Row(
                form, 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False,
                channel_renamed + spelled + titled,
            ),
            f"{folder}/item_eo_bands_summarized.json": Row(
                form, 1, S2, TILE, BATCH, "float32", (Z_FIRST, Z_LAST), ONE, CROP, ("torch.save",), False,
                channel_renamed + spelled + titled,
            ),
            f"{folder}/item_raster_bands.json": Row(
                form, 1, S2, TILE, BATCH, "float32", None, ONE, CROP, ("torch.save",), False,
                channel_renamed + spelled + titled,
            ),
            f"{folder}/item_bands_expression.json": Row(
                form, 1, (4, "B04", "NDVI"), (-1, 4, 64, 64), BATCH, "float32", None,
                ("segmentation", "semantic-segmentation"), (2, "Non-Vegetation", "Vegetation"), ("torch.save",), False,
                channel_renamed + spelled,
            ),
            # a page for a file, five bands named otherwise, two class lists, three colours as lists, two dimensions
            f"{folder}/item_multi_io.json": Row(
                form, 3, (3, "B04", "B02"), FREE, BATCH, "uint16", None, MAP, (2, "NON_VEGETATION", "VEGETATION"),
                ("torch.save",), False, 1 + 5 + 2 * spelled + 3 + 2 * channel_renamed,
            ),
        }
    )  # fmt: skip


def ends(names: list[str]) -> tuple[int, str, str]:
    return (len(names), names[0], names[-1]) if names else NONE


@pytest.mark.parametrize("name", ROWS)
def test_an_item_says_what_its_file_says(name, example):
    row, model = ROWS[name], read(example(name))
    given, output = model.inputs[0], model.outputs[0]
    assert (model.form, len(model.inputs)) == (row.form, row.inputs)
    assert ends([b.name for b in given.bands]) == row.bands
    assert (given.tensor.shape, given.tensor.dim_order, given.tensor.data_type) == (
        row.shape, row.dim_order, row.data_type,
    )  # fmt: skip
    if row.scaling is None:
        assert given.value_scaling == ()
    else:
        first, last = row.scaling
        assert given.value_scaling[0].to_json() == pytest.approx(first)
        assert given.value_scaling[-1].to_json() == pytest.approx(last)
        assert len(given.value_scaling) == (1 if first is last else row.bands[0]) or not given.bands
    assert output.tasks == row.tasks
    assert ends([c.label for c in output.classes]) == row.classes
    assert (tuple(a.artifact_type for a in model.artifacts), model.runnable) == (row.artifacts, row.runnable)
    assert len(model.notes) == row.notes, "\n".join(f"{n.field}: {n.text}" for n in model.notes)


def test_no_published_item_is_forgotten():
    if not EXAMPLES.is_dir():
        pytest.skip("the published items are not beside the checkout (../shared/mlm-examples)")
    found = {p.relative_to(EXAMPLES).as_posix() for p in EXAMPLES.rglob("*.json") if p.parent.name != "schema"}
    assert {name for name in found if not name.endswith("/collection.json")} == set(ROWS)


@pytest.mark.parametrize("folder", ["v1.0.0-beta2", "v1.0.0-beta.3", "v1.0.0", "v1.3.0", "v1.4.0", "v1.5.2"])
def test_a_published_collection_is_not_taken_for_an_item(folder, example):
    with pytest.raises(ItemUnreadable, match="This is a Collection, not a model Item"):
        read(example(f"{folder}/collection.json"))


def test_wavelengths_in_nanometres_are_brought_to_micrometres(example):
    bands = {b.name: b.center_wavelength for b in read(example("v1.0.0-beta.3/item.json")).inputs[0].bands}
    assert bands["red"] == pytest.approx(0.66, abs=0.05) and bands["nir"] == pytest.approx(0.85, abs=0.05)
