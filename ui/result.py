"""A finished run as layers that explain themselves: named, styled, with metadata that say what was done and how to
repeat it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping, Optional

from qgis.core import (
    QgsColorRampShader,
    QgsGradientColorRamp,
    QgsLayerMetadata,
    QgsMapLayer,
    QgsRasterLayer,
    QgsSingleBandPseudoColorRenderer,
    QgsStyle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..core.errors import RasterUnreadable
from .history import history
from .words import tr

OUTPUT = "output"
RAMP = "Viridis"
"""Of QGIS's own ramps the one that colour-blind people can read, and that stays a scale in grey."""


@dataclass(frozen=True)
class Run:
    """A run that is over: the engine's answer, what it was asked, and what model, layer and copies are called."""

    done: Mapping[str, Any]
    params: Mapping[str, Any]
    title: str
    source_name: str
    copied: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the result is called: model and input."""
        return f"{self.title} - {self.source_name}"

    @property
    def is_vector(self) -> bool:
        return self.done.get("kind") == "vector"


@dataclass(frozen=True)
class Part:
    """One file of a run."""

    path: str
    name: str
    abstract: str
    vector: bool = False
    style: Optional[Callable[[QgsMapLayer], None]] = None
    """What it looks like where no style lies beside the file."""


def parts(run: Run) -> dict[str, Part]:
    """Return the files of a run by what they are, the result itself first.

    Names begin with what a file is: the layers panel cuts off their ends.
    """
    words = {"model": run.title, "layer": run.source_name}
    made = {OUTPUT: Part(str(run.done["output"]), run.name, _abstract(run).format(**words), run.is_vector)}
    for word, (name, abstract, vector, style) in EXTRAS.items():
        if run.done.get(word):
            title = f"{tr(name)}: {run.title}"
            made[word] = Part(str(run.done[word]), title, tr(abstract).format(**words), vector, style)
    for name, path in (run.done.get("heads") or {}).items():
        title = f"{name}: {run.title}"
        made[f"head {name}"] = Part(str(path), title, tr(HEAD).format(head=name, **words))
    return made


def load(run: Run) -> list[QgsMapLayer]:
    """Return the layers of a run, not yet in a project, the result itself first; raises `RasterUnreadable`."""
    return [_opened(run, part) for part in parts(run).values()]


def dress(layer: QgsMapLayer, run: Run, part: Part) -> None:
    """Give a layer the style beside its file, its name and its metadata."""
    style = Path(part.path).with_suffix(".qml")
    if style.exists():
        layer.loadNamedStyle(str(style))
    elif part.style is not None:
        part.style(layer)
    layer.setName(part.name)
    layer.setMetadata(metadata(layer, run, part))


def metadata(layer: QgsMapLayer, run: Run, part: Part) -> QgsLayerMetadata:
    """Return what the layer's metadata page shows; what the layer has already is kept."""
    made = layer.metadata()
    made.setTitle(part.name)
    made.setAbstract(part.abstract)
    made.setType("dataset")
    if layer.crs().isValid():
        made.setCrs(layer.crs())
    for line in history(run.done, run.params, run.copied):
        made.addHistoryItem(line)
    return made


def _opened(run: Run, part: Part) -> QgsMapLayer:
    layer = QgsVectorLayer(part.path, part.name, "ogr") if part.vector else QgsRasterLayer(part.path, part.name)
    if not layer.isValid():
        raise RasterUnreadable(
            f"The result {part.path} can't be opened by QGIS. It may have been moved; run the model again."
        )
    dress(layer, run, part)
    return layer


def _abstract(run: Run) -> str:
    if run.is_vector:
        return tr("Objects that the model {model} found in {layer}.")
    if run.done.get("classes"):
        return tr("Classes that the model {model} gave to the pixels of {layer}.")
    return tr("Numbers that the model {model} gave to the pixels of {layer}.")


def _scores(layer: QgsMapLayer) -> None:
    """Show the first band's scores from 0 to 1."""
    found = QgsStyle.defaultStyle().colorRamp(RAMP)
    ramp = found if found is not None else QgsGradientColorRamp()
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1)
    renderer.setClassificationMin(0.0)
    renderer.setClassificationMax(1.0)
    renderer.createShader(ramp, QgsColorRampShader.Interpolated, QgsColorRampShader.Continuous)
    layer.setRenderer(renderer)


HEAD = QT_TRANSLATE_NOOP("mlm_runner", "What the output {head} of the model {model} gave for {layer}.")
EXTRAS: Mapping[str, tuple[str, str, bool, Optional[Callable[[QgsMapLayer], None]]]] = {
    "vector": (
        QT_TRANSLATE_NOOP("mlm_runner", "Polygons"),
        QT_TRANSLATE_NOOP("mlm_runner", "Areas of one class, as the model {model} gave it to {layer}."),
        True,
        None,
    ),
    "confidence": (
        QT_TRANSLATE_NOOP("mlm_runner", "Confidence"),
        QT_TRANSLATE_NOOP("mlm_runner", "How sure the model {model} is of each pixel's class in {layer}."),
        False,
        _scores,
    ),
    "probabilities": (
        QT_TRANSLATE_NOOP("mlm_runner", "Probabilities"),
        QT_TRANSLATE_NOOP("mlm_runner", "How likely each class is to the model {model} in {layer}."),
        False,
        _scores,
    ),
}
"""Files besides the result: the engine's word, the layer's name, what it is, whether it is vector, and its look."""
