"""The provider "MLM Runner" of the Processing toolbox."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from ..engine import Engine
from ..icons import plugin_icon
from ..output_file import POLYGONS
from .detect import DetectAlgorithm
from .run import RunAlgorithm

ALGORITHMS = (RunAlgorithm, DetectAlgorithm)


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

    def supportedOutputVectorLayerExtensions(self) -> list[str]:  # noqa: N802
        return [ending.lstrip(".") for endings in POLYGONS.endings.values() for ending in endings]

    def defaultVectorFileExtension(self, hasGeometry: bool = True) -> str:  # noqa: N802, N803
        return POLYGONS.usual.lstrip(".")

    def supportsNonFileBasedOutput(self) -> bool:  # noqa: N802
        """The engine writes files; a memory layer or a table of a database is none."""
        return False

    def defaultRasterFileExtension(self, hasGeometry: bool = True) -> str:  # noqa: N802, N803
        return "tif"
