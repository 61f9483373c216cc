"""What is chosen in the dock: models found, the model and layers looked at, what was set by hand for each pair; and
how they fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional, Sequence

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.mlm.fit import Fit
from ..core.mlm.raster import RasterInfo
from . import layers
from .descriptions import Descriptions
from .engine import Engine
from .file_check import FileCheck, Question
from .found import Choice, Found, fit_of
from .stack import combined, moved


class Session(QObject):
    """Holds the choices; widgets show them and ask for changes. Choices are kept while the user looks elsewhere."""

    found_changed = pyqtSignal()
    raster_changed = pyqtSignal()
    fits_changed = pyqtSignal()
    chosen_changed = pyqtSignal()
    project_changed = pyqtSignal()
    """Layers came into the project, or have left it."""

    def __init__(self, engine: Engine, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.found: tuple[Found, ...] = ()
        self.chosen: Optional[Found] = None
        self.layer: Optional[QgsRasterLayer] = None
        self._user_chose = False
        self._fits: dict[str, Fit] = {}
        self._choices: dict[tuple[str, str], Choice] = {}
        self.descriptions = Descriptions(engine, self)
        self.descriptions.changed.connect(self._described)
        self._file_check = FileCheck(engine, self)
        self._file_check.changed.connect(self.fits_changed)
        QgsProject.instance().layersWillBeRemoved.connect(self._layers_go)
        QgsProject.instance().layersAdded.connect(self.project_changed)
        QgsProject.instance().layersRemoved.connect(self.project_changed)

    def set_found(self, found: Sequence[Found]) -> None:
        """Take a search's results; the chosen model stays chosen, wherever it is in them."""
        self.found = tuple(found)
        before, key = self.chosen, self.chosen.key if self.chosen else ""
        self.chosen = next((f for f in self.found if f.key == key), before)
        self._file_check.forget()
        self._refit()
        self.found_changed.emit()
        if self.chosen != before:
            self.chosen_changed.emit()
        self._suggest()

    def choose(self, found: Optional[Found], by_user: bool = True) -> None:
        """Look at a model; until the user has chosen one, the best fitting is looked at."""
        self._user_chose = self._user_chose or by_user
        if found == self.chosen:
            return
        self.chosen = found
        self._refit()
        self.chosen_changed.emit()

    def set_layer(self, layer: Optional[QgsRasterLayer]) -> None:
        """Look at another layer; what is known of it comes at once or a little later."""
        if layer is self.layer:
            return
        self.layer = layer if layers.is_raster(layer) else None
        self._refit()
        self.raster_changed.emit()

    @property
    def choice(self) -> Choice:
        return self._choice(self.chosen)

    @property
    def stack(self) -> tuple[QgsRasterLayer, ...]:
        """The layer looked at, and those that stand behind it for the chosen model."""
        return _stack(self.layer, self.choice)

    @property
    def raster(self) -> Optional[RasterInfo]:
        """What the layers are together; None while one of them is not known."""
        return self._raster(self.layer, self.choice)

    @property
    def finest(self) -> Optional[float]:
        """The size in metres of the finest pixels that are used, where other layers stand behind the first."""
        fit = self.fit if len(self.stack) > 1 else None
        sizes = [band.resolution_m for band in fit.rasters if band.resolution_m] if fit is not None else []
        return min(sizes) if sizes else None

    def set_more(self, ids: Sequence[str]) -> None:
        """Put other layers behind the one looked at, for the chosen model; a mapping by hand stays with its bands."""
        self.set_choice(self._restacked(self.chosen, self.layer, self.choice, ids))
        self.raster_changed.emit()

    def change(self, **what: Any) -> None:
        """Set something by hand for the present model and layer: bands, units, skip_functions or resolution."""
        self.set_choice(replace(self.choice, **what))

    def set_choice(self, choice: Choice) -> None:
        self._choices[self._pair(self.chosen)] = choice
        self._refit(only=self.chosen)

    def map_band(self, model_band: str, place: str) -> None:
        """Feed a model band from the raster's band at `place` (counted from 1); an empty place leaves it to the
        matching."""
        bands = {**self.choice.bands, model_band: place}
        self.change(bands={name: where for name, where in bands.items() if where})

    @property
    def fit(self) -> Optional[Fit]:
        """How the chosen model fits the chosen layer; None while one of them is not known."""
        return self.fit_for(self.chosen) if self.chosen else None

    @property
    def engine_missing(self) -> bool:
        return bool(self._engine.missing)

    def fit_for(self, found: Found) -> Optional[Fit]:
        """Return how a model fits the layer, from its item, and from its file as far as that was looked into."""
        fit, question = self._fits.get(found.key), self._question(found)
        return fit if fit is None or question is None else self._file_check.completed(fit, question)

    def check_again(self) -> None:
        """Look into the model's file anew, after a run has fetched it."""
        self._file_check.forget()
        self._refit()

    def read_again(self) -> None:
        """Describe the present layers anew, after the engine was set up."""
        if self.layer is not None and self.raster is None:
            self.descriptions.ask_again()
            self._refit()
            self.raster_changed.emit()

    def close_down(self) -> None:
        QgsProject.instance().layersWillBeRemoved.disconnect(self._layers_go)
        QgsProject.instance().layersAdded.disconnect(self.project_changed)
        QgsProject.instance().layersRemoved.disconnect(self.project_changed)

    def _described(self, layer_id: str) -> None:
        """Take what is known of a layer, unless the user looks at others by now."""
        if layer_id not in {layer.id() for layer in self.stack}:
            return
        self._refit()
        self.raster_changed.emit()
        self._suggest()

    def _suggest(self) -> None:
        """Look at the best fitting model, while the user has chosen none."""
        if not self._user_chose and self.found:
            order = {"fits": 0, "look": 1, "no": 3}
            states = [order[fit.state] if fit else 2 for fit in map(self.fit_for, self.found)]
            self.choose(self.found[states.index(min(states))], by_user=False)

    def _layers_go(self, ids: Sequence[str]) -> None:
        behind = any(layer.id() in ids for layer in self.stack[1:])
        entries = {found.key: found for found in self._entries()}
        for (key, first), choice in self._choices.items():
            left = [id for id in choice.more if id not in ids]
            if len(left) < len(choice.more):
                layer = QgsProject.instance().mapLayer(first)
                self._choices[key, first] = self._restacked(entries.get(key), layer, choice, left)
        self.descriptions.forget(ids)
        if self.layer is not None and self.layer.id() in ids:
            self.set_layer(None)
        elif behind:
            self._refit()
            self.raster_changed.emit()

    def _pair(self, found: Optional[Found]) -> tuple[str, str]:
        return (found.key if found else "", self.layer.id() if self.layer else "")

    def _choice(self, found: Optional[Found]) -> Choice:
        return self._choices.get(self._pair(found), Choice())

    def _entries(self) -> tuple[Found, ...]:
        """Return the models found, and the chosen one, which need not be among them."""
        return tuple({f.key: f for f in (*self.found, *((self.chosen,) if self.chosen else ()))}.values())

    def _raster(self, first: Optional[QgsRasterLayer], choice: Choice) -> Optional[RasterInfo]:
        infos = [self.descriptions.of(layer) for layer in _stack(first, choice)]
        known = [info for info in infos if info is not None]
        return combined(known) if known and len(known) == len(infos) else None

    def _restacked(
        self, found: Optional[Found], first: Optional[QgsRasterLayer], choice: Choice, ids: Sequence[str]
    ) -> Choice:
        """Return a choice with other layers behind the first; bands by hand keep their place in their own layer."""
        then = replace(choice, more=tuple(ids), bands={})
        before, after = self._raster(first, choice), self._raster(first, then)
        if not choice.bands or before is None or after is None or found is None:
            return then
        # A date more or less gives the model's bands other names.
        labels = {match.model for match in fit_of(found, after, then).bands}
        kept = moved(choice.bands, before, after)
        return replace(then, bands={label: place for label, place in kept.items() if label in labels})

    def _question(self, found: Found) -> Optional[Question]:
        """Return what the engine is asked about a model; None where it can't read the file of a layer."""
        choice = self._choice(found)
        sources = tuple(map(self.descriptions.file_of, _stack(self.layer, choice)))
        if not sources or not all(sources):
            return None
        return Question.of(found, self.layer.id(), sources, choice)

    def _look_into_file(self) -> None:
        """Have the chosen model's file compared with the layer, unless its item has ruled it out."""
        fit = self._fits.get(self.chosen.key) if self.chosen else None
        question = self._question(self.chosen) if fit is not None and fit.fits else None
        self._file_check.look_at(question, self.chosen)

    def _refit(self, only: Optional[Found] = None) -> None:
        if only is None:
            self._fits = {}
        for found in self._entries() if only is None else (only,):
            choice = self._choice(found)
            raster = self._raster(self.layer, choice)
            if raster is None:
                self._fits.pop(found.key, None)
            else:
                self._fits[found.key] = fit_of(found, raster, choice)
        self._look_into_file()
        self.fits_changed.emit()


def _stack(first: Optional[QgsRasterLayer], choice: Choice) -> tuple[QgsRasterLayer, ...]:
    """Return a layer and those that a choice puts behind it, as far as the project has them."""
    if first is None:
        return ()
    more = map(QgsProject.instance().mapLayer, choice.more)
    return (first, *(layer for layer in more if layers.is_raster(layer) and layer is not first))
