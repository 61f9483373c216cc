"""The provider "MLM Runner" of the Processing toolbox."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..engine import Engine
from ..icons import plugin_icon
from .run import RunAlgorithm

ALGORITHMS = (RunAlgorithm,)


class Provider(QgsProcessingProvider):
    """Offers the algorithms; all of them share the plugin's one engine."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def id(self) -> str:
        return "mlm_runner"

    def name(self) -> str:
        return "MLM Runner"

    def icon(self) -> QIcon:
        return plugin_icon()

    def loadAlgorithms(self) -> None:  # noqa: N802  (the name is QGIS's)
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm(self._engine))

    def supportedOutputRasterLayerExtensions(self) -> list[str]:  # noqa: N802
        return ["tif", "tiff"]

    def defaultRasterFileExtension(self, hasGeometry: bool = True) -> str:  # noqa: N802, N803
        return "tif"
