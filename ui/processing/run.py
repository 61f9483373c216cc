"""The algorithm "Run model": a raster layer and a model give a raster of classes or numbers, as in the dock."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterVectorDestination,
)

from ...core.mlm.model import Model
from ..run_options import OBJECTS, kind_of
from ..words import tr
from .model_algorithm import ModelAlgorithm
from .texts import label


class RunAlgorithm(ModelAlgorithm):
    """`mlm_runner:run`."""

    CONFIDENCE, PROBABILITIES, VECTOR = "CONFIDENCE", "PROBABILITIES", "VECTOR"
    FILES = (CONFIDENCE, PROBABILITIES, VECTOR)

    def name(self) -> str:
        return "run"

    def displayName(self) -> str:  # noqa: N802  (the names are QGIS's)
        return tr("Run model")

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
        return tr("Classifies a raster layer with a machine-learning model that describes itself.")

    def shortHelpString(self) -> str:  # noqa: N802
        return self.help(
            tr(
                "Runs a machine-learning model on a raster layer and gives each pixel a class or a number. The model "
                "says by itself which bands it needs, how their values are scaled and what its classes are (a STAC "
                "Item with the Machine Learning Model extension). If it does not fit the layer, nothing is run and "
                "you read why."
            ),
            tr(
                "The result is a GeoTIFF on the layer's own pixels, or at the resolution wished for. Its metadata say"
                " what was applied and assumed, and how to repeat it."
            ),
        )

    def refusal(self, model: Model) -> str:
        if kind_of(model) != OBJECTS:
            return ""
        text = tr("The model {} finds objects, which are a vector layer. Use the algorithm Detect objects ({}) for it.")
        return text.format(model.label, "mlm_runner:detect")

    def initAlgorithm(self, config: Optional[Mapping[str, Any]] = None) -> None:  # noqa: N802
        self.add_inputs()
        self.add_advanced("OVERLAP", "TILE", "THRESHOLD", "MIN_AREA", "SIMPLIFY")
        self.addParameter(QgsProcessingParameterRasterDestination(self.OUTPUT, tr("Classes")))
        for name in (self.CONFIDENCE, self.PROBABILITIES):
            self.addParameter(
                QgsProcessingParameterRasterDestination(name, label(name), optional=True, createByDefault=False)
            )
        self.addParameter(
            QgsProcessingParameterVectorDestination(
                self.VECTOR, label(self.VECTOR), QgsProcessing.TypeVectorPolygon, optional=True, createByDefault=False
            )
        )
