"""Names, styles and explains a layer once Processing has loaded it."""

from __future__ import annotations

from collections import deque

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
)

from .. import layer_tree, result


class Dresser(QgsProcessingLayerPostProcessorInterface):
    """Does for one layer of Processing what the dock does for its own."""

    kept: deque[Dresser] = deque(maxlen=256)
    """The newest ones: QGIS does not own them, and calls those of all layers that a model or a batch has made after the
    algorithms are gone."""

    def __init__(self, run: result.Run, part: result.Part) -> None:
        super().__init__()
        self._run, self._part = run, part

    def postProcessLayer(  # noqa: N802  (the name is QGIS's)
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        result.dress(layer, self._run, self._part)
        project = context.project()
        node = project.layerTreeRoot().findLayer(layer.id()) if project is not None else None
        if node is not None:
            layer_tree.unfold(node)


def dress_on_completion(run: result.Run, context: QgsProcessingContext) -> None:
    """Let all layers of a run be dressed that QGIS will load."""
    for part in result.parts(run).values():
        if not context.willLoadLayerOnCompletion(part.path):
            continue
        details = context.layerToLoadOnCompletionDetails(part.path)
        details.name = part.name
        dresser = Dresser(run, part)
        Dresser.kept.append(dresser)
        details.setPostProcessor(dresser)
