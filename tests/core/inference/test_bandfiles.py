import pytest

from mlm_runner.core.inference.bandfiles import band_file, is_no_band, position_names, product_of

SAFE = "S2A_MSIL2A_20220501T100031_N0400_R122_T33UUP_20220501T141551"
LANDSAT8 = "LC08_L2SP_193023_20220501_20220504_02_T1"
LANDSAT7 = "LE07_L2SP_193023_20020501_20200916_02_T1"


@pytest.mark.parametrize(
    "name, band, common, wavelength, resolution",
    [
        ("T33UUP_20220501T100031_B04.jp2", "B04", "red", 0.6646, None),
        ("T33UUP_20220501T100031_B8A_20m.jp2", "B8A", "nir08", 0.8647, 20),
        (f"{SAFE}.SAFE/GRANULE/L2A_T33UUP/IMG_DATA/R10m/T33UUP_20220501T100031_B02_10m.jp2", "B02", "blue", 0.4924, 10),
        ("S2A_OPER_MSI_L1C_TL_EPA__20160929T100000_A001000_T33UUP_B11.jp2", "B11", "swir16", 1.6137, None),
        ("S2B_33UUP_20220501_0_L2A/B12.tif", "B12", "swir22", 2.2024, None),
        (f"{LANDSAT8}_SR_B4.TIF", "B4", "red", 0.6545, None),
        (f"{LANDSAT8}_ST_B10.TIF", "B10", "lwir11", 10.895, None),
        (f"{LANDSAT7}_SR_B4.TIF", "B4", "nir", 0.835, None),
        ("LT05_L1TP_193023_20020501_20200916_02_T1_B5.TIF", "B5", "swir16", 1.65, None),
        ("LE07_L1TP_193023_20020501_20200916_02_T1_B6_VCID_2.TIF", "B6_VCID_2", "lwir", 11.45, None),
        ("LC08_CU_024008_20220501_20220510_02_SR_B5.TIF", "B5", "nir", 0.865, None),
        ("LC81930232013123LGN00_B5.TIF", "B5", "nir", 0.865, None),
        ("LT51930231990123KIS00_B4.TIF", "B4", "nir", 0.835, None),
        ("LC08_L1TP_193023_20170501_20170515_01_T1_sr_band4.tif", "B4", "red", 0.6545, None),
        ("HLS.L30.T33UUP.2022121T100029.v2.0.B05.tif", "B05", "nir", 0.865, None),
        ("HLS.S30.T33UUP.2022121T100029.v2.0.B05.tif", "B05", "rededge071", 0.7041, None),
        (r"C:\data\LC08_L2SP_193023_20220501_20220504_02_T1_SR_B2.TIF", "B2", "blue", 0.482, None),
    ],
)
def test_a_bands_file_is_read_by_its_publishers_rule(name, band, common, wavelength, resolution):
    said = band_file(name)
    assert said is not None
    assert (said.band, said.common_name, said.center_wavelength) == (band, common, wavelength)
    assert said.resolution == resolution


@pytest.mark.parametrize("name", ["B4.tif", "scene_B4.tif", "my_LC08_copy_B4.tif", "MOD09_B4.tif"])
def test_what_b4_measures_is_not_guessed_without_a_product(name):
    said = band_file(name)
    assert said is not None
    assert (said.band, said.common_name, said.center_wavelength) == ("B4", "", None)


@pytest.mark.parametrize(
    "name, band",
    [
        ("nir.tif", "nir"),
        ("scene_red.tif", "red"),
        ("nir_20m.tif", "nir"),
        ("red_2020-05-01_clip.tif", "red"),
        ("near_infrared.tif", "near_infrared"),
        ("rededge_1.tif", "rededge_1"),
        ("b0.tif", "b0"),
    ],
)
def test_a_colour_at_the_end_of_a_name_is_the_band(name, band):
    assert band_file(name).band == band


@pytest.mark.parametrize("name", ["red_river_dem.tif", "image.tif", "blueprint.tif", "S2A_mosaic.tif", "L2AB04.tif"])
def test_a_name_that_only_holds_a_colour_names_no_band(name):
    assert band_file(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "T33UUP_20220501T100031_TCI_10m.jp2",
        "T33UUP_20220501T100031_SCL_20m.jp2",
        "T33UUP_20220501T100031_PVI.jp2",
        "MSK_DETFOO_B04.jp2",
        f"{LANDSAT8}_QA_PIXEL.TIF",
        f"{LANDSAT8}_SR_QA_AEROSOL.TIF",
        "20220501_100000_1012_3B_AnalyticMS_udm2.tif",
        "HLS.S30.T33UUP.2022121T100029.v2.0.Fmask.tif",
    ],
)
def test_pictures_and_masks_of_a_product_are_no_bands(name):
    assert band_file(name) is None
    assert is_no_band(name)


@pytest.mark.parametrize(
    "name, product",
    [
        (f"/data/{SAFE}.SAFE/GRANULE/L2A_T33UUP/IMG_DATA/T33UUP_20220501T100031_B02.jp2", SAFE),
        (f"/vsizip//data/{SAFE}.zip/{SAFE}.SAFE/x/T33UUP_20220501T100031_B02.jp2", SAFE),
        (f"SENTINEL2_L1C:/vsizip/{SAFE}.zip/MTD_MSIL1C.xml:10m:EPSG_32633", SAFE),
        (f"{SAFE}_stack.tif", SAFE),
        ("T33UUP_20220501T100031_B02.jp2", "T33UUP_20220501T100031"),
        (f"{LANDSAT8}_SR_B4.TIF", LANDSAT8),
        ("image.tif", ""),
        ("/data/T33/S2A/nir.tif", ""),
    ],
)
def test_the_product_is_taken_from_the_path_whole(name, product):
    assert product_of(name) == product


def test_planets_files_have_their_bands_in_a_known_order():
    name = "20220501_100000_12_2415_3B_AnalyticMS_SR_8b_clip.tif"
    assert position_names(name, 8)[5:] == ("red", "rededge", "nir")
    assert position_names("20220501_100000_1012_3B_AnalyticMS.tif", 4) == ("blue", "green", "red", "nir")
    assert position_names("image.tif", 4) == ()
    assert position_names("20220501_100000_1012_3B_udm2.tif", 8) == ()
