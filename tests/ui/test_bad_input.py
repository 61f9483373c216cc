"""Bad input is one sentence with a remedy in the dock and in Processing alike, and no file under the output's name; the
engine is the true one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import pytest
from osgeo import gdal
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle, QgsSettings
from qgis.PyQt.QtWidgets import QTextEdit

from .conftest import raster_file
from .items import item
from .test_dock import pick, rows
from .test_processing import run  # noqa: F401  (a fixture)

TITLE = "Which Is Brighter"


@dataclass(frozen=True)
class Case:
    """What is spoilt, and words of the sentence and of its remedy that both the dock and Processing must say."""

    spoil: Callable[[Setting], None]
    words: tuple[str, ...]


@dataclass
class Setting:
    """What a run is given; all is good until a case spoils it."""

    model: Path
    layer: QgsRasterLayer
    out: Path
    extent: QgsRectangle

    @property
    def network(self) -> Path:
        return self.model.with_suffix(".onnx")

    def rewrite(self, **asset: object) -> None:
        data = item("brighter", TITLE)
        data["assets"]["model"].update(asset)
        self.model.write_text(json.dumps(data))

    def relayer(self, path: Path) -> None:
        QgsProject.instance().removeMapLayer(self.layer)
        self.layer = QgsRasterLayer(str(path), path.stem)
        QgsProject.instance().addMapLayer(self.layer)


def wrong_checksum(given: Setting) -> None:
    given.rewrite(**{"file:checksum": "1220" + 64 * "0"})


def truncated(given: Setting) -> None:
    whole = given.network.read_bytes()
    given.rewrite(**{"file:size": len(whole)})
    given.network.write_bytes(whole[: len(whole) // 2])


def no_network(given: Setting) -> None:
    given.network.write_text("<html>Not found</html>")


def file_gone(given: Setting) -> None:
    given.network.unlink()


def without_onnx(given: Setting) -> None:
    given.model.write_text(json.dumps(item("brighter", TITLE, artifact="pt")))


def too_few_bands(given: Setting) -> None:
    given.relayer(raster_file(given.out.parent / "poor.tif", {"red": 1, "green": 2}))


def away(given: Setting) -> None:
    given.extent.setXMinimum(given.extent.xMinimum() + 1e6)
    given.extent.setXMaximum(given.extent.xMaximum() + 1e6)


def rotated(given: Setting) -> None:
    path = raster_file(given.out.parent / "turned.tif", {"red": 1, "nir": 2})
    gdal.Open(str(path), gdal.GA_Update).SetGeoTransform((600000, 21, 21, 4000000, 21, -21))
    given.relayer(path)
    given.extent = given.layer.extent()


def no_folder(given: Setting) -> None:
    given.out = given.out.parent / "nowhere" / "classes.tif"


def a_file_for_a_folder(given: Setting) -> None:
    (given.out.parent / "file").write_text("")
    given.out = given.out.parent / "file" / "classes.tif"


CASES = {
    "wrong checksum": Case(wrong_checksum, ("brighter.onnx is not what its item says", "ask its publisher")),
    "truncated": Case(truncated, ("brighter.onnx",)),
    "no network": Case(no_network, ("brighter.onnx",)),
    "file gone": Case(file_gone, ("brighter.onnx", "not there")),
    "item without ONNX": Case(without_onnx, ("ONNX",)),
    "too few bands": Case(too_few_bands, ("nir", "Choose a layer that has them, or map a band by hand")),
    "extent that misses": Case(away, ("no pixel in common", "Zoom to the layer")),
    "rotated": Case(rotated, ("rotated", "Warp it")),
    "no folder": Case(no_folder, ("nowhere", "choose another place")),
    "a file for a folder": Case(a_file_for_a_folder, ("file", "hoose another place")),
}


@pytest.fixture
def given(brighter, halves, tmp_path) -> Setting:
    out = tmp_path / "results" / "classes.tif"
    out.parent.mkdir()
    return Setting(brighter, halves, out, halves.extent())


def judge(sentence: str, case: Case, given: Setting) -> None:
    assert "\n" not in sentence and "Traceback" not in sentence
    for words in case.words:
        assert words in sentence, sentence
    assert sentence.count(". ") >= 1 or "; " in sentence, f"no remedy: {sentence}"
    assert not given.out.exists()
    left = [path.name for path in given.out.parent.glob("*")] if given.out.parent.is_dir() else []
    assert not [name for name in left if name.startswith(("classes", "."))]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_dock_says_it_and_writes_nothing(case, given, true_dock, show, iface, wait):
    show(given.layer)
    case.spoil(given)
    iface.canvas.setExtent(given.extent)
    dock = true_dock(given.model)
    dock.layer_step.layerCombo.setLayer(given.layer)
    pick(dock, TITLE)
    step = dock.run_step
    step.outputFile.setFilePath(str(given.out))
    wait(lambda: dock.session.fit, what="a fit")
    check = dock.session._file_check
    wait(lambda: not dock.session._fits[dock.session.chosen.key].fits or check._answers, what="the engine's check")
    wait(lambda: not step.extent.later.isActive())
    if step.runButton.isEnabled():
        step.runButton.click()
        wait(lambda: step.job is None, what="the end of the run")
        (sentence,) = iface.messages()
        assert step.statusLabel.text() == sentence
    else:
        found = dock.layer_step.findings.texts()
        sentence = found[0] if not dock.session.fit.fits else step.estimateLabel.text()
    judge(sentence, case, given)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_processing_says_it_and_writes_nothing(case, given, run, engine):  # noqa: F811
    case.spoil(given)
    _, ok, feedback, _ = run(
        engine, INPUT=given.layer, MODEL=str(given.model), OUTPUT=str(given.out), EXTENT=given.extent
    )
    assert not ok
    (sentence,) = feedback.errors
    judge(sentence, case, given)


@pytest.mark.parametrize("text", ["no JSON at all", "[1, 2]", '{"type": "Feature"}', '{"type": "FeatureCollection"}'])
def test_a_file_that_is_no_item_is_said(text, given, true_dock, run, engine):  # noqa: F811
    given.model.write_text(text)
    _, ok, feedback, _ = run(engine, INPUT=given.layer, MODEL=str(given.model), OUTPUT=str(given.out))
    assert not ok
    (sentence,) = feedback.errors
    assert "\n" not in sentence and "Traceback" not in sentence and not given.out.exists()

    dock = true_dock(given.model)
    assert TITLE not in [row[0] for row in rows(dock)]
    assert "details" in dock.model_step.catalogsLabel.text()
    dock.model_step._show_details()
    assert str(given.model) in dock.model_step._viewer.findChild(QTextEdit).toPlainText()


def test_without_an_engine_both_say_how_to_get_one(given, true_dock, run, engine, wait):  # noqa: F811
    QgsSettings().setValue("mlm_runner/runtime_python", str(given.out.parent / "no-python"))
    _, ok, feedback, _ = run(engine, INPUT=given.layer, MODEL=str(given.model), OUTPUT=str(given.out))
    assert not ok
    (sentence,) = feedback.errors
    judge(sentence, Case(away, ("no-python",)), given)
    dock = true_dock(given.model)
    wait(lambda: "Setting it up downloads" in dock.model_step.empty.label.text(), what="the offer")
    assert not dock.run_step.runButton.isEnabled()
