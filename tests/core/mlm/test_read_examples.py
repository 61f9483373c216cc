"""Items that others published are read as a person reads them; every expected value was taken from the file by eye."""

from __future__ import annotations

import pytest

from mlm_runner.core.mlm.read import read

SENTINEL2 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
EUROSAT = [
    "Annual Crop", "Forest", "Herbaceous Vegetation", "Highway", "Industrial Buildings", "Pasture", "Permanent Crop",
    "Residential Buildings", "River", "SeaLake",
]  # fmt: skip
BATCH = ("batch", "bands", "height", "width")
CHANNELS = ("batch", "channel", "height", "width")
OLD_BATCH = ("batch", "bands", "height", "width")  # "channel" in the item: MLM 1.5 calls it bands where such are named

INPUTS = {
    # item: for each input its bands, shape, dim_order, data_type
    "v1.5.2/item_basic.json": [((), (-1, 3, 64, 64), CHANNELS, "float32")],
    "v1.5.2/item_eo_bands.json": [(SENTINEL2, (-1, 13, 64, 64), BATCH, "float32")],
    "v1.5.2/item_eo_and_raster_bands.json": [(SENTINEL2, (-1, 13, 64, 64), BATCH, "float32")],
    "v1.5.2/item_eo_bands_summarized.json": [(SENTINEL2, (-1, 13, 64, 64), BATCH, "float32")],
    "v1.5.2/item_raster_bands.json": [(SENTINEL2, (-1, 13, 64, 64), BATCH, "float32")],
    "v1.5.2/item_bands_expression.json": [(("B04", "B03", "B02", "NDVI"), (-1, 4, 64, 64), BATCH, "float32")],
    "v1.5.2/item_multi_io.json": [
        (("B04", "B03", "B02"), (-1, 3, 64, 64), BATCH, "uint16"),
        (("B04", "B08"), (-1, 1, 64, 64), BATCH, "uint16"),
        ((), (-1, 1, 64, 64), ("batch", "h", "y", "x"), "float32"),
    ],
    "v1.5.2/item_pytorch_geo_unet.json": [
        (("B4", "B3", "B2", "B8", "B4", "B3", "B2", "B8"), (-1, 8, 3, 3), BATCH, "float32")
    ],
    "v1.5.2/item_datacube_variables.json": [((), (-1, 5, 128, 256), ("time", "variables", "lat", "lon"), "float32")],
    "v1.4.0/item_basic.json": [((), (-1, 3, 64, 64), CHANNELS, "float32")],
    "v1.4.0/item_eo_bands.json": [(SENTINEL2, (-1, 13, 64, 64), OLD_BATCH, "float32")],
    "v1.4.0/item_eo_and_raster_bands.json": [(SENTINEL2, (-1, 13, 64, 64), OLD_BATCH, "float32")],
    "v1.4.0/item_eo_bands_summarized.json": [(SENTINEL2, (-1, 13, 64, 64), OLD_BATCH, "float32")],
    "v1.4.0/item_raster_bands.json": [(SENTINEL2, (-1, 13, 64, 64), OLD_BATCH, "float32")],
    "v1.4.0/item_bands_expression.json": [(("B04", "B03", "B02", "NDVI"), (-1, 4, 64, 64), OLD_BATCH, "float32")],
    "v1.4.0/item_multi_io.json": [
        (("B04", "B03", "B02"), (-1, 3, 64, 64), OLD_BATCH, "uint16"),
        (("B04", "B08"), (-1, 1, 64, 64), OLD_BATCH, "uint16"),
        ((), (-1, 1, 64, 64), ("batch", "ndvi", "height", "width"), "float32"),
    ],
    "wild/openeo_dask_ml_prithvi_v2_item.json": [
        (
            ("BLUE", "GREEN", "RED", "NIR_NARROW", "SWIR_1", "SWIR_2"),
            (-1, 6, 224, 224),
            ("batch", "bands", "y", "x"),
            "float32",
        )
    ],
}

OUTPUTS = {
    # item: for each output its tasks, shape, classes as value, name, colour
    "item_basic.json": [
        (("classification",), (-1, 1), [(0, "BACKGROUND", "000000"), (1, "CITY", "0000FF")]),
    ],
    "item_eo_bands.json": [(("classification",), (-1, 10), [(v, n, None) for v, n in enumerate(EUROSAT)])],
    "item_bands_expression.json": [
        (
            ("segmentation", "semantic-segmentation"),
            (-1, 2),
            [(0, "background", "000000"), (1, "vegetation", "00FF00")],
        ),
    ],
    "item_multi_io.json": [
        (("semantic-segmentation",), (-1, 1), [(0, "NON_VEGETATION", None), (1, "VEGETATION", "00FF00")]),
        (("semantic-segmentation",), (-1, 1), [(0, "NON_VEGETATION", "FFFFFF"), (1, "VEGETATION", "000000")]),
    ],
    "item_pytorch_geo_unet.json": [(("semantic-segmentation",), (-1, 2), [(0, "class_0", None), (1, "class_1", None)])],
    "item_datacube_variables.json": [(("regression", "downscaling"), (-1, 3, 128, 256), [])],
}
for name in ("eo_and_raster_bands", "eo_bands_summarized", "raster_bands"):
    OUTPUTS[f"item_{name}.json"] = OUTPUTS["item_eo_bands.json"]


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_are_those_of_the_item(name, example):
    model = read(example(name))
    assert [
        (tuple(b.name for b in i.bands), i.tensor.shape, i.tensor.dim_order, i.tensor.data_type) for i in model.inputs
    ] == INPUTS[name]


@pytest.mark.parametrize("version", ["v1.4.0", "v1.5.2"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_have_the_items_tasks_and_classes(version, name, example):
    if (version, name) in (("v1.4.0", "item_pytorch_geo_unet.json"), ("v1.4.0", "item_datacube_variables.json")):
        pytest.skip("published since 1.5")
    model = read(example(f"{version}/{name}"))
    assert [
        (o.tasks, o.tensor.shape, [(c.value, c.name.replace("-", " "), c.color) for c in o.classes])
        for o in model.outputs
    ] == OUTPUTS[name]


@pytest.mark.parametrize("name", INPUTS)
def test_the_form_is_the_one_of_the_extensions_address(name, example):
    assert read(example(name)).form == ("MLM 1.5" if name.startswith("v1.5") else "MLM 1.4")


@pytest.mark.parametrize("name", INPUTS)
def test_a_published_example_says_why_it_cannot_run(name, example):
    model = read(example(name))
    kind = "TorchScript" if "prithvi" in name else "PyTorch"
    assert not model.runnable
    assert model.why_not.startswith(f"The model comes as {kind}, and only ONNX runs here.")


def test_thirteen_bands_have_a_scaling_each(example):
    scaling = read(example("v1.5.2/item_eo_bands.json")).inputs[0].value_scaling
    assert len(scaling) == 13
    assert (scaling[0].type, scaling[0].mean, scaling[0].stddev) == ("z-score", 1354.40546513, 245.71762908)
    assert (scaling[12].mean, scaling[12].stddev) == (2594.14080798, 1231.58581042)


def test_one_scaling_stands_for_all_bands(example):
    (scaling,) = read(example("v1.5.2/item_pytorch_geo_unet.json")).inputs[0].value_scaling
    assert (scaling.type, scaling.mean, scaling.stddev) == ("z-score", 0.0, 3000.0)


@pytest.mark.parametrize("name", ["v1.5.2/item_raster_bands.json", "v1.5.2/item_multi_io.json"])
def test_a_scaling_of_null_is_none(name, example):
    assert read(example(name)).inputs[0].value_scaling == ()


@pytest.mark.parametrize(
    ("name", "which", "field", "value"),
    [
        ("v1.5.2/item_eo_bands.json", 3, "common_name", "red"),
        ("v1.5.2/item_eo_bands.json", 3, "center_wavelength", 0.665),
        ("v1.5.2/item_eo_bands.json", 3, "full_width_half_max", 0.038),
        ("v1.5.2/item_eo_bands_summarized.json", 8, "common_name", "nir08"),
        ("v1.5.2/item_raster_bands.json", 8, "spatial_resolution", 20.0),
        ("v1.5.2/item_eo_and_raster_bands.json", 0, "spatial_resolution", 60.0),
        ("v1.5.2/item_eo_and_raster_bands.json", 0, "center_wavelength", 0.443),
        ("v1.5.2/item_eo_and_raster_bands.json", 0, "scale", 0.0001),
        ("v1.5.2/item_multi_io.json", 0, "data_type", "uint16"),
        ("wild/openeo_dask_ml_prithvi_v2_item.json", 0, "spatial_resolution", 10.0),
        ("wild/openeo_dask_ml_prithvi_v2_item.json", 3, "spatial_resolution", 20.0),
    ],
)
def test_what_is_said_of_a_band_elsewhere_belongs_to_it(name, which, field, value, example):
    assert getattr(read(example(name)).inputs[0].bands[which], field) == value


def test_a_virtual_band_keeps_its_expression(example):
    ndvi = read(example("v1.5.2/item_bands_expression.json")).inputs[0].bands[3]
    assert (ndvi.expression.format, ndvi.expression.expression) == ("rio-calc", "(B08 - B04) / (B08 + B04)")


def test_a_web_page_about_the_file_is_not_taken_for_the_file(example):
    (artifact,) = read(example("v1.5.2/item_multi_io.json")).artifacts
    assert artifact.href == (
        "https://huggingface.co/torchgeo/resnet50_sentinel2_rgb_moco/resolve/main/resnet50_sentinel2_rgb_moco.pth"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("v1.5.2/item_basic.json", "classification_classes is read as classification:classes."),
        ("v1.5.2/item_multi_io.json", "Band 'B04' is taken to be 'B04 - red' of the item's band list."),
        ("v1.5.2/item_multi_io.json", "A colour is six hexadecimal digits."),
        ("v1.5.2/item_datacube_variables.json", "value_scaling has one entry for each band, or one for all."),
        ("v1.5.2/item_datacube_variables.json", "The south and the north of the bbox are exchanged: 22.6 to 54.2."),
        ("v1.5.2/item_pytorch_geo_unet.json", None),
    ],
)
def test_every_repair_is_noted(name, said, example):
    notes = [n.text for n in read(example(name)).notes]
    assert said in notes if said else notes == []


def test_a_functions_format_and_expression_are_kept_for_showing(example):
    (function,) = read(example("v1.5.2/item_datacube_variables.json")).inputs[0].pre_processing
    assert function.format == "uri"
    assert function.expression["type"] == "text/x-python"
