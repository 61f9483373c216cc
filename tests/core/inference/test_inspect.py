import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint

from mlm_runner.core.errors import DoesNotFit, RasterUnreadable
from mlm_runner.core.inference.inspect import inspect
from mlm_runner.core.inference.plan import Window
from mlm_runner.core.inference.stack import Stack

ONES = np.ones((1, 4, 4), np.uint16)
PRODUCT = "S2A_MSIL1C_20220501T100031_N0400_R122_T33UUP_20220501T120000"


def test_no_raster_is_a_sentence(tmp_path):
    text = tmp_path / "notes.tif"
    text.write_text("hello")
    for name in (str(text), str(tmp_path / "absent.tif")):
        with pytest.raises(RasterUnreadable, match="can't be opened as a raster"):
            inspect([name])


@pytest.mark.parametrize(
    "tags",
    [{"WAVELENGTH": "665", "WAVELENGTH_UNIT": "nm"}, {"wavelength": "0.665"}, {"CENTRAL_WAVELENGTH_UM": "0.665"}],
)
def test_a_bands_wavelength_is_found_however_drivers_write_it(raster, tags):
    path = raster(np.ones((1, 3, 3), np.uint16))
    with rasterio.open(path, "r+") as file:
        file.update_tags(1, **tags)
    assert inspect([path]).bands[0].center_wavelength == pytest.approx(0.665)


def test_a_landsat_bands_name_says_what_it_measures(raster):
    band = inspect([raster(ONES, name="LE07_L2SP_193023_20020501_20200916_02_T1_SR_B4.TIF")]).bands[0]
    assert (band.name, band.common_name, band.center_wavelength) == ("B4", "nir", 0.835)
    assert band.product == "LE07_L2SP_193023_20020501_20200916_02_T1"


def test_what_the_file_says_of_a_band_comes_before_its_name(raster):
    path = raster(ONES, ["green"], name="T33UUP_20220501T100031_B04.tif")
    with rasterio.open(path, "r+") as file:
        file.update_tags(1, center_wavelength="0.555")
    band = inspect([path]).bands[0]
    assert (band.name, band.common_name, band.center_wavelength) == ("green", "green", 0.555)


@pytest.mark.parametrize(
    "name, tags",
    [
        (f"{PRODUCT}_stack.tif", {}),
        ("stack.tif", {"PRODUCT_URI": f"{PRODUCT}.SAFE"}),
    ],
)
def test_the_product_is_found_in_the_name_or_the_file(raster, name, tags):
    path = raster(np.ones((2, 3, 3), np.uint16), name=name)
    with rasterio.open(path, "r+") as file:
        file.update_tags(**tags)
    assert [b.product for b in inspect([path]).bands] == [PRODUCT, PRODUCT]


def test_bands_of_planet_are_called_by_their_place(raster):
    path = raster(np.ones((4, 3, 3), np.uint16), name="20220501_100000_1012_3B_AnalyticMS_SR.tif")
    assert [b.common_name for b in inspect([path]).bands] == ["blue", "green", "red", "nir"]


def test_what_a_satellite_product_leaves_empty_is_no_data(raster):
    values = np.array([[[0, 550], [650, 750]]], np.uint16)
    info = inspect([raster(values, name="T33UUP_20220501T100031_B04.tif")])
    assert info.bands[0].nodata == 0
    assert info.bands[0].mean == 650
    assert info.notes == ("0 is taken for no data, as the product means it, though the files do not say so: B04.",)
    with Stack(info.bands) as stack:
        _, valid = stack.read(Window(0, 0, 2, 2))
    assert valid.tolist() == [[False, True], [True, True]]


def test_a_stack_named_after_its_product_has_the_products_nodata(raster):
    info = inspect([raster(np.zeros((2, 2, 2), np.uint16), name=f"{PRODUCT}_stack.tif")])
    assert [b.nodata for b in info.bands] == [0, 0]
    assert [b.mean for b in info.bands] == [None, None]


def test_a_files_own_mask_or_nodata_goes_before_the_products(raster):
    info = inspect([raster(np.zeros((1, 2, 2), np.uint16), name="T33UUP_20220501T100031_B04.tif", nodata=9)])
    assert (info.bands[0].nodata, info.bands[0].mean, info.notes) == (9, 0, ())


@pytest.mark.parametrize("name, dtype", [("nir.tif", np.uint16), ("T33UUP_20220501T100031_B04.tif", np.float32)])
def test_zero_is_a_value_where_no_product_says_otherwise(raster, name, dtype):
    info = inspect([raster(np.zeros((1, 2, 2), dtype), name=name)])
    with Stack(info.bands) as stack:
        _, valid = stack.read(Window(0, 0, 2, 2))
    assert info.bands[0].nodata is None
    assert valid.all()


@pytest.mark.parametrize(
    "left, west, east",
    [(179.0, 179.0, -179.0), (-181.0, 179.0, -179.0), (190.0, -170.0, -168.0), (178.0, 178.0, 180.0), (5.0, 5.0, 7.0)],
)
def test_longitudes_are_those_of_geojson(raster, left, west, east):
    path = raster(ONES, crs="EPSG:4326", transform=(0.5, 0, left, 0, -0.5, 11))
    assert inspect([path]).bbox == (west, 9, east, 11)


def test_a_raster_of_the_whole_world_from_0_to_360_is_the_whole_world(raster):
    path = raster(np.ones((1, 2, 4), np.uint8), crs="EPSG:4326", transform=(90, 0, 0, 0, -90, 90))
    assert inspect([path]).bbox == (-180, -90, 180, 90)


def test_a_projected_raster_over_the_antimeridian_has_its_west_beyond_its_east(raster):
    # UTM zone 60 ends at 180 degrees; at the equator that is 333,979 m east of the middle meridian.
    path = raster(ONES, crs="EPSG:32660", transform=(1000, 0, 832_000, 0, -1000, 10_000))
    west, _, east, _ = inspect([path]).bbox
    assert 179.9 < west < 180
    assert -180 < east < -179.9


def test_a_raster_of_a_building_site_has_metres_and_no_place_on_the_earth(raster):
    info = inspect([raster(ONES, crs='LOCAL_CS["site grid",UNIT["metre",1]]')])
    assert info.crs and info.bbox is None


@pytest.mark.parametrize("transform", [(0, 0, 5, 0, 0, 5), (10, 0, float("nan"), 0, -10, 5)])
def test_pixels_without_a_size_are_refused(raster, transform):
    with pytest.raises(DoesNotFit, match=r"image\.tif have no size \(transform .*Georeference"):
        inspect([raster(ONES, transform=transform)])


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_placed_by_control_points_alone_is_refused_with_a_remedy(raster):
    points = [GroundControlPoint(r, c, 10 + c, 50 - r) for r, c in ((0, 0), (0, 4), (4, 0), (4, 4))]
    path = raster(ONES, crs=None, transform=(1, 0, 0, 0, 1, 0))
    with rasterio.open(path, "r+") as file:
        file.gcps = (points, "EPSG:4326")
    with pytest.raises(DoesNotFit, match="placed by 4 control points only, .* gdalwarp"):
        inspect([path])


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_container_names_what_it_holds(tmp_path):
    path = tmp_path / "two.gpkg"
    for table in ("first", "second"):
        with rasterio.open(
            path, "w", driver="GPKG", count=3, width=8, height=8, dtype="uint8", crs="EPSG:3857",
            transform=rasterio.Affine(10, 0, 0, 0, -10, 80), RASTER_TABLE=table, APPEND_SUBDATASET="YES",
        ) as file:  # fmt: skip
            file.write(np.ones((3, 8, 8), np.uint8))
    with pytest.raises(RasterUnreadable, match=r"container of 2 rasters .*GPKG:.*:first, GPKG:.*:second"):
        inspect([str(path)])
    assert len(inspect([f"GPKG:{path}:second"]).bands) == 3


@pytest.mark.parametrize(
    "crs, size, metres",
    [
        ("EPSG:32633", 10.0, 10.0),
        ("EPSG:2263", 10.0, 3.048),
        # At 60 degrees north a degree is 111.412 km by 55.800 km (USGS tables): the root of their product.
        ("EPSG:4326", 0.001, 78.847),
    ],
)
def test_a_pixels_size_is_that_on_the_ground(raster, crs, size, metres):
    path = raster(ONES, crs=crs, transform=(size, 0, 20, 0, -size, 60))
    info = inspect([path])
    assert info.resolution_m == pytest.approx(metres, rel=1e-3)
    assert info.bands[0].resolution_m == info.resolution_m
