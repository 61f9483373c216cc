"""The algorithm "Detect objects": a raster layer and a model give a vector layer with a polygon for each object."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from qgis.core import QgsProcessing, QgsProcessingParameterVectorDestination

from ...core.mlm.model import Model
from ..run_options import OBJECTS, kind_of
from ..words import tr
from .model_algorithm import ModelAlgorithm


class DetectAlgorithm(ModelAlgorithm):
    """`mlm_runner:detect`; one of its own, since batches and models of the designer need to know what comes out."""

    def name(self) -> str:
        return "detect"

    def displayName(self) -> str:  # noqa: N802  (the names are QGIS's)
        return tr("Detect objects")

    def tags(self) -> list[str]:
        return [
            "machine learning",
            "deep learning",
            "object detection",
            "instance segmentation",
            "bounding boxes",
            "onnx",
            "stac",
            "mlm",
        ]

    def shortDescription(self) -> str:  # noqa: N802
        return tr("Finds objects in a raster layer with a machine-learning model that describes itself.")

    def shortHelpString(self) -> str:  # noqa: N802
        return self.help(
            tr(
                "Runs a machine-learning model on a raster layer and gives a polygon for each object that it finds: "
                "its box, or its outline where the model gives one. The model says by itself which bands it needs, "
                "how their values are scaled and what it looks for (a STAC Item with the Machine Learning Model "
                "extension). If it does not fit the layer, nothing is run and you read why."
            ),
            tr(
                "The result is a vector layer with the class, its name and a score for each object. Its metadata say "
                "what was applied and assumed, and how to repeat it."
            ),
        )

    def refusal(self, model: Model) -> str:
        if kind_of(model) == OBJECTS:
            return ""
        text = tr("The model {} finds no objects; its result is a raster. Use the algorithm Run model ({}) for it.")
        return text.format(model.label, "mlm_runner:run")

    def initAlgorithm(self, config: Optional[Mapping[str, Any]] = None) -> None:  # noqa: N802
        self.add_inputs()
        self.add_advanced("OVERLAP", "TILE", "THRESHOLD", "IOU")
        self.addParameter(
            QgsProcessingParameterVectorDestination(self.OUTPUT, tr("Objects"), QgsProcessing.TypeVectorPolygon)
        )
