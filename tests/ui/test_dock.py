"""What the dock shows and keeps; the engine's part is played by a script."""

from __future__ import annotations

import time

import pytest
from qgis.core import QgsProject, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QPushButton

from mlm_runner.ui import settings
from mlm_runner.ui.dock import Dock
from mlm_runner.ui.model_list import STATE, WHY

from .conftest import settle
from .items import answer, described, item

LAND = item()
REFLECTANCE = item(
    "reflectance", "Reflectance", scaling=[{"type": "z-score", "mean": 0.2, "stddev": 0.05}], bands=("red", "nir")
)
SWIR = item("swir", "Burned Areas", bands=("swir16", "nir"))
TORCH = item("torch", "Torch Only", artifact="pt")


@pytest.fixture
def dock(iface, fake_engine, wait):
    """Open the dock on scripted answers and wait for its list."""
    made = []

    def open_dock(search, inspect=None, **script):
        engine = fake_engine({"search": search, "inspect": inspect or {}, **script.pop("answers", {})}, **script)
        dock = Dock(iface, engine)
        made.append(dock)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.show()
        wait(lambda: dock.model_step.catalogsLabel.text() or script.get("errors"), what="an answer")
        return dock

    yield open_dock
    for one in made:
        one.close_down()
    settle()


def rows(dock) -> list[tuple[str, str, str]]:
    model = dock.model_step.list.model()
    indexes = [model.index(row, 0) for row in range(model.rowCount())]
    return [(i.data(), i.data(STATE), i.data(WHY)) for i in indexes]


def pick(dock, title: str) -> None:
    model = dock.model_step.list.model()
    row = next(r for r in range(model.rowCount()) if model.index(r, 0).data() == title)
    dock.model_step.list.setCurrentIndex(model.index(row, 0))


def choose(combo, text: str) -> None:
    """Choose an entry as a user does, with the signal that only a user's choice sends."""
    index = next(i for i in range(combo.count()) if combo.itemText(i).startswith(text))
    combo.setCurrentIndex(index)
    combo.activated.emit(index)


def test_each_model_says_in_words_how_it_fits_the_layer(dock, raster, wait):
    raster({"red": 2000, "nir": 3000})
    shown = dock(answer(SWIR, TORCH, LAND), described({"red": 2000, "nir": 3000}))
    wait(lambda: shown.session.raster)
    assert rows(shown) == [
        ("Land Cover", "fits", "Fits"),
        ("Burned Areas", "no", "Does not fit: no band for swir16"),
        ("Torch Only", "no", "Does not fit: no ONNX file"),
    ]


def test_the_best_fitting_model_is_looked_at_until_the_user_picks_one(dock, raster, wait):
    raster({"red": 2000, "nir": 3000})
    shown = dock(answer(SWIR, LAND), described({"red": 2000, "nir": 3000}))
    wait(lambda: shown.session.raster)
    assert shown.session.chosen.title == "Land Cover"
    pick(shown, "Burned Areas")
    shown.search.now()
    wait(lambda: shown.search._ask is None)
    assert shown.session.chosen.title == "Burned Areas"


def test_without_a_layer_the_next_step_is_said(dock):
    shown = dock(answer(LAND))
    assert "Add one to the project" in shown.layer_step.stateLabel.text()
    assert not shown.run_step.runButton.isEnabled()
    assert shown.run_step.estimateLabel.text() == "Choose a raster layer first."
    assert rows(shown) == [("Land Cover", "", "")]


def test_a_mapping_by_hand_outlives_looking_at_another_model(dock, raster, wait):
    raster({"first": 2000, "second": 3000})
    shown = dock(answer(LAND, SWIR), described({"first": 2000, "second": 3000}))
    wait(lambda: shown.session.raster)
    pick(shown, "Land Cover")
    combos = shown.layer_step._bands.combos
    choose(combos[0], "Band 1")
    choose(combos[1], "Band 2")
    assert shown.session.fit.fits
    pick(shown, "Burned Areas")
    pick(shown, "Land Cover")
    assert [c.currentText() for c in shown.layer_step._bands.combos] == ["Band 1: first", "Band 2: second"]
    assert [shown.layer_step.bandTable.item(r, 2).text() for r in (0, 1)] == ["by hand", "by hand"]


def test_automatic_takes_a_mapping_back(dock, raster, wait):
    raster({"red": 2000, "nir": 3000})
    shown = dock(answer(LAND), described({"red": 2000, "nir": 3000}))
    wait(lambda: shown.session.raster)
    choose(shown.layer_step._bands.combos[0], "Band 2")
    assert shown.session.choice.bands == {"red": "2"}
    choose(shown.layer_step._bands.combos[0], "Automatic")
    assert shown.session.choice.bands == {}
    assert shown.layer_step._bands.combos[0].currentText() == "Band 1: red"


def test_units_are_said_and_can_be_chosen(dock, raster, wait):
    raster({"red": 2000, "nir": 2100})
    shown = dock(answer(REFLECTANCE), described({"red": 2000, "nir": 2100}))
    wait(lambda: shown.session.raster)
    assert shown.layer_step.unitsCombo.currentText() == "Automatic: Divided by 10000"
    assert any("10000" in text for text in shown.layer_step.findings.texts())
    choose(shown.layer_step.unitsCombo, "As Stored")
    assert shown.session.choice.units == "raw"
    assert shown.session.fit.units.kind == "raw"


def test_a_problem_carries_a_remedy_that_is_one_click(dock, raster, wait):
    raster({"red": 2000, "nir": 2100})
    shown = dock(answer(REFLECTANCE), described({"red": 2000, "nir": 2100}))
    wait(lambda: shown.session.raster)
    choose(shown.layer_step.unitsCombo, "As Stored")
    assert shown.session.fit.state == "look"
    settle()
    button = shown.layer_step.findings.findChildren(QPushButton, "remedyButton")[0]
    button.click()
    assert shown.session.fit.state == "fits"


def test_a_search_without_results_offers_to_clear_it(dock, wait):
    shown = dock(answer())
    QTest.keyClicks(shown.model_step.search, "tulips")
    wait(lambda: "tulips" in shown.model_step.empty.label.text())
    assert [b.text() for b in shown.model_step.empty.findChildren(QPushButton)][-1] == "&Clear the Search"


def test_a_filter_that_hides_everything_says_so(dock, raster, wait):
    raster({"red": 2000, "nir": 3000})
    shown = dock(answer(SWIR, TORCH), described({"red": 2000, "nir": 3000}))
    wait(lambda: shown.session.raster)
    shown.model_step._only_fitting.setChecked(True)
    assert shown.model_step.empty.label.text() == "The filters hide all 2 models found."
    shown.model_step._only_fitting.setChecked(False)
    assert len(rows(shown)) == 2


def test_a_silent_catalog_is_named_with_details(dock):
    shown = dock(answer(LAND, failed=["Far API"]))
    assert "1 catalog is not answering" in shown.model_step.catalogsLabel.text()
    shown.model_step._show_details()
    assert "Far API is away." in shown.model_step._viewer.findChild(type(shown.model_step.about)).toPlainText()
    shown.model_step._viewer.close()


def test_an_added_catalog_is_searched_and_remembered(dock, wait):
    shown = dock(answer(LAND))
    shown.model_step.addButton.menu().add("https://models.example.org/")
    assert settings.catalogs() == ["https://models.example.org/"]
    shown.model_step.addButton.menu().remove("https://models.example.org/")
    assert settings.catalogs() == []


def test_an_unreadable_item_is_listed_with_its_reason(dock, raster, wait):
    raster({"red": 2000, "nir": 3000})
    broken = item("broken", "Broken")
    del broken["properties"]["mlm:output"]
    shown = dock(answer(LAND, broken), described({"red": 2000, "nir": 3000}))
    wait(lambda: shown.session.raster)
    assert ("no") in [state for _, state, _ in rows(shown)]
    pick(shown, "broken")
    assert "mlm:output" in shown.model_step.about.toPlainText()


def test_a_removed_layer_is_let_go(dock, raster, wait):
    layer = raster({"red": 2000, "nir": 3000})
    shown = dock(answer(LAND), described({"red": 2000, "nir": 3000}))
    wait(lambda: shown.session.raster)
    QgsProject.instance().removeMapLayer(layer.id())
    settle()
    assert shown.session.layer is None and shown.session.raster is None
    assert not shown.run_step.runButton.isEnabled()


def test_the_active_layer_is_followed_unless_pinned(dock, raster, iface, wait):
    first, second = raster({"red": 1, "nir": 2}, "first"), raster({"red": 1, "nir": 2}, "second")
    shown = dock(answer(LAND), described({"red": 1, "nir": 2}))
    iface.setActiveLayer(second)
    assert shown.session.layer.name() == "second"
    shown.layer_step.pinButton.setChecked(True)
    iface.setActiveLayer(first)
    assert shown.session.layer.name() == "second"


def test_a_click_is_answered_within_100_ms_while_the_worker_runs(dock, raster, show, wait):
    layer = raster({"red": 2000, "nir": 3000})
    shown = dock(answer(LAND), described({"red": 2000, "nir": 3000}), delays={"run": 1.5})
    show(layer)
    wait(lambda: shown.run_step.runButton.isEnabled())
    gaps, last = [], [time.perf_counter()]

    def beat():
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(5)
    QTest.mouseClick(shown.run_step.runButton, Qt.MouseButton.LeftButton)
    assert shown.run_step.cancelButton.isVisible()
    last[0] = time.perf_counter()
    end = time.perf_counter() + 1.2
    while time.perf_counter() < end:
        QCoreApplication.processEvents()
    timer.stop()
    assert len(gaps) > 50
    assert max(gaps) < 0.1
    assert shown.run_step.progress.value() > 0
    assert "%" in shown.run_step.statusLabel.text()


def test_cancel_is_where_run_was_and_leaves_nothing(dock, raster, show, wait):
    layer = raster({"red": 2000, "nir": 3000})
    shown = dock(answer(LAND), described({"red": 2000, "nir": 3000}), delays={"run": 30})
    show(layer)
    wait(lambda: shown.run_step.runButton.isEnabled())
    place = shown.run_step.runButton.pos()
    shown.run_step.runButton.click()
    settle()
    assert shown.run_step.cancelButton.pos() == place
    wait(lambda: shown.run_step.progress.value() > 0)
    shown.run_step.cancelButton.click()
    wait(lambda: shown.run_step.job is None, 5)
    assert shown.run_step.statusLabel.text() == "Cancelled; nothing was written."
    assert shown.run_step.runButton.isVisible() and shown.run_step.runButton.isEnabled()
    assert list((shown._engine.home / "scratch").iterdir()) == []


def test_a_worker_that_dies_is_one_sentence_and_its_log_is_behind_a_button(dock, raster, show, wait, iface):
    layer = raster({"red": 2000, "nir": 3000})
    shown = dock(answer(LAND), described({"red": 2000, "nir": 3000}), answers={"run": "die"})
    show(layer)
    wait(lambda: shown.run_step.runButton.isEnabled())
    shown.run_step.runButton.click()
    wait(lambda: shown.run_step.job is None)
    text = shown.run_step.statusLabel.text()
    assert "The engine ended in the middle of 'run'" in text and "the last words" not in text
    assert len(iface.messages()) == 1
    shown.run_step.runButton.click()
    wait(lambda: shown.run_step.job is None)
    assert len(iface.messages()) == 2


def test_a_refused_run_says_the_engines_sentence(dock, raster, show, wait, iface):
    layer = raster({"red": 2000, "nir": 3000})
    sentence = "The model's file is damaged. Ask its publisher."
    shown = dock(answer(LAND), described({"red": 2000, "nir": 3000}), errors={"run": ["ArtifactCorrupt", sentence]})
    wait(lambda: shown.session.raster)
    show(layer)
    wait(lambda: shown.run_step.runButton.isEnabled())
    shown.run_step.runButton.click()
    wait(lambda: shown.run_step.job is None)
    assert shown.run_step.statusLabel.text() == sentence
    assert iface.messages() == [sentence]


def test_an_extent_beside_the_layer_is_said_before_a_run(dock, raster, show, wait, iface):
    layer = raster({"red": 2000, "nir": 3000})
    shown = dock(answer(LAND), described({"red": 2000, "nir": 3000}))
    show(layer)
    wait(lambda: shown.run_step.runButton.isEnabled())
    away = layer.extent()
    away.setXMinimum(away.xMinimum() + 1e5)
    away.setXMaximum(away.xMaximum() + 1e5)
    iface.canvas.setExtent(away)
    wait(lambda: not shown.run_step.runButton.isEnabled())
    assert "no pixel in common" in shown.run_step.estimateLabel.text()
    shown.run_step.extentCombo.setCurrentIndex(1)
    assert shown.run_step.runButton.isEnabled()


def test_earlier_runs_tell_how_long_the_next_takes(dock, raster, show, wait):
    layer = raster({"red": 2000, "nir": 3000}, width=2000, height=1000)
    info = described({"red": 2000, "nir": 3000}, width=2000, height=1000)
    shown = dock(answer(LAND), info)
    show(layer)
    wait(lambda: shown.run_step.runButton.isEnabled())
    shown.run_step.extentCombo.setCurrentIndex(1)
    assert shown.run_step.estimateLabel.text() == "2.0 megapixels"
    settings.remember_run(shown.session.chosen.key, megapixels=1.0, seconds=6.0)
    shown.run_step._show()
    assert shown.run_step.estimateLabel.text() == "2.0 megapixels, about 12 s"


def test_a_new_dock_is_as_wide_as_its_steps(dock):
    shown = dock(answer(LAND))
    assert shown.width() >= max(step.minimumSizeHint().width() for step in (shown.layer_step, shown.run_step))


@pytest.mark.parametrize(("width", "height"), [(300, 900), (900, 300)])
def test_all_three_steps_are_visible(dock, raster, show, wait, width, height):
    layer = raster({"blue": 1, "green": 1, "red": 1, "nir": 1, "swir16": 1, "swir22": 1})
    six = item(bands=("blue", "green", "red", "nir", "swir16", "swir22"))
    names = dict.fromkeys(("blue", "green", "red", "nir", "swir16", "swir22"), 100)
    shown = dock(answer(six, LAND, SWIR, TORCH), described(names))
    show(layer)
    shown.setFloating(True)
    shown.resize(width, height)
    wait(lambda: shown.session.raster and (shown.width(), shown.height()) == (width, height))
    settle(20)
    assert not shown._scroll.verticalScrollBar().isVisible()
    assert not shown._scroll.horizontalScrollBar().isVisible()
    assert shown.run_step.statusLabel.visibleRegion().boundingRect().height() > 10


def test_nothing_is_asked_before_the_dock_is_shown(iface, fake_engine):
    engine = fake_engine({"search": answer(LAND)})
    dock = Dock(iface, engine)
    settle()
    assert engine._worker is None
    dock.close_down()
    assert QgsSettings().value("mlm_runner/catalogs", None) is None
