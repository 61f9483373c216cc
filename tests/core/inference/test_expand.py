import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio

from mlm_runner.core.errors import RasterUnreadable
from mlm_runner.core.inference.expand import found
from mlm_runner.core.inference.inspect import inspect
from mlm_runner.core.inference.plan import Window
from mlm_runner.core.inference.stack import Stack

SAFE = "S2A_MSIL2A_20220501T100031_N0400_R122_T33UUP_20220501T141551"
TILE = "T33UUP_20220501T100031"
LANDSAT = "LC08_L2SP_193023_20220501_20220504_02_T1"


def touched(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return str(folder)


def expand(rasters):
    return found(rasters).files


def names(files):
    return [Path(f).name for f in files]


@pytest.fixture
def safe(tmp_path):
    """A product as ESA delivers it, of tiny images."""
    images = f"{SAFE}.SAFE/GRANULE/L2A_T33UUP_A035700_20220501T100030/IMG_DATA"
    sizes = {
        "B02": (10, 20, 60),
        "B08": (10,),
        "B8A": (20, 60),
        "B11": (20, 60),
        "B01": (60,),
        "SCL": (20,),
        "TCI": (10,),
    }
    for band, pixels in sizes.items():
        for size in pixels:
            path = tmp_path / images / f"R{size}m" / f"{TILE}_{band}_{size}m.jp2"
            path.parent.mkdir(parents=True, exist_ok=True)
            side = 240 // size
            with rasterio.open(
                path, "w", driver="JP2OpenJPEG", count=1, width=side, height=side, dtype="uint16", crs="EPSG:32633",
                transform=rasterio.Affine(size, 0, 300_000, 0, -size, 5_700_000), quality=100, reversible="yes",
            ) as file:  # fmt: skip
                file.write(np.full((1, side, side), 1000 + size, np.uint16))
    quality = f"{SAFE}.SAFE/GRANULE/L2A_T33UUP_A035700_20220501T100030/QI_DATA"
    touched(tmp_path / quality, "MSK_CLDPRB_20m.jp2", "MSK_DETFOO_B04.jp2", f"{TILE}_PVI.jp2")
    touched(tmp_path / f"{SAFE}.SAFE", "MTD_MSIL2A.xml", "manifest.safe")
    return tmp_path / f"{SAFE}.SAFE"


BANDS = [f"{TILE}_{b}.jp2" for b in ("B01_60m", "B02_10m", "B08_10m", "B8A_20m", "B11_20m")]


def test_a_safe_folder_is_each_band_as_fine_as_there_is(safe):
    assert names(expand([str(safe)])) == BANDS


def test_the_folder_around_a_safe_and_its_metadata_file_stand_for_it(safe):
    assert names(expand([str(safe.parent)])) == BANDS
    assert names(expand([str(safe / "MTD_MSIL2A.xml")])) == BANDS


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_an_archive_of_a_safe_is_read_as_it_is(safe, ending):
    path = safe.parent / f"{SAFE}.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(safe.rglob("*.jp2")):
                archive.write(file, file.relative_to(safe.parent))
    else:
        with tarfile.open(path, "w:gz" if ending == "tar.gz" else "w", format=tarfile.GNU_FORMAT) as archive:
            archive.add(safe, safe.name)
    info = inspect([str(path)])
    assert [b.name for b in info.bands] == ["B01", "B02", "B08", "B8A", "B11"]
    assert info.source == str(path)


def test_an_archive_whose_names_gdal_cant_read_is_to_be_unpacked(safe):
    path = safe.parent / "product.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(safe, safe.name)
    with pytest.raises(RasterUnreadable, match="Unpack it first"):
        expand([str(path)])


def test_a_safe_folder_is_one_stack_of_known_bands(safe):
    info = inspect([str(safe)])
    assert [b.common_name for b in info.bands] == ["coastal", "blue", "nir", "nir08", "swir16"]
    assert [b.resolution_m for b in info.bands] == [60, 10, 10, 20, 20]
    assert {b.product for b in info.bands} == {SAFE}
    assert (info.width, info.height, info.resolution_m) == (24, 24, 10)
    with Stack(info.bands, info) as stack:
        values, valid = stack.read(Window(0, 0, 24, 24))
    assert valid.all()
    assert values[:, 0, 0].tolist() == [1060, 1010, 1010, 1020, 1020]


def test_a_folder_of_landsat_bands_leaves_out_what_is_none_and_says_so(tmp_path):
    files = [f"{LANDSAT}_{w}.TIF" for w in ("SR_B2", "SR_B10", "ST_B9", "SR_QA_AEROSOL", "QA_PIXEL", "ST_EMIS")]
    folder = touched(tmp_path, *files, f"{LANDSAT}_MTL.txt", f"{LANDSAT}_SR_B2.TIF.aux.xml")
    there = found([folder])
    assert names(there.files) == [f"{LANDSAT}_SR_B2.TIF", f"{LANDSAT}_ST_B9.TIF", f"{LANDSAT}_SR_B10.TIF"]
    assert len(there.notes) == 1
    assert "QA_PIXEL.TIF" in there.notes[0] and "ST_EMIS.TIF" in there.notes[0]


def test_what_is_named_is_taken_even_if_it_is_no_band(tmp_path):
    folder = touched(tmp_path, f"{TILE}_TCI_10m.jp2")
    assert expand([f"{folder}/{TILE}_TCI_10m.jp2", "/vsicurl/x.tif"]) == (
        f"{folder}/{TILE}_TCI_10m.jp2",
        "/vsicurl/x.tif",
    )


def test_files_named_after_colours_are_bands_of_one_image(tmp_path):
    folder = touched(tmp_path, "green.tif", "blue.tif", "nir.tif", "readme.txt")
    assert names(expand([folder])) == ["blue.tif", "green.tif", "nir.tif"]


def test_the_upper_folder_counts_where_copies_lie_below(tmp_path):
    folder = touched(tmp_path, "B2.tif", "B3.tif", "old/B2.tif", "old/B3.tif")
    assert expand([folder]) == (f"{folder}/B2.tif", f"{folder}/B3.tif")


@pytest.mark.parametrize(
    "files, sentence",
    [
        ((), "holds no raster"),
        (("notes.txt",), "holds no raster"),
        (
            (f"{LANDSAT}_SR_B2.TIF", f"{LANDSAT.replace('0501', '0517')}_SR_B2.TIF"),
            "holds the bands of 2 products: LC08_L2SP_193023_20220501.*, LC08_L2SP_193023_20220517.* Name the folder",
        ),
        (("a/B2.tif", "a/B3.tif", "b/B2.tif", "b/B3.tif"), "the bands of 2 products: a, b"),
        (("ortho.tif", "dem.tif"), "holds 2 rasters whose names do not say .*: dem.tif, ortho.tif"),
        (("B2.tif", "B2.jp2", "B3.tif"), "holds B2 twice: B2.jp2 and B2.tif"),
    ],
)
def test_a_folder_that_is_no_one_product_is_a_sentence(tmp_path, files, sentence):
    with pytest.raises(RasterUnreadable, match=sentence):
        expand([touched(tmp_path, *files)])


def test_a_folder_of_one_raster_is_that_raster(tmp_path):
    folder = touched(tmp_path, "ortho.tif", "ortho_udm2.tif")
    assert expand([folder]) == (f"{folder}/ortho.tif",)


def test_a_broken_archive_is_a_sentence(tmp_path):
    path = tmp_path / "product.zip"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(RasterUnreadable, match="can't be read as an archive"):
        expand([str(path)])
