"""What the algorithms that run a model share: raster layers, a model, and where, in what units and how finely."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, Sequence

from qgis.core import (
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorLayer,
    QgsRasterBlockFeedback,
    QgsRasterLayer,
    QgsRectangle,
)

from ...core.errors import MlmRunnerError, UsageError
from ...core.mlm.model import Model
from ...core.mlm.read import read
from .. import export, history, layers, mask, result
from ..engine import Engine
from ..found import metres_of
from ..stack import name_of
from ..words import tr
from .base import Algorithm
from .dresser import dress_on_completion
from .parse import bands_by_hand, resolution
from .texts import help_of, label

NUMBERS: Mapping[str, tuple[float, float]] = {
    "OVERLAP": (0.0, 0.9),
    "TILE": (1, 16384),
    "THRESHOLD": (0.0, 1.0),
    "IOU": (0.0, 1.0),
    "MIN_AREA": (0.0, 1e12),
    "SIMPLIFY": (0.0, 1000.0),
}
"""Parameters that are numbers, optional all, with the least and the largest; the engine's word is the same in lower
case."""
WHOLE = {"TILE"}


class ModelAlgorithm(Algorithm):
    """Subclasses add their own parameters and destinations; `FILES` has those that are further outputs."""

    INPUT, MORE_LAYERS, MODEL, EXTENT, MASK = "INPUT", "MORE_LAYERS", "MODEL", "EXTENT", "MASK"
    OUTPUT = "OUTPUT"
    BANDS, UNITS, RESOLUTION, SKIP_FUNCTIONS = "BANDS", "UNITS", "RESOLUTION", "SKIP_FUNCTIONS"
    FILES: tuple[str, ...] = ()

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._params: dict[str, Any] = {}
        self._copies: dict[str, export.Copy] = {}
        self._source_name = ""
        self._places: dict[str, int] = {}
        """Which raster of the stack each copy of a layer is."""
        self._services: dict[str, float] = {}
        """Metres in a unit of each layer that is to be drawn at the resolution that is wished for."""

    def group(self) -> str:
        return tr("Models")

    def groupId(self) -> str:  # noqa: N802  (the names are QGIS's)
        return "models"

    def refusal(self, model: Model) -> str:
        """Return why this is the wrong algorithm for a model, or an empty string."""
        raise NotImplementedError

    def add_inputs(self) -> None:
        self.addParameter(QgsProcessingParameterRasterLayer(self.INPUT, label(self.INPUT)))
        more = QgsProcessingParameterMultipleLayers(
            self.MORE_LAYERS, label(self.MORE_LAYERS), QgsProcessing.TypeRaster, optional=True
        )
        self.addParameter(more)
        files = tr("Model items") + " (*.json);;" + tr("All files") + " (*)"
        self.addParameter(QgsProcessingParameterFile(self.MODEL, label(self.MODEL), fileFilter=files))
        self.addParameter(QgsProcessingParameterExtent(self.EXTENT, label(self.EXTENT), optional=True))
        polygons = [QgsProcessing.TypeVectorPolygon]
        self.addParameter(QgsProcessingParameterVectorLayer(self.MASK, label(self.MASK), polygons, optional=True))

    def add_advanced(self, *numbers: str) -> None:
        """Add what few users need: words, `numbers`, and a switch."""
        for parameter in (
            QgsProcessingParameterString(self.BANDS, label(self.BANDS), optional=True),
            QgsProcessingParameterString(self.UNITS, label(self.UNITS), defaultValue="auto", optional=True),
            QgsProcessingParameterString(self.RESOLUTION, label(self.RESOLUTION), optional=True),
            *map(_number, numbers),
            QgsProcessingParameterBoolean(self.SKIP_FUNCTIONS, label(self.SKIP_FUNCTIONS), defaultValue=False),
        ):
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
            self.addParameter(parameter)

    def help(self, before: str, after: str) -> str:
        return help_of(before, [definition.name() for definition in self.parameterDefinitions()], after)

    def checkParameterValues(  # noqa: N802
        self, parameters: Mapping[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuse before the run what can be seen in the words alone."""
        try:
            bands_by_hand(self.parameterAsString(parameters, self.BANDS, context))
            resolution(self.parameterAsString(parameters, self.RESOLUTION, context))
        except MlmRunnerError as error:
            return False, str(error)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(  # noqa: N802
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Take from the layers what is needed; they belong to this thread, the run to another."""
        layer = self.parameterAsRasterLayer(parameters, self.INPUT, context)
        if layer is None or not layer.isValid():
            raise QgsProcessingException(self.invalidRasterError(parameters, self.INPUT))
        extent = self.parameterAsExtent(parameters, self.EXTENT, context, layer.crs())
        stack = [layer, *self._more_layers(parameters, context)]
        self._source_name = name_of([one.name() for one in stack])
        self._params = {
            "model": self.parameterAsString(parameters, self.MODEL, context).strip(),
            "bands": bands_by_hand(self.parameterAsString(parameters, self.BANDS, context)),
            "units": self.parameterAsString(parameters, self.UNITS, context).strip() or "auto",
            "resolution": resolution(self.parameterAsString(parameters, self.RESOLUTION, context)),
            "skip_functions": self.parameterAsBoolean(parameters, self.SKIP_FUNCTIONS, context),
        }
        for name in NUMBERS:
            if parameters.get(name) is not None and self.parameterDefinition(name) is not None:
                take = self.parameterAsInt if name in WHOLE else self.parameterAsDouble
                self._params[name.lower()] = take(parameters, name, context)
        try:
            self._place(stack, extent)
            self._limit(parameters, context, layer, extent)
        except MlmRunnerError as error:
            raise QgsProcessingException(str(error)) from error
        return True

    def processAlgorithm(  # noqa: N802
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        # Not while preparing: what is to be loaded is told by the context of the thread that the run is in.
        for name in (self.OUTPUT, *self.FILES):
            empty = _is_empty(parameters.get(name), context)
            path = "" if empty else self.parameterAsOutputLayer(parameters, name, context)
            self._params[name.lower()] = path or None
        described = self.call("describe", {"model": self._params["model"]}, feedback)
        self._params.update(item=described["item"], href=described["href"])
        feedback.pushInfo(f"{described['title']}: {described['href']}")
        done = self._run(self._model(), feedback)
        run = result.Run(done, dict(self._params), str(described["title"]), self._source_name, self._copied())
        for line in history.history(run.done, run.params, run.copied):
            feedback.pushInfo(line)
        feedback.pushInfo(tr("Result: {}").format(history.summary(done, limit=20)))
        dress_on_completion(run, context)
        made = {name: done.get(name.lower()) for name in (self.OUTPUT, *self.FILES)}
        return {name: path for name, path in made.items() if path}

    def _model(self) -> Model:
        """Return the model that was described; raises the sentence why it is none for this algorithm."""
        try:
            model = read(self._params["item"], self._params["href"])
        except MlmRunnerError as error:
            raise QgsProcessingException(str(error)) from error
        refusal = self.refusal(model)
        if refusal:
            raise QgsProcessingException(refusal)
        return model

    def _run(self, model: Model, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        copies = self.scratch()
        unfinished = self.engine.unfinished(self._params["output"])
        self._params["scratch"] = str(unfinished)
        try:
            self._write_copies(copies, model, feedback)
            return self.call("run", self._params, feedback, unfinished)
        finally:
            self.engine.discard(copies)

    def _more_layers(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> list[QgsRasterLayer]:
        """Return the layers behind the first one in their order; QGIS itself leaves out silently what it can't load."""
        given = parameters.get(self.MORE_LAYERS)
        named = [word for word in given.split(";") if word] if isinstance(given, str) else given
        found = self.parameterAsLayerList(parameters, self.MORE_LAYERS, context)
        lost = isinstance(named, (list, tuple)) and len(found) < len(named)
        if lost or not all(map(layers.is_raster, found)):
            names = ", ".join(str(one.name() if isinstance(one, QgsMapLayer) else one) for one in named)
            raise QgsProcessingException(
                tr("More layers: one of {} is no raster layer that QGIS can open. Choose others.").format(names)
            )
        return found

    def _place(self, stack: Sequence[QgsRasterLayer], extent: QgsRectangle) -> None:
        """Set what is read: the layers' files and the extent, or copies of what QGIS alone can read."""
        first, files = stack[0], [layers.file_source(layer) for layer in stack]
        whole = extent.isNull() or extent.isEmpty()
        size = layers.pixel_size(first)
        if whole and size is None:
            raise UsageError(f"The layer {first.name()!r} is drawn at any scale and has no end. Choose an extent.")
        box = first.extent() if whole else extent
        grid = layers.grid(first, box, first.crs(), size or box.width() / 1000)
        self._params["rasters"] = files
        if files[0] and not whole:
            box = grid.extent
            self._params["extent"] = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
        for place, (layer, file) in enumerate(zip(stack, files)):
            if not file:
                name = export.copy_name(layer, place)
                self._copies[name] = export.beside(layer, first, grid) if place else export.prepare(layer, grid)
                self._places[name] = place
                if size is None and layers.pixel_size(layer) is None:
                    self._services[name] = layers.metres_per_unit(layer)

    def _limit(
        self,
        parameters: Mapping[str, Any],
        context: QgsProcessingContext,
        layer: QgsRasterLayer,
        extent: QgsRectangle,
    ) -> None:
        """Set the mask: its file, or a copy of what QGIS alone can read."""
        polygons = self.parameterAsVectorLayer(parameters, self.MASK, context)
        if polygons is None:
            return
        self._params["mask"] = mask.file_source(polygons)
        if not self._params["mask"]:
            box = layer.extent() if extent.isNull() or extent.isEmpty() else extent
            self._copies[mask.COPY] = mask.prepare(polygons, box, layer.crs())

    def _write_copies(self, folder: Path, model: Model, feedback: QgsProcessingFeedback) -> None:
        """Write what QGIS alone can read, and say to the engine where."""
        blocks = QgsRasterBlockFeedback()
        feedback.canceled.connect(blocks.cancel)
        if self._services:
            self._resize(model)
        for name, copy in self._copies.items():
            feedback.setProgressText(tr("Copying {} for the engine").format(copy.layer_name))
            try:
                copy.write(folder / name, blocks)
            except MlmRunnerError as error:
                raise QgsProcessingException(str(error)) from error
        for name, place in self._places.items():
            self._params["rasters"][place] = str(folder / name)
        if mask.COPY in self._copies:
            self._params["mask"] = str(folder / mask.COPY)

    def _resize(self, model: Model) -> None:
        """Have a service drawn at the resolution that is wished for, or at the model's own, as the dock does."""
        metres = metres_of(self._params["resolution"] or "model", model)
        if len(self._params["rasters"]) == 1:
            del self._params["resolution"]
        for name, unit in self._services.items() if metres is not None else ():
            try:
                self._copies[name] = self._copies[name].at(metres / unit)
            except MlmRunnerError as error:
                raise QgsProcessingException(str(error)) from error

    def _copied(self) -> tuple[str, ...]:
        return tuple(copy.layer_name for copy in self._copies.values())


def _is_empty(destination: Any, context: QgsProcessingContext) -> bool:
    """Whether a destination has no name, as batches leave those out that nobody wants: QGIS would promise to load it,
    and then say that a layer without a name was not generated."""
    if not isinstance(destination, QgsProcessingOutputLayerDefinition):
        return False
    return not destination.sink.valueAsString(context.expressionContext(), "")[0]


def _number(name: str) -> QgsProcessingParameterNumber:
    least, most = NUMBERS[name]
    kinds = QgsProcessingParameterNumber.Type
    kind = kinds.Integer if name in WHOLE else kinds.Double
    return QgsProcessingParameterNumber(name, label(name), kind, optional=True, minValue=least, maxValue=most)
