"""Layers that are no plain file are copied by QGIS for the extent needed, and run like any other."""

from __future__ import annotations

import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from osgeo import gdal
from qgis.core import QgsProject, QgsRasterBlockFeedback, QgsRasterLayer, QgsRectangle

from mlm_runner.core.errors import Cancelled, OutputNotWritable, RasterUnreadable
from mlm_runner.core.mlm.bands import match
from mlm_runner.core.mlm.model import Band
from mlm_runner.ui import export, layers
from mlm_runner.ui.dock import Dock

from .conftest import pixels, settle


def png(red: int, green: int, blue: int, size: int = 256) -> bytes:
    """Return a picture of one colour (PNG: signature, header, data, end; each chunk with length and checksum)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + bytes((red, green, blue)) * size) * size
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Tiles(BaseHTTPRequestHandler):
    """Tiles of one colour."""

    def do_GET(self):  # noqa: N802  (the name is http.server's)
        body = png(200, 100, 50)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def tiles(qgis):
    """A layer of XYZ tiles from a server of this test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/%7Bz%7D/%7Bx%7D/%7By%7D.png"
    layer = QgsRasterLayer(f"type=xyz&url={address}&zmax=18&zmin=0", "tiles", "wms")
    assert layer.isValid()
    yield layer
    server.shutdown()
    server.server_close()


@pytest.fixture
def in_memory(halves):
    """The two halves, in a file that is in this process's memory alone."""
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/halves.tif", gdal.Open(halves.source()))
    layer = QgsRasterLayer("/vsimem/halves.tif", "in memory")
    QgsProject.instance().addMapLayer(layer)
    yield layer
    QgsProject.instance().removeMapLayer(layer.id())
    gdal.Unlink("/vsimem/halves.tif")


@pytest.mark.parametrize(
    ("source", "provider", "file"),
    [
        ("/data/a b.tif", "gdal", "/data/a b.tif"),
        ("/vsizip//data/a.zip/b.tif", "gdal", "/vsizip//data/a.zip/b.tif"),
        ('NETCDF:"/data/a.nc":t2m', "gdal", 'NETCDF:"/data/a.nc":t2m'),
        ("/vsimem/a.tif", "gdal", ""),
        ("/vsicurl/https://a.org/b.tif authcfg='abc1234'", "gdal", ""),
        ("/data/a.tif|option:NUM_THREADS=2", "gdal", ""),
        ("type=xyz&url=http://a.org", "wms", ""),
    ],
)
def test_what_the_engine_opens_by_itself(source, provider, file):
    class Provider:
        def dataSourceUri(self):  # noqa: N802
            return source

    class Layer:
        def providerType(self):  # noqa: N802
            return provider

        def dataProvider(self):  # noqa: N802
            return Provider()

    assert layers.file_source(Layer()) == file


def test_a_copy_has_the_same_pixels_names_and_grid(in_memory, tmp_path):
    part = layers.grid(in_memory, QgsRectangle(600450, 3999500, 600750, 3999800), in_memory.crs())
    path = tmp_path / "copy.tif"
    export.prepare(in_memory, part).write(path, QgsRasterBlockFeedback())
    copy = gdal.Open(str(path))
    assert [copy.GetRasterBand(n).GetDescription() for n in (1, 2)] == ["red", "nir"]
    assert (copy.RasterXSize, copy.RasterYSize) == (10, 11)
    assert copy.GetGeoTransform() == (600450, 30, 0, 3999820, 0, -30)
    assert pixels(str(path)) == [[100] * 5 + [10] * 5] * 11


def test_a_cancelled_copy_says_so(in_memory, tmp_path):
    part = layers.grid(in_memory, in_memory.extent(), in_memory.crs())
    feedback = QgsRasterBlockFeedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        export.prepare(in_memory, part).write(tmp_path / "copy.tif", feedback)


def test_a_folder_that_is_not_there_is_said(in_memory, tmp_path):
    part = layers.grid(in_memory, in_memory.extent(), in_memory.crs())
    with pytest.raises(OutputNotWritable, match="can't be copied"):
        export.prepare(in_memory, part).write(tmp_path / "no" / "copy.tif", QgsRasterBlockFeedback())


def test_too_much_is_refused_before_it_is_asked_for(tiles):
    with pytest.raises(RasterUnreadable, match="smaller extent"):
        export.prepare(tiles, layers.Grid(tiles.extent(), 30000, 30000))


def test_tiles_have_the_bands_of_a_picture(tiles):
    info = layers.describe(tiles)
    assert [b.name for b in info.bands] == ["red", "green", "blue", "alpha"]
    matches = match([Band("R", common_name="red"), Band("nir")], info.bands, {})
    assert [m.raster.index if m.raster else None for m in matches] == [1, None]


def test_tiles_are_copied_as_bands(tiles, tmp_path, wait):
    path, out = tmp_path / "copy.tif", []
    grid = layers.Grid(QgsRectangle(0, 0, 1000, 1000), 50, 50)
    task = export.CopyTask(export.prepare(tiles, grid), path)
    task.done.connect(lambda error: out.append(error))
    from qgis.core import QgsApplication

    QgsApplication.taskManager().addTask(task)
    wait(lambda: out, 30)
    assert out == [None]
    copy = gdal.Open(str(path))
    assert [copy.GetRasterBand(n).GetDescription() for n in (1, 2, 3)] == ["red", "green", "blue"]
    values = [copy.GetRasterBand(n).ReadRaster(25, 25, 1, 1)[0] for n in (1, 2, 3)]
    assert values == [200, 100, 50]


def test_the_dock_runs_a_layer_in_memory(iface, engine, in_memory, halves, brighter, show, wait):
    from qgis.PyQt.QtCore import Qt

    from mlm_runner.ui import settings

    settings.set_catalogs([str(brighter.parent)])
    QgsProject.instance().removeMapLayer(halves.id())
    dock = Dock(iface, engine)
    iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    show(in_memory)
    dock.show()
    dock.search.soon("brighter")
    wait(lambda: dock.session.chosen and dock.session.chosen.title == "Which Is Brighter" and dock.session.fit)
    wait(lambda: dock.run_step.runButton.isEnabled())
    dock.run_step.extentCombo.setCurrentIndex(1)
    dock.run_step.runButton.click()
    wait(lambda: dock.run_step.job is None, 60)
    shown = dock.run_step.statusLabel.text().replace("\N{NO-BREAK SPACE}", " ")
    assert shown == "Last run: Forest 50.0 %, Water 50.0 %"
    made = QgsProject.instance().mapLayersByName("Which Is Brighter - in memory")[0]
    assert pixels(made.source()) == [[1] * 20 + [2] * 20] * 30
    assert list((engine.home / "scratch").iterdir()) == []
    dock.close_down()
    settle()
