"""Which files a result can be written to: formats of rasters and vector layers, and how a widget asks for one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from qgis.gui import QgsFileWidget

from .words import tr


@dataclass(frozen=True)
class Formats:
    """Names of formats with their endings, the usual one first."""

    endings: Mapping[str, tuple[str, ...]]

    @property
    def usual(self) -> str:
        return next(iter(self.endings.values()))[0]

    @property
    def filter(self) -> str:
        """Return what a file dialog offers."""
        return ";;".join(f"{name} ({' '.join(f'*{e}' for e in ends)})" for name, ends in self.endings.items())

    def named(self, path: str) -> str:
        """Return the path with an ending of these formats; one of another format is replaced."""
        if not path or Path(path).suffix.lower() in self._all():
            return path
        foreign = RASTER._all() | POLYGONS._all()
        return str(Path(path).with_suffix(self.usual)) if Path(path).suffix.lower() in foreign else path + self.usual

    def _all(self) -> set[str]:
        return {ending for endings in self.endings.values() for ending in endings}


RASTER = Formats({"GeoTIFF": (".tif", ".tiff")})
POLYGONS = Formats(
    {
        "GeoPackage": (".gpkg",),
        "GeoJSON": (".geojson",),
        "FlatGeobuf": (".fgb",),
        "ESRI Shapefile": (".shp",),
    }
)


def ask_for(widget: QgsFileWidget, formats: Formats, title: str) -> None:
    """Let a widget ask for a file of these formats; left empty, it means a temporary one."""
    widget.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
    widget.setFilter(formats.filter)
    widget.setDialogTitle(title)
    widget.lineEdit().setPlaceholderText(tr("[Temporary layer]"))
    widget.setToolTip(tr("The file to write; a temporary one if left empty"))


def file_of(widget: QgsFileWidget, formats: Formats) -> str:
    """Return the file that the user named, with an ending; an empty text means a temporary one."""
    return formats.named(widget.filePath().strip())
