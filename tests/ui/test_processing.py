"""The Processing algorithm gives what the dock gives, in the toolbox, in a thread, and in qgis_process."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import threading
import time

import pytest
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)

from mlm_runner.core.errors import UsageError
from mlm_runner.ui.processing.parse import bands_by_hand
from mlm_runner.ui.processing.provider import Provider

from .conftest import RUNTIME, TOP, pixels
from .items import described, item

DESCRIBED = {"title": "A Model", "href": "m.json", "item": item()}


class Feedback(QgsProcessingFeedback):
    """Keeps what an algorithm says."""

    def __init__(self):
        super().__init__(False)
        self.said, self.errors = [], []

    def pushInfo(self, text):  # noqa: N802  (the names are QGIS's)
        self.said.append(text)

    def reportError(self, text, fatal=False):  # noqa: N802
        self.errors.append(text)


@pytest.fixture
def run(qgis):
    """Run the algorithm on an engine and return (results, ok, feedback, context)."""
    providers = {}

    def call(engine, feedback=None, algorithm="run", **parameters):
        if engine not in providers:
            for provider in providers.values():
                QgsApplication.processingRegistry().removeProvider(provider)
            providers.clear()
            providers[engine] = Provider(engine)
            QgsApplication.processingRegistry().addProvider(providers[engine])
        context, feedback = QgsProcessingContext(), feedback or Feedback()
        context.setProject(QgsProject.instance())
        made = QgsApplication.processingRegistry().createAlgorithmById(f"mlm_runner:{algorithm}")
        results, ok = made.run(parameters, context, feedback)
        return results, ok, feedback, context

    yield call
    for provider in providers.values():
        QgsApplication.processingRegistry().removeProvider(provider)


def test_each_pixel_gets_its_class_on_the_layers_own_grid(run, engine, brighter, halves, tmp_path):
    out = str(tmp_path / "out.tif")
    results, ok, feedback, _ = run(engine, INPUT=halves, MODEL=str(brighter), OUTPUT=out)
    assert ok and results["OUTPUT"] == out, feedback.errors
    assert pixels(out) == [[1] * 20 + [2] * 20] * 30
    made = QgsRasterLayer(out)
    assert made.extent() == halves.extent() and made.crs() == halves.crs()
    assert any("Forest 50.0 %, Water 50.0 %" in line for line in feedback.said)
    assert any(line.startswith("To repeat it: mlm-runner run") for line in feedback.said)


def test_an_extent_is_snapped_to_the_layers_pixels(run, engine, brighter, halves, tmp_path):
    out = str(tmp_path / "out.tif")
    part = QgsRectangle(600000 + 16.5 * 30, 4000000 - 5 * 30, 600000 + 24 * 30, 4000000 - 2.5 * 30)
    _, ok, _, _ = run(engine, INPUT=halves, MODEL=str(brighter), EXTENT=part, OUTPUT=out)
    assert ok
    assert pixels(out) == [[1] * 4 + [2] * 4] * 3
    assert QgsRasterLayer(out).extent() == QgsRectangle(600480, 3999850, 600720, 3999940)


def test_a_loaded_layer_is_named_styled_and_explains_itself(run, engine, brighter, halves, tmp_path):
    out = str(tmp_path / "out.tif")
    sink = QgsProcessingOutputLayerDefinition(out, QgsProject.instance())
    _, ok, feedback, context = run(engine, INPUT=halves, MODEL=str(brighter), OUTPUT=sink)
    assert ok
    details = context.layerToLoadOnCompletionDetails(out)
    layer = QgsRasterLayer(out, "whatever QGIS calls it")
    details.postProcessor().postProcessLayer(layer, context, feedback)
    assert layer.name() == "Which Is Brighter - halves"
    shown = [(c.value, c.label, c.color.name()) for c in layer.renderer().classes()]
    assert shown == [(1, "Forest", "#228833"), (2, "Water", "#4477aa")]
    assert layer.metadata().abstract().startswith("Classes that the model Which Is Brighter")
    assert any("mlm-runner run" in line for line in layer.metadata().history())


def test_the_toolbox_loads_a_layer_that_was_made_in_another_thread(run, engine, brighter, halves, tmp_path, wait):
    """As the dialog does it: prepared here, run in a task, and then told what to load."""
    run(engine, INPUT=halves, MODEL="none", OUTPUT=str(tmp_path / "none.tif"))  # registers the provider
    out = str(tmp_path / "out.tif")
    sink = QgsProcessingOutputLayerDefinition(out, QgsProject.instance())
    context, feedback, ended = QgsProcessingContext(), Feedback(), []
    context.setProject(QgsProject.instance())
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("mlm_runner:run")
    parameters = {"INPUT": halves.id(), "MODEL": str(brighter), "OUTPUT": sink}
    task = QgsProcessingAlgRunnerTask(algorithm, parameters, context, feedback)
    task.executed.connect(lambda ok, results: ended.append((ok, results)))
    QgsApplication.taskManager().addTask(task)
    wait(lambda: ended, what="the end of the task")
    assert ended == [(True, {"OUTPUT": out})], feedback.errors
    assert list(context.layersToLoadOnCompletion()) == [out]
    assert context.layerToLoadOnCompletionDetails(out).name == "Which Is Brighter - halves"


def test_it_is_a_step_of_a_model_of_the_designer(run, engine, brighter, halves, tmp_path):
    run(engine, INPUT=halves, MODEL="none", OUTPUT=str(tmp_path / "none.tif"))  # registers the provider
    source = QgsProcessingModelChildParameterSource
    outputs = {}
    model = QgsProcessingModelAlgorithm("two", "tests")
    model.addModelParameter(QgsProcessingParameterRasterLayer("image"), QgsProcessingModelParameter("image"))
    for step in ("one", "two"):
        child = QgsProcessingModelChildAlgorithm("mlm_runner:run")
        child.setChildId(step)
        child.addParameterSources("INPUT", [source.fromModelParameter("image")])
        child.addParameterSources("MODEL", [source.fromStaticValue(str(brighter))])
        wanted = QgsProcessingModelOutput(step, step)
        wanted.setChildOutputName("OUTPUT")
        child.setModelOutputs({step: wanted})
        model.addChildAlgorithm(child)
        outputs[f"{step}:{step}"] = QgsProcessingOutputLayerDefinition(
            str(tmp_path / f"{step}.tif"), QgsProject.instance()
        )
    assert model.initAlgorithm() is None
    context, feedback = QgsProcessingContext(), Feedback()
    context.setProject(QgsProject.instance())
    _, ok = model.run({"image": halves.id(), **outputs}, context, feedback)
    assert ok, feedback.errors
    made = list(context.layersToLoadOnCompletion())
    assert sorted(made) == [str(tmp_path / "one.tif"), str(tmp_path / "two.tif")]
    gc.collect()

    def dressed(path: str) -> str:
        layer = QgsRasterLayer(path, "result")
        context.layerToLoadOnCompletionDetails(path).postProcessor().postProcessLayer(layer, context, feedback)
        return layer.name()

    assert [dressed(path) for path in made] == 2 * ["Which Is Brighter - halves"]
    assert all(pixels(path) == [[1] * 20 + [2] * 20] * 30 for path in made)


def test_a_model_that_does_not_fit_is_refused_with_the_missing_bands(run, engine, brighter, raster, tmp_path):
    out = tmp_path / "out.tif"
    layer = raster({"red": 1, "green": 2})
    _, ok, feedback, _ = run(engine, INPUT=layer, MODEL=str(brighter), OUTPUT=str(out))
    assert not ok
    (sentence,) = feedback.errors
    assert "wants the band nir; the layer has red, green" in sentence
    assert not out.exists()


def test_a_mapping_by_hand_is_obeyed(run, engine, brighter, raster, tmp_path):
    out = str(tmp_path / "out.tif")
    layer = raster({"first": 10, "second": 20})
    _, ok, _, _ = run(engine, INPUT=layer, MODEL=str(brighter), BANDS="red=2, nir=1", OUTPUT=out)
    assert ok and {value for row in pixels(out) for value in row} == {1}


@pytest.mark.parametrize("model", ["missing.json", "", "no#where"])
def test_a_model_that_is_not_there_is_one_sentence(run, engine, halves, tmp_path, model):
    _, ok, feedback, _ = run(engine, INPUT=halves, MODEL=model, OUTPUT=str(tmp_path / "out.tif"))
    assert not ok
    assert len(feedback.errors) == 1 and "Traceback" not in feedback.errors[0]


def test_an_extent_that_misses_the_layer_is_refused(run, engine, brighter, halves, tmp_path):
    away = QgsRectangle(0, 0, 10, 10)
    _, ok, feedback, _ = run(engine, INPUT=halves, MODEL=str(brighter), EXTENT=away, OUTPUT=str(tmp_path / "o.tif"))
    assert not ok
    assert "no pixel in common" in feedback.errors[0]


def test_cancelling_stops_the_worker_and_leaves_nothing(run, fake_engine, halves, tmp_path):
    engine = fake_engine({"describe": DESCRIBED}, delays={"run": 60})
    feedback = Feedback()
    threading.Timer(1.0, feedback.cancel).start()
    began = time.monotonic()
    _, ok, _, _ = run(engine, feedback, INPUT=halves, MODEL="m", OUTPUT=str(tmp_path / "out.tif"))
    assert not ok
    assert time.monotonic() - began < 10
    assert list((engine.home / "scratch").iterdir()) == []


def test_progress_reaches_processing(run, fake_engine, halves, tmp_path):
    engine = fake_engine(
        {"describe": DESCRIBED}, delays={"run": 1.0}, errors={"run": ["DoesNotFit", "It does not fit."]}
    )
    feedback, seen = Feedback(), []
    feedback.progressChanged.connect(seen.append)
    _, ok, _, _ = run(engine, feedback, INPUT=halves, MODEL="m", OUTPUT=str(tmp_path / "out.tif"))
    assert not ok and feedback.errors == ["It does not fit."]
    assert len(seen) > 5 and sorted(seen) == seen


@pytest.mark.parametrize(
    ("text", "bands"),
    [
        ("", {}),
        ("nir=4", {"nir": "4"}),
        (" nir = 4 ,red=B04;", {"nir": "4", "red": "B04"}),
        ("a=x\nb=y", {"a": "x", "b": "y"}),
    ],
)
def test_bands_by_hand_are_read(text, bands):
    assert bands_by_hand(text) == bands


@pytest.mark.parametrize("text", ["nir", "=4", "nir=", "nir=1, nir=2"])
def test_bands_that_say_nothing_are_refused(text):
    with pytest.raises(UsageError):
        bands_by_hand(text)


def test_items_of_the_tests_are_what_the_engine_reads(engine, brighter):
    """The fake answers of other tests have the shape of true ones."""
    from mlm_runner.core.watch import Watch

    found = engine.call("search", {"catalogs": [str(brighter.parent)], "text": "brighter"}, Watch())
    (model,) = found["models"]
    assert model["item"] == item("brighter", "Which Is Brighter", bands=("red", "nir"))
    assert set(described({"red": 1})) == {
        "bands", "width", "height", "transform", "crs", "resolution_m", "bbox", "source",
    }  # fmt: skip


# Debian's script for it adds an option that QGIS 3.22 does not know.
QGIS_PROCESS = shutil.which("qgis_process.bin") or shutil.which("qgis_process")


@pytest.mark.slow
@pytest.mark.skipif(QGIS_PROCESS is None, reason="qgis_process is not installed")
def test_qgis_process_runs_it_in_a_fresh_profile(brighter, halves, tmp_path):
    out, profile = tmp_path / "out.tif", tmp_path / "profile"
    plugins = profile / "profiles" / "default" / "python" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "mlm_runner").symlink_to(TOP, target_is_directory=True)
    home = tmp_path / "process-home"
    home.mkdir()
    (home / "runtime").symlink_to(RUNTIME.parent.parent, target_is_directory=True)
    environment = {
        **os.environ,
        "QGIS_CUSTOM_CONFIG_PATH": str(profile),
        "MLM_RUNNER_HOME": str(home),
        "QT_QPA_PLATFORM": "offscreen",
    }

    def process(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([QGIS_PROCESS, *words], env=environment, capture_output=True, text=True, timeout=120)

    assert process("plugins", "enable", "mlm_runner").returncode == 0
    words = [f"INPUT={halves.source()}", f"MODEL={brighter}", f"OUTPUT={out}"]
    done = process("--json", "run", "mlm_runner:run", "--", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["OUTPUT"] == str(out)
    assert pixels(str(out)) == [[1] * 20 + [2] * 20] * 30
