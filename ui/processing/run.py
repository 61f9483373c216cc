"""The algorithm "Run model": a raster layer and a model give a classified raster, as in the dock."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, Mapping, Optional

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsRasterBlockFeedback,
    QgsRasterLayer,
    QgsRectangle,
)

from ...core.errors import MlmRunnerError, UsageError
from .. import export, layers, result
from ..engine import Engine
from .base import Algorithm

HELP = """Runs a machine-learning model on a raster layer and gives each pixel a class.

The model says by itself which bands it needs, how their values are scaled and what its classes are (a STAC Item with
the Machine
Learning Model extension). If it does not fit the layer, nothing is run and you read why.

<b>Input layer</b>: the image. Bands are matched by name, then by common name (red, nir, swir16, ...), then by
wavelength.

<b>Model</b>: the file or address of the model's Item, or CATALOG#ITEM-ID, for example Built-in#NAME. The panel MLM
Runner (Raster
menu) lists models and copies their addresses.

<b>Extent</b>: the part of the layer to run on; all of it if left empty.

<b>Bands by hand</b>: MODELBAND=LAYERBAND, separated by commas, where names don't say it: nir=4, red=3.

<b>Units of the values</b>: auto compares the layer's values with what the model expects, and says what it chose; raw
takes values
as stored, scaled applies the file's own scale and offset, a number divides by it.

<b>Overlap of tiles</b>: the part of a tile, from 0 to 0.9, that its neighbour sees as well; empty leaves the choice
to the engine.

The result is a GeoTIFF on the layer's own pixels. Its metadata say what was applied and assumed, and how to repeat
it."""


class RunAlgorithm(Algorithm):
    """`mlm_runner:run`."""

    INPUT, MODEL, EXTENT, OUTPUT = "INPUT", "MODEL", "EXTENT", "OUTPUT"
    BANDS, UNITS, OVERLAP = "BANDS", "UNITS", "OVERLAP"

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._params: dict[str, Any] = {}
        self._copy: Optional[export.Export] = None
        self._source_name = ""

    def name(self) -> str:
        return "run"

    def displayName(self) -> str:  # noqa: N802  (the names are QGIS's)
        return "Run model"

    def group(self) -> str:
        return "Models"

    def groupId(self) -> str:  # noqa: N802
        return "models"

    def tags(self) -> list[str]:
        return [
            "machine learning",
            "deep learning",
            "classification",
            "segmentation",
            "land cover",
            "onnx",
            "stac",
            "mlm",
        ]

    def shortDescription(self) -> str:  # noqa: N802
        return "Classifies a raster layer with a machine-learning model that describes itself."

    def shortHelpString(self) -> str:  # noqa: N802
        return HELP.replace("\n\n", "<br><br>").replace("\n", " ")

    def initAlgorithm(self, config: Optional[Mapping[str, Any]] = None) -> None:  # noqa: N802
        self.addParameter(QgsProcessingParameterRasterLayer(self.INPUT, "Input layer"))
        self.addParameter(
            QgsProcessingParameterFile(self.MODEL, "Model", fileFilter="Model items (*.json);;All files (*)")
        )
        self.addParameter(QgsProcessingParameterExtent(self.EXTENT, "Extent", optional=True))
        overlap = QgsProcessingParameterNumber(
            self.OVERLAP,
            "Overlap of tiles",
            QgsProcessingParameterNumber.Type.Double,
            optional=True,
            minValue=0.0,
            maxValue=0.9,
        )
        for advanced in (
            QgsProcessingParameterString(self.BANDS, "Bands by hand", optional=True),
            QgsProcessingParameterString(self.UNITS, "Units of the values", defaultValue="auto", optional=True),
            overlap,
        ):
            advanced.setFlags(advanced.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
            self.addParameter(advanced)
        self.addParameter(QgsProcessingParameterRasterDestination(self.OUTPUT, "Classes"))

    def checkParameterValues(  # noqa: N802
        self, parameters: Mapping[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuse before the run what can be seen in the words alone."""
        try:
            bands_by_hand(self.parameterAsString(parameters, self.BANDS, context))
        except MlmRunnerError as error:
            return False, str(error)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(  # noqa: N802
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Take from the layer what is needed; the layer belongs to this thread, the run to another."""
        layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(self.invalidRasterError(parameters, self.INPUT))
        extent = self.parameterAsExtent(parameters, self.EXTENT, context, layer.crs())
        self._source_name = layer.name()
        self._params = {
            "model": self.parameterAsString(parameters, self.MODEL, context).strip(),
            "bands": bands_by_hand(self.parameterAsString(parameters, self.BANDS, context)),
            "units": self.parameterAsString(parameters, self.UNITS, context).strip() or "auto",
        }
        if parameters.get(self.OVERLAP) is not None:
            self._params["overlap"] = self.parameterAsDouble(parameters, self.OVERLAP, context)
        try:
            self._place(layer, extent)
        except MlmRunnerError as error:
            raise QgsProcessingException(str(error)) from error
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        # Not while preparing: what is to be loaded is told by the context of the thread that the run is in.
        self._params["output"] = self.parameterAsOutputLayer(parameters, self.OUTPUT, context)
        described = self.call("describe", {"model": self._params["model"]}, feedback)
        self._params.update(item=described["item"], href=described["href"])
        feedback.pushInfo(f"{described['title']}: {described['href']}")
        copies = self.scratch()
        unfinished = self.engine.unfinished(self._params["output"])
        self._params["scratch"] = str(unfinished)
        try:
            if self._copy is not None:
                self._export(copies / "layer.tif", feedback)
            done = self.call("run", self._params, feedback, unfinished)
        finally:
            self.engine.discard(copies)
        for line in result.history(done, self._params):
            feedback.pushInfo(line)
        feedback.pushInfo(f"Classes: {result.shares(list(done.get('classes', [])), limit=20)}")
        self._load(done, str(described["title"]), context)
        return {self.OUTPUT: done["output"]}

    def _place(self, layer: QgsRasterLayer, extent: QgsRectangle) -> None:
        """Set what is read: the layer's file and extent, or a copy of what QGIS alone can read."""
        source = layers.file_source(layer)
        if source:
            self._params["rasters"] = [source]
            if not extent.isNull() and not extent.isEmpty():
                box = layers.grid(layer, extent, layer.crs()).extent
                self._params["extent"] = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
            return
        whole = extent.isNull() or extent.isEmpty()
        if whole and layers.pixel_size(layer) is None:
            raise UsageError(f"The layer {layer.name()!r} is drawn at any scale and has no end. Choose an extent.")
        box = layer.extent() if whole else extent
        size = layers.pixel_size(layer) or box.width() / 1000.0
        self._copy = export.prepare(layer, layers.grid(layer, box, layer.crs(), size))

    def _export(self, path: Path, feedback: QgsProcessingFeedback) -> None:
        feedback.setProgressText("Copying the layer for the engine")
        blocks = QgsRasterBlockFeedback()
        feedback.canceled.connect(blocks.cancel)
        try:
            self._copy.write(path, blocks)
        except MlmRunnerError as error:
            raise QgsProcessingException(str(error)) from error
        self._params["rasters"] = [str(path)]

    def _load(self, done: Mapping[str, Any], title: str, context: QgsProcessingContext) -> None:
        """Let the layer be dressed if QGIS loads it."""
        output = done["output"]
        if not context.willLoadLayerOnCompletion(output):
            return
        details = context.layerToLoadOnCompletionDetails(output)
        details.name = result.layer_name(title, self._source_name)
        dresser = _Dresser(done, dict(self._params), title, self._source_name)
        _Dresser.kept.append(dresser)
        details.setPostProcessor(dresser)


class _Dresser(QgsProcessingLayerPostProcessorInterface):
    """Styles and names the layer once QGIS has loaded it."""

    kept: deque[_Dresser] = deque(maxlen=256)
    """The newest ones: QGIS does not own them, and calls those of all layers that a model or a batch has made after the
    algorithms are gone."""

    def __init__(self, done: Mapping[str, Any], params: Mapping[str, Any], title: str, source_name: str) -> None:
        super().__init__()
        self._done, self._params, self._title, self._source_name = done, params, title, source_name

    def postProcessLayer(  # noqa: N802
        self, layer: QgsRasterLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        result.dress(layer, self._done, self._params, self._title, self._source_name)
        project = context.project()
        node = project.layerTreeRoot().findLayer(layer.id()) if project is not None else None
        if node is not None:
            result.unfold(node)


def bands_by_hand(text: str) -> dict[str, str]:
    """Read "nir=4, red=B04" (commas, semicolons or lines between); raises `UsageError` for anything else."""
    chosen: dict[str, str] = {}
    for part in text.replace(";", ",").replace("\n", ",").split(","):
        if not part.strip():
            continue
        model, sign, raster = (word.strip() for word in part.partition("="))
        if not (model and sign and raster):
            raise UsageError(
                f"Bands by hand: {part.strip()!r} is not MODELBAND=LAYERBAND. Write, for example, nir=4, red=3."
            )
        if model in chosen:
            raise UsageError(f"Bands by hand: {model!r} stands there twice. Give each band of the model once.")
        chosen[model] = raster
    return chosen
