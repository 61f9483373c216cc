"""Where a run's layers go in the layers panel: just above the layer that they were made from, several in a group."""

from __future__ import annotations

from typing import Sequence

from qgis.core import QgsLayerTreeGroup, QgsLayerTreeNode, QgsMapLayer, QgsProject, QgsVectorLayer


def add(layers: Sequence[QgsMapLayer], source_id: str, group_name: str) -> None:
    """Put layers into the project, the first of them unfolded; several get a group of their own."""
    project = QgsProject.instance()
    project.addMapLayers(list(layers), False)
    parent, place = _place(project.layerTreeRoot(), source_id)
    if len(layers) > 1:
        parent, place = parent.insertGroup(place, group_name), 0
    # What is drawn by outlines covers nothing, and comes first.
    ordered = sorted(layers, key=lambda layer: not isinstance(layer, QgsVectorLayer))
    for number, layer in enumerate(ordered):
        node = parent.insertLayer(place + number, layer)
        if layer is layers[0]:
            unfold(node)
        else:
            node.setExpanded(False)
    if len(layers) > 1:
        unfold(parent)


def unfold(node: QgsLayerTreeNode) -> None:
    """Show what is in a group, or a layer's classes; the panel folds up new groups, long legends, and those that came
    after their layer."""
    node.setExpanded(False)
    node.setExpanded(True)


def _place(root: QgsLayerTreeGroup, source_id: str) -> tuple[QgsLayerTreeGroup, int]:
    """Return the group and the place in it just above a layer; the top of all where that layer is gone."""
    node = root.findLayer(source_id)
    if node is None or node.parent() is None:
        return root, 0
    return node.parent(), node.parent().children().index(node)
