"""The demo's part inside QGIS: runs the model with the plugin's engine, styles the layer, and draws it with its legend.

Called by demo.py with QGIS's own Python: RUNTIME_PYTHON MODEL IMAGE FOLDER. The last line on stdout is the run's JSON.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsContrastEnhancement,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsMultiBandColorRenderer,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
)

TOP = Path(__file__).resolve().parent.parent
SIZE_MM = (210.0, 150.0)
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
        result = engine.call("run", params, Watch(lambda p: print(f"\r{p.text}      ", end="", file=sys.stderr)))
        print(file=sys.stderr)
        drawing = time.perf_counter()
        source = QgsRasterLayer(image, "landsat_2000")
        classes = results.load(result, params, described["title"], source.name())
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
    source.setContrastEnhancement(QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum)
    project = QgsProject.instance()
    project.addMapLayers([classes, source])
    project.setCrs(source.crs())
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("Land cover")
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(*SIZE_MM))
    _add(layout, _title(layout, classes.name()), 8, 5, 194, 10)
    for left, layers in ((8, [source]), (82, [classes, source])):
        item = QgsLayoutItemMap(layout)
        _add(layout, item, left, 18, 70, 124)
        item.setLayers(layers)
        item.setCrs(source.crs())
        item.zoomToExtent(source.extent())
        item.setFrameEnabled(True)
    legend = QgsLayoutItemLegend(layout)
    legend.setAutoUpdateModel(False)
    root = legend.model().rootGroup()
    root.removeLayer(source)
    _add(layout, legend, 156, 18, 50, 124)
    project.layoutManager().addLayout(layout)
    settings = QgsLayoutExporter.ImageExportSettings()
    settings.dpi = DPI
    QgsLayoutExporter(layout).exportToImage(str(folder / "landcover.png"), settings)
    project.write(str(folder / "landcover.qgz"))


def _title(layout: QgsPrintLayout, text: str) -> QgsLayoutItemLabel:
    label = QgsLayoutItemLabel(layout)
    label.setText(text)
    font = label.font()
    font.setPointSize(14)
    label.setFont(font)
    return label


def _add(layout: QgsPrintLayout, item: object, left: float, top: float, width: float, height: float) -> None:
    layout.addLayoutItem(item)
    item.attemptMove(QgsLayoutPoint(left, top))
    item.attemptResize(QgsLayoutSize(width, height))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
