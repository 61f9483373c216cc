"""The algorithms' further parameters and outputs, and which of the two serves which model."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProject,
    QgsVectorLayer,
)

from mlm_runner.core.errors import UsageError
from mlm_runner.ui.processing.parse import resolution
from mlm_runner.ui.processing.texts import TEXTS

from .items import item, of_task
from .test_processing import run  # noqa: F401  (a fixture)
from .test_results import CLASSES, OBJECTS, polygons, rasters  # noqa: F401  (fixtures)
from .test_run_options import parcels  # noqa: F401  (a fixture)

CARS = of_task("object-detection", "cars", "Cars")


def described(data: dict) -> dict:
    return {"title": data["properties"]["title"], "href": "m.json", "item": data}


def test_wishes_reach_the_engine_in_its_words(run, fake_engine, halves, parcels, tmp_path):  # noqa: F811
    engine = fake_engine({"describe": described(item())}, errors={"run": ["DoesNotFit", "Enough."]})
    files = {name: str(tmp_path / name) for name in ("o.tif", "c.tif", "p.tif", "v.gpkg")}
    run(
        engine,
        INPUT=halves,
        MODEL="m",
        OUTPUT=files["o.tif"],
        CONFIDENCE=files["c.tif"],
        PROBABILITIES=files["p.tif"],
        VECTOR=files["v.gpkg"],
        MASK=parcels,
        RESOLUTION="60",
        THRESHOLD=0.5,
        MIN_AREA=900,
        SIMPLIFY=1.5,
        TILE=256,
        SKIP_FUNCTIONS=True,
    )
    (asked,) = engine.asked("run")
    words = ("output", "confidence", "probabilities", "vector")
    assert [asked[word] for word in words] == list(files.values())
    assert {word: asked[word] for word in ("resolution", "threshold", "min_area", "simplify", "tile")} == {
        "resolution": 60.0,
        "threshold": 0.5,
        "min_area": 900.0,
        "simplify": 1.5,
        "tile": 256,
    }
    assert asked["skip_functions"] is True and "overlap" not in asked
    assert Path(asked["mask"]).name == "mask.gpkg" and not Path(asked["mask"]).exists()


def test_what_is_left_empty_is_left_to_the_engine(run, fake_engine, halves, tmp_path):  # noqa: F811
    engine = fake_engine({"describe": described(item())}, errors={"run": ["DoesNotFit", "Enough."]})
    run(engine, INPUT=halves, MODEL="m", OUTPUT=str(tmp_path / "o.tif"))
    (asked,) = engine.asked("run")
    said = {word: value for word, value in asked.items() if value not in (None, {}, False)}
    assert set(said) == {"model", "units", "rasters", "output", "item", "href", "scratch"}


def test_all_outputs_are_dressed_as_in_the_dock(run, fake_engine, halves, rasters, polygons, tmp_path):  # noqa: F811
    answers = {"describe": described(item()), "run": {"kind": "raster", "classes": CLASSES}}
    files = {"output": str(rasters), "confidence": str(rasters), "vector": str(polygons)}
    engine = fake_engine(answers, files={"run": files})
    sinks = {
        name: QgsProcessingOutputLayerDefinition(str(tmp_path / file), QgsProject.instance())
        for name, file in {"OUTPUT": "o.tif", "CONFIDENCE": "c.tif", "VECTOR": "v.gpkg"}.items()
    }
    results, ok, feedback, context = run(engine, INPUT=halves, MODEL="m", **sinks)
    assert ok, feedback.errors
    assert results == {name: str(sink.sink.staticValue()) for name, sink in sinks.items()}
    assert {name: context.layerToLoadOnCompletionDetails(path).name for name, path in results.items()} == {
        "OUTPUT": "Land Cover - halves",
        "CONFIDENCE": "Confidence: Land Cover",
        "VECTOR": "Polygons: Land Cover",
    }
    layer = QgsVectorLayer(results["VECTOR"], "whatever QGIS calls it")
    details = context.layerToLoadOnCompletionDetails(results["VECTOR"])
    details.postProcessor().postProcessLayer(layer, context, feedback)
    assert layer.name() == "Polygons: Land Cover"
    assert [c.label() for c in layer.renderer().categories()] == ["truck", "car"]
    assert any("Forest 75.0 %" in line for line in feedback.said)


def test_objects_come_as_a_vector_layer(run, fake_engine, halves, polygons, tmp_path):  # noqa: F811
    answers = {"describe": described(CARS), "run": {"kind": "vector", "classes": OBJECTS}}
    engine = fake_engine(answers, files={"run": {"output": str(polygons)}})
    out = str(tmp_path / "cars.gpkg")
    results, ok, feedback, _ = run(engine, algorithm="detect", INPUT=halves, MODEL="m", OUTPUT=out, IOU=0.3)
    assert ok and results == {"OUTPUT": out}, feedback.errors
    assert QgsVectorLayer(out).featureCount() == 2
    assert engine.asked("run")[0]["iou"] == 0.3
    assert any("car 12, truck 3" in line for line in feedback.said)


@pytest.mark.parametrize(("algorithm", "data", "other"), [("run", CARS, "detect"), ("detect", item(), "run")])
def test_the_wrong_algorithm_names_the_right_one(run, fake_engine, halves, tmp_path, algorithm, data, other):  # noqa: F811
    engine = fake_engine({"describe": described(data)})
    out = str(tmp_path / ("o.tif" if algorithm == "run" else "o.gpkg"))
    _, ok, feedback, _ = run(engine, algorithm=algorithm, INPUT=halves, MODEL="m", OUTPUT=out)
    assert not ok
    (sentence,) = feedback.errors
    assert f"(mlm_runner:{other})" in sentence and data["properties"]["title"] in sentence
    assert engine.asked("run") == []


def test_a_temporary_result_of_detect_is_a_geopackage(run, fake_engine, halves):  # noqa: F811
    engine = fake_engine({"describe": described(CARS)}, errors={"run": ["DoesNotFit", "Enough."]})
    run(engine, algorithm="detect", INPUT=halves, MODEL="m", OUTPUT="TEMPORARY_OUTPUT")
    assert engine.asked("run")[0]["output"].endswith(".gpkg")


@pytest.mark.parametrize(("text", "read"), [("", None), (" model ", "model"), ("10", 10.0), ("0.05", 0.05)])
def test_a_resolution_is_read(text, read):
    assert resolution(text) == read


@pytest.mark.parametrize("text", ["ten", "0", "-10", "nan", "inf", "10 m"])
def test_a_resolution_that_means_nothing_is_refused(text):
    with pytest.raises(UsageError, match="model"):
        resolution(text)


@pytest.mark.parametrize("id", ["run", "detect"])
def test_every_parameter_is_explained_and_what_few_need_is_advanced(run, fake_engine, halves, id):  # noqa: F811
    run(fake_engine({"describe": {}}), INPUT=halves, MODEL="m", OUTPUT="o.tif")  # registers the provider
    made = QgsApplication.processingRegistry().createAlgorithmById(f"mlm_runner:{id}")
    names = [p.name() for p in made.parameterDefinitions() if p.name() != "OUTPUT"]
    assert set(names) <= set(TEXTS)
    assert all(f"<b>{p.description()}</b>" in made.shortHelpString() for p in map(made.parameterDefinition, names))
    plain = {
        p.name() for p in made.parameterDefinitions() if not p.flags() & QgsProcessingParameterDefinition.FlagAdvanced
    }
    files = {"CONFIDENCE", "PROBABILITIES", "VECTOR"} if id == "run" else set()
    assert plain == {"INPUT", "MORE_LAYERS", "MODEL", "EXTENT", "MASK", "OUTPUT"} | files


def test_outputs_that_a_batch_leaves_empty_are_not_promised(run, fake_engine, halves, tmp_path):  # noqa: F811
    out = str(tmp_path / "out.tif")
    done = {"output": out, "kind": "raster", "classes": []}
    engine = fake_engine({"describe": described(item()), "run": done})
    project = QgsProject.instance()
    sinks = {
        name: QgsProcessingOutputLayerDefinition("", project) for name in ("CONFIDENCE", "PROBABILITIES", "VECTOR")
    }
    sink = QgsProcessingOutputLayerDefinition(out, project)
    results, ok, feedback, context = run(engine, INPUT=halves, MODEL="m.json", OUTPUT=sink, **sinks)
    assert ok, feedback.errors
    assert list(context.layersToLoadOnCompletion()) == [out] and results == {"OUTPUT": out}
