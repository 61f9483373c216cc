"""What only the engine sees, in the model's own file and in the raster, reaches the dock by the true engine."""

from __future__ import annotations

import json

import pytest
from osgeo import gdal
from qgis.core import QgsProject, QgsRasterLayer

from mlm_runner.ui.search import known

from .items import item
from .test_dock import pick, rows

THREE = [[1, 0, 0], [0, 1, 0]]


def state(dock, title: str) -> tuple[str, str]:
    return next(row[1:] for row in rows(dock) if row[0] == title)


def said(dock) -> str:
    return " ".join(dock.layer_step.findings.texts())


def test_a_file_of_another_signature_than_its_item_is_found_out_before_a_run(true_dock, model, halves, wait):
    dock = true_dock(model("odd", "Odd File", THREE))
    pick(dock, "Odd File")
    wait(lambda: state(dock, "Odd File")[0] == "no", what="what the file itself says")
    assert "3" in said(dock) and not dock.run_step.runButton.isEnabled()


def test_only_the_chosen_models_file_is_looked_into(true_dock, model, halves, wait):
    dock = true_dock(model("odd", "Odd File", THREE), model("brighter", "Which Is Brighter", [[1, 0], [0, 1]]))
    pick(dock, "Which Is Brighter")
    wait(lambda: dock.session._file_check._answers, what="the answer")
    assert state(dock, "Which Is Brighter")[0] == state(dock, "Odd File")[0] == "fits"
    pick(dock, "Odd File")
    wait(lambda: state(dock, "Odd File")[0] == "no")
    pick(dock, "Which Is Brighter")
    assert state(dock, "Odd File")[0] == "no"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda d: d.SetGeoTransform((600000, 21, 21, 4000000, 21, -21)), "rotated"),
        (lambda d: d.SetProjection(""), "no CRS"),
    ],
)
def test_what_the_raster_lacks_is_said_with_the_model(true_dock, brighter, halves, wait, spoil, words, tmp_path):
    path = str(tmp_path / "spoilt.tif")
    dataset = gdal.GetDriverByName("GTiff").CreateCopy(path, gdal.Open(halves.source()))
    spoil(dataset)
    dataset = None
    layer = QgsRasterLayer(path, "spoilt")
    QgsProject.instance().removeMapLayer(halves)
    QgsProject.instance().addMapLayer(layer)
    dock = true_dock(brighter)
    dock.layer_step.layerCombo.setLayer(layer)
    pick(dock, "Which Is Brighter")
    wait(lambda: words in said(dock), what="the finding")


def test_a_late_answer_for_another_choice_is_dropped(true_dock, brighter, halves, wait, monkeypatch):
    dock = true_dock(brighter)
    pick(dock, "Which Is Brighter")
    wait(lambda: "brighter" in str(list(dock.session._file_check._answers)), what="the first answer")
    kept = []
    true_ask = dock._engine.ask

    def ask(owner, method, params, answered, failed, *more, **named):
        if method != "check":
            return true_ask(owner, method, params, answered, failed, *more, **named)
        return kept.append(lambda: answered({"findings": [{"level": "error", "text": "Late.", "remedy": ""}]}))

    monkeypatch.setattr(dock._engine, "ask", ask)
    dock.session.change(bands={"red": "2", "nir": "1"})
    wait(lambda: len(kept) == 1, what="the question on the second mapping")
    dock.session.change(units="raw")
    kept[0]()
    assert "Late." not in said(dock)
    wait(lambda: len(kept) == 2, what="the question on the third")
    kept[1]()
    assert "Late." in said(dock)


def test_an_item_corrected_since_is_the_one_that_runs(true_dock, brighter, halves, wait):
    dock = true_dock(brighter)
    pick(dock, "Which Is Brighter")
    brighter.write_text(json.dumps(item("brighter", "Which Is Brighter", gsd=900.0)))
    dock.search.now()
    wait(lambda: dock.session.fit and dock.session.fit.state == "look", what="the doubt about the resolution")
    assert dock.session.chosen.model.gsd == 900.0


def test_an_added_catalog_leaves_all_known_ones_in_the_search(true_dock, engine, brighter, wait):
    own = engine.home / "my-models"
    own.mkdir(parents=True)
    link = {"rel": "item", "href": "./mine.json"}
    (own / "catalog.json").write_text(
        json.dumps({"type": "Catalog", "stac_version": "1.1.0", "id": "mine", "description": "Mine.", "links": [link]})
    )
    (own / "mine.json").write_text(json.dumps(item("mine", "A Model of Mine")))
    dock = true_dock(brighter)
    assert dock.model_step.catalogsLabel.text() == "Built-in, My Models, brighter.json"
    assert {"A Model of Mine", "Which Is Brighter", "Land Cover from Landsat 7"} <= {row[0] for row in rows(dock)}


def test_a_user_without_models_of_his_own_has_no_catalog_of_them(true_dock, engine, brighter):
    assert known(engine.home) == ("Built-in",)
    assert true_dock(brighter).model_step.catalogsLabel.text() == "Built-in, brighter.json"
