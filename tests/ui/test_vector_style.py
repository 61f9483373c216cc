"""The style beside a vector file, as the installed QGIS takes it up by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from qgis.core import QgsCategorizedSymbolRenderer, QgsRenderContext, QgsVectorLayer

from mlm_runner.core.inference.vector_style import categorized
from mlm_runner.core.mlm.legend import LegendEntry

LEGEND = (
    LegendEntry(1, "Wald & <Wiese>", "#00FF00"),
    LegendEntry(2, "Wasser", "#0000FF"),
    LegendEntry(0, "kein Wert", "#000000", nodata=True),
)


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A file with a polygon of class 2, its style beside it."""
    ring = [[15, 36], [16, 36], [16, 37], [15, 36]]
    feature = {
        "type": "Feature",
        "properties": {"value": 2},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path = tmp_path / "map.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    path.with_suffix(".qml").write_bytes(categorized(LEGEND, "value", opacity=0.4))
    return str(path)


def test_a_vector_layer_comes_with_the_classes_names_and_colours(source):
    layer = QgsVectorLayer(source)
    renderer = layer.renderer()
    assert isinstance(renderer, QgsCategorizedSymbolRenderer) and renderer.classAttribute() == "value"
    shown = [(c.label(), c.symbol().color().name(), c.symbol().color().alpha()) for c in renderer.categories()]
    assert shown == [("Wald & <Wiese>", "#00ff00", 102), ("Wasser", "#0000ff", 102)]


def test_a_feature_is_drawn_as_its_class(source):
    layer = QgsVectorLayer(source)
    renderer, context = layer.renderer(), QgsRenderContext()
    renderer.startRender(context, layer.fields())
    symbol = renderer.symbolForFeature(next(layer.getFeatures()), context)
    drawn = symbol.color().name(), symbol.symbolLayer(0).strokeColor().name()
    renderer.stopRender(context)
    assert drawn == ("#0000ff", "#0000ff")
