"""What is known of the project's raster layers: the engine describes those that are files, QGIS itself all others."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.errors import MlmRunnerError, RuntimeMissing
from ..core.mlm.raster import RasterInfo
from . import layers
from .engine import Engine

_Key = tuple[str, str]


class Descriptions(QObject):
    """Asks for each layer once; `changed` carries the id of a layer of which more is known."""

    changed = pyqtSignal(str)

    def __init__(self, engine: Engine, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._known: dict[_Key, RasterInfo] = {}
        self._asked: set[_Key] = set()
        self._not_opened: set[str] = set()

    def of(self, layer: QgsRasterLayer) -> Optional[RasterInfo]:
        """Return what is known of a layer; None until the engine has answered, or while there is none."""
        key = (layer.id(), str(layer.dataProvider().dataSourceUri()))
        if key not in self._known and not self.file_of(layer):
            self._known[key] = layers.describe(layer)
        if key not in self._known and key not in self._asked:
            self._ask(layer, key)
        return self._known.get(key)

    def file_of(self, layer: QgsRasterLayer) -> str:
        """Return what the engine opens for a layer; an empty string where QGIS must copy it first, since it is no file
        or one that the engine's own GDAL can't open."""
        return "" if layer.id() in self._not_opened else layers.file_source(layer)

    def ask_again(self) -> None:
        """Let what was asked in vain be asked anew, after the engine was set up."""
        self._asked.clear()

    def forget(self, ids: Sequence[str]) -> None:
        self._known = {key: info for key, info in self._known.items() if key[0] not in ids}
        self._asked = {key for key in self._asked if key[0] not in ids}

    def _ask(self, layer: QgsRasterLayer, key: _Key) -> None:
        self._asked.add(key)

        def answered(described: dict[str, Any]) -> None:
            self._known[key] = RasterInfo.from_json(described)
            self.changed.emit(key[0])

        def failed(error: MlmRunnerError) -> None:
            still_there = QgsProject.instance().mapLayer(key[0])
            if not isinstance(error, RuntimeMissing) and not self._engine.missing and layers.is_raster(still_there):
                self._not_opened.add(key[0])
                self._known[key] = layers.describe(still_there)
            self.changed.emit(key[0])

        self._engine.ask(self, "inspect", {"rasters": [layers.file_source(layer)]}, answered, failed)
