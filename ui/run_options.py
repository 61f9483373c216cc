"""What a run can be asked for beyond its model, layer and extent: further files, and how the work is done.

Which of it makes sense is a table from the engine's word to the kinds of results; what makes none is never sent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Mapping, Optional, Union

from qgis.core import QgsProcessingUtils, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP, QObject, pyqtSignal

from ..core.mlm.ability import result_kind
from ..core.mlm.model import Model
from .found import metres_of
from .session import Session
from .words import tr

CLASSES, NUMBERS, OBJECTS = "classes", "numbers", "objects"
ALL = frozenset((CLASSES, NUMBERS, OBJECTS))
SENSE: Mapping[str, frozenset[str]] = {
    "confidence": frozenset((CLASSES,)),
    "probabilities": frozenset((CLASSES,)),
    "vector": frozenset((CLASSES,)),
    "min_area": frozenset((CLASSES,)),
    "simplify": frozenset((CLASSES,)),
    "mask": ALL,
    "threshold": frozenset((CLASSES, OBJECTS)),
    "iou": frozenset((OBJECTS,)),
    "tile": ALL,
    "overlap": ALL,
    "merge": frozenset((CLASSES, NUMBERS)),
}
"""Kinds of results for which a wish means anything."""
FILES: Mapping[str, str] = {
    "confidence": "confidence.tif",
    "probabilities": "probabilities.tif",
    "vector": "polygons.gpkg",
}
"""Files besides the output, and what a temporary one is called."""


@dataclass(frozen=True)
class Extras:
    """Wishes for the user's task, whatever the model; of a file None is none, and an empty text a temporary one."""

    confidence: Optional[str] = None
    probabilities: Optional[str] = None
    vector: Optional[str] = None
    min_area: float = 0.0
    """Square metres; smaller polygons are joined to a neighbour."""
    simplify: float = 0.0
    """How far outlines may move, in pixels."""
    mask: str = ""
    """The id of a layer."""


@dataclass(frozen=True)
class Tuning:
    """Wishes for one model; what is None is left to the engine and the model."""

    threshold: Optional[float] = None
    iou: Optional[float] = None
    tile: Optional[int] = None
    overlap: Optional[float] = None
    merge: Optional[str] = None


def kind_of(model: Optional[Model]) -> str:
    """Return what a model's result is made of; what can't be told, or drawn, is taken for classes."""
    return (result_kind(model.outputs[0]) if model is not None else "") or CLASSES


def makes_sense(wish: str, kind: str) -> bool:
    return kind in SENSE[wish]


def wanted(extras: Extras, tuning: Tuning, kind: str) -> dict[str, Any]:
    """Return the wishes that are set and mean anything, in the engine's words; the mask, still a layer, is left out."""
    said = {
        word: value
        for word, value in {**asdict(extras), **asdict(tuning)}.items()
        if word != "mask" and value is not None and makes_sense(word, kind)
    }
    if "vector" not in said or not said["min_area"]:
        said.pop("min_area", None)
    if "vector" not in said or not said["simplify"]:
        said.pop("simplify", None)
    return said


def params(extras: Extras, tuning: Tuning, kind: str) -> dict[str, Any]:
    """Return what is said to the engine; temporary files have got their names."""
    said = wanted(extras, tuning, kind)
    new = {word: QgsProcessingUtils.generateTempFilename(FILES[word]) for word in FILES if said.get(word) == ""}
    return {**said, **new}


class Wishes(QObject):
    """Holds the wishes: extras for all models, tunings for each, so that nothing is lost by looking at another.

    The resolution is among the session's choices, since a model may fit at one and not at another.
    """

    changed = pyqtSignal()

    def __init__(self, session: Session, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._session = session
        self._extras = Extras()
        self._tunings: dict[str, Tuning] = {}
        session.chosen_changed.connect(self.changed)
        session.fits_changed.connect(self.changed)

    @property
    def extras(self) -> Extras:
        return self._extras

    @property
    def tuning(self) -> Tuning:
        return self._tunings.get(self._key, Tuning())

    @property
    def resolution(self) -> Union[None, str, float]:
        """What is wished for the present model and layer."""
        return self._session.choice.resolution

    @property
    def metres(self) -> Optional[float]:
        """The size of the pixels that are wished for; None for the layer's own."""
        return metres_of(self.resolution, self.model)

    @property
    def model(self) -> Optional[Model]:
        return self._session.chosen.model if self._session.chosen else None

    @property
    def kind(self) -> str:
        return kind_of(self.model)

    @property
    def mask(self) -> Optional[QgsVectorLayer]:
        """The mask's layer, as long as the project has it."""
        layer = QgsProject.instance().mapLayer(self._extras.mask)
        return layer if isinstance(layer, QgsVectorLayer) else None

    def change(self, **what: Any) -> None:
        """Set some of the wishes, by their names."""
        extras = {word: value for word, value in what.items() if word in Extras.__dataclass_fields__}
        self._extras = replace(self._extras, **extras)
        if "resolution" in what:
            self._session.change(resolution=what.pop("resolution"))
        tuning = {word: value for word, value in what.items() if word not in extras}
        if tuning:
            self._tunings[self._key] = replace(self.tuning, **tuning)
        self.changed.emit()

    def restore(self) -> None:
        """Take back the extras, and the tuning of the present model."""
        self._extras = Extras()
        self._tunings.pop(self._key, None)
        if self.resolution is not None:
            self._session.change(resolution=None)
        self.changed.emit()

    def params(self) -> dict[str, Any]:
        """Return what is said to the engine; the mask is a layer as yet."""
        said = params(self._extras, self.tuning, self.kind)
        return said if self.resolution is None else {**said, "resolution": self.resolution}

    def summary(self) -> str:
        """Return what is wished for, in a line; empty where all is as it comes."""
        said = wanted(self._extras, self.tuning, self.kind)
        if self.resolution is not None:
            said["resolution"] = self.resolution
        words = [tr(_SAID[word]).format(_in_words(word, value)) for word, value in said.items() if word in _SAID]
        if self.mask is not None:
            words.append(tr("mask {}").format(self.mask.name()))
        line = ", ".join(words)
        return line[:1].upper() + line[1:]

    @property
    def _key(self) -> str:
        return self._session.chosen.key if self._session.chosen else ""


def _in_words(word: str, value: Any) -> str:
    if word == "resolution":
        return tr("of the model") if value == "model" else f"{value:g} m"
    return f"{100 * value:g} %" if word == "overlap" else f"{value:g}" if isinstance(value, float) else str(value)


_SAID: Mapping[str, str] = {
    "confidence": QT_TRANSLATE_NOOP("mlm_runner", "confidence"),
    "probabilities": QT_TRANSLATE_NOOP("mlm_runner", "probabilities"),
    "vector": QT_TRANSLATE_NOOP("mlm_runner", "polygons"),
    "resolution": QT_TRANSLATE_NOOP("mlm_runner", "resolution {}"),
    "threshold": QT_TRANSLATE_NOOP("mlm_runner", "threshold {}"),
    "iou": QT_TRANSLATE_NOOP("mlm_runner", "object overlap {}"),
    "tile": QT_TRANSLATE_NOOP("mlm_runner", "tiles of {} pixels"),
    "overlap": QT_TRANSLATE_NOOP("mlm_runner", "tile overlap {}"),
    "merge": QT_TRANSLATE_NOOP("mlm_runner", "tile edges"),
}
"""What a wish is called in a line."""
