"""The demo's part inside QGIS: runs the model with the plugin's engine, styles the layer, and draws it with its legend.

Called by demo.py with QGIS's own Python: RUNTIME_PYTHON MODEL IMAGE FOLDER. The last line on stdout is the run's JSON.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsContrastEnhancement,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendRenderer,
    QgsLegendStyle,
    QgsMapLayerLegendUtils,
    QgsMultiBandColorRenderer,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsRasterMinMaxOrigin,
)
from qgis.PyQt.QtCore import QRectF

TOP = Path(__file__).resolve().parent.parent
PAGE_MM = (270.0, 120.0)
MARGIN, GAP, MAP_WIDTH = 8.0, 4.0, 102.0
"""Millimetres on the page."""
DPI = 150


def main(arguments: list[str]) -> int:
    """Run, style, draw, and print the result."""
    started = time.perf_counter()
    python, model, image, folder = arguments
    application = QgsApplication([], True)
    application.initQgis()
    _register_package()
    from mlm_runner.core.errors import MlmRunnerError
    from mlm_runner.core.watch import Watch
    from mlm_runner.ui import result as results
    from mlm_runner.ui import settings
    from mlm_runner.ui.engine import Engine

    settings.set_runtime_python(python)
    engine = Engine()
    try:
        described = engine.call("describe", {"model": model}, Watch())
        params = {"model": model, "rasters": [image], "output": str(Path(folder) / "landcover.tif")}
        running = time.perf_counter()
        result = engine.call("run", params, Watch(_shown))
        if sys.stderr.isatty():
            print(file=sys.stderr)
        drawing = time.perf_counter()
        source = QgsRasterLayer(image, "landsat_2000")
        (classes,) = results.load(results.Run(result, params, described["title"], source.name()))
        _draw(source, classes, Path(folder))
    except MlmRunnerError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        engine.close()
    result["starting_seconds"] = running - started
    result["drawing_seconds"] = time.perf_counter() - drawing
    print(json.dumps(result))
    return 0


def _shown(progress: Any) -> None:
    """Show where the run is, on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{progress.text}", end="", file=sys.stderr, flush=True)


def _register_package() -> None:
    """Make the checkout importable as mlm_runner, whatever its folder is called."""
    spec = importlib.util.spec_from_file_location(
        "mlm_runner", TOP / "__init__.py", submodule_search_locations=[str(TOP)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["mlm_runner"] = module
    spec.loader.exec_module(module)


def _draw(source: QgsRasterLayer, classes: QgsRasterLayer, folder: Path) -> None:
    """Put both layers into a project, and a map with legend of them on a page."""
    red, green, blue = 3, 2, 1
    source.setRenderer(QgsMultiBandColorRenderer(source.dataProvider(), red, green, blue))
    source.setContrastEnhancement(
        QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum,
        QgsRasterMinMaxOrigin.Limits.CumulativeCut,
    )
    project = QgsProject.instance()
    project.addMapLayers([classes, source])
    project.setCrs(source.crs())
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("Land cover")
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(*PAGE_MM))
    _add(layout, _title(layout, classes.name()), MARGIN, 5, 200, 10)
    height = MAP_WIDTH * source.height() / source.width()
    for column, layers in enumerate(([source], [classes, source])):
        item = QgsLayoutItemMap(layout)
        item.attemptSetSceneRect(QRectF(0, 0, MAP_WIDTH, height))
        item.setKeepLayerSet(True)
        item.setLayers(layers)
        item.setExtent(source.extent())
        _add(layout, item, MARGIN + column * (MAP_WIDTH + GAP), 17, MAP_WIDTH, height)
        item.setFrameEnabled(True)
    legend = QgsLayoutItemLegend(layout)
    legend.setAutoUpdateModel(False)
    root = legend.model().rootGroup()
    root.removeLayer(source)
    node = root.findLayer(classes)
    QgsLegendRenderer.setNodeLegendStyle(node, QgsLegendStyle.Style.Hidden)
    entries = len(legend.model().layerLegendNodes(node))
    without_the_bands_name = list(range(1, entries))
    QgsMapLayerLegendUtils.setLegendNodeOrder(node, without_the_bands_name)
    legend.model().refreshLayerLegend(node)
    _add(layout, legend, MARGIN + 2 * (MAP_WIDTH + GAP), 17, 40, height)
    project.layoutManager().addLayout(layout)
    # Not exportToImage, which tries to write georeference into the PNG and complains that GDAL can't.
    QgsLayoutExporter(layout).renderPageToImage(0, dpi=DPI).save(str(folder / "landcover.png"))
    project.write(str(folder / "landcover.qgz"))


def _title(layout: QgsPrintLayout, text: str) -> QgsLayoutItemLabel:
    label = QgsLayoutItemLabel(layout)
    label.setText(text)
    return label


def _add(layout: QgsPrintLayout, item: object, left: float, top: float, width: float, height: float) -> None:
    layout.addLayoutItem(item)
    item.attemptMove(QgsLayoutPoint(left, top))
    item.attemptResize(QgsLayoutSize(width, height))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
