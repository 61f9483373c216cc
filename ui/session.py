"""What is chosen in the dock: models found, the model and layer looked at, what was set by hand for each pair; and
how they fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional, Sequence

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..core.errors import MlmRunnerError, RuntimeMissing
from ..core.mlm.fit import Fit
from ..core.mlm.raster import RasterInfo
from . import layers
from .engine import Engine
from .file_check import FileCheck, Question
from .found import Choice, Found, fit_of


class Session(QObject):
    """Holds the choices; widgets show them and ask for changes. Choices are kept while the user looks elsewhere."""

    found_changed = pyqtSignal()
    raster_changed = pyqtSignal()
    fits_changed = pyqtSignal()
    chosen_changed = pyqtSignal()

    def __init__(self, engine: Engine, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.found: tuple[Found, ...] = ()
        self.chosen: Optional[Found] = None
        self.layer: Optional[QgsRasterLayer] = None
        self.raster: Optional[RasterInfo] = None
        self.raster_problem = ""
        """Why the layer can't be described, as a sentence; empty while it is read or known."""
        self._user_chose = False
        self._fits: dict[str, Fit] = {}
        self._choices: dict[tuple[str, str], Choice] = {}
        self._infos: dict[tuple[str, str], RasterInfo] = {}
        self.to_be_exported: set[str] = set()
        """Layers whose file the engine's own GDAL can't open, though QGIS's can."""
        self._file_check = FileCheck(engine, self)
        self._file_check.changed.connect(self.fits_changed)
        QgsProject.instance().layersWillBeRemoved.connect(self._layers_go)

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
        self.raster, self.raster_problem = None, ""
        if self.layer is not None:
            self._inspect(self.layer)
        self._refit()
        self.raster_changed.emit()

    @property
    def choice(self) -> Choice:
        return self._choices.get(self._pair(self.chosen), Choice())

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
        """Describe the present layer anew, after the engine was set up."""
        if self.layer is not None and self.raster is None:
            self._inspect(self.layer)
            self.raster_changed.emit()

    def close_down(self) -> None:
        QgsProject.instance().layersWillBeRemoved.disconnect(self._layers_go)

    def _inspect(self, layer: QgsRasterLayer) -> None:
        source = layers.file_source(layer)
        self.raster_problem = ""
        if not source or layer.id() in self.to_be_exported:
            self.raster = layers.describe(layer)
            return
        key = (layer.id(), source)
        self.raster = self._infos.get(key)
        if self.raster is not None:
            return

        def answered(described: dict[str, Any]) -> None:
            self._infos[key] = RasterInfo.from_json(described)
            self._described(key[0], self._infos[key], "")

        def failed(error: MlmRunnerError) -> None:
            if isinstance(error, RuntimeMissing) or self._engine.missing:
                self._described(key[0], None, "")
                return
            self.to_be_exported.add(key[0])
            still_there = QgsProject.instance().mapLayer(key[0])
            known = layers.describe(still_there) if layers.is_raster(still_there) else None
            self._described(key[0], known, "" if known else str(error))

        self._engine.ask(self, "inspect", {"rasters": [source]}, answered, failed)

    def _described(self, layer_id: str, raster: Optional[RasterInfo], problem: str) -> None:
        """Take what is known of a layer, unless the user looks at another one by now."""
        if self.layer is None or self.layer.id() != layer_id:
            return
        self.raster, self.raster_problem = raster, problem
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
        self._infos = {key: info for key, info in self._infos.items() if key[0] not in ids}
        if self.layer is not None and self.layer.id() in ids:
            self.set_layer(None)

    def _pair(self, found: Optional[Found]) -> tuple[str, str]:
        return (found.key if found else "", self.layer.id() if self.layer else "")

    def _question(self, found: Found) -> Optional[Question]:
        """Return what the engine is asked about a model; None where it can't read the layer's file."""
        source = layers.file_source(self.layer) if self.layer is not None else ""
        if not source or self.layer.id() in self.to_be_exported:
            return None
        return Question.of(found, self.layer.id(), source, self._choices.get(self._pair(found), Choice()))

    def _look_into_file(self) -> None:
        """Have the chosen model's file compared with the layer, unless its item has ruled it out."""
        fit = self._fits.get(self.chosen.key) if self.chosen else None
        question = self._question(self.chosen) if fit is not None and fit.fits else None
        self._file_check.look_at(question, self.chosen)

    def _refit(self, only: Optional[Found] = None) -> None:
        if self.raster is None:
            self._fits = {}
        elif only is not None:
            self._fits[only.key] = fit_of(only, self.raster, self.choice)
        else:
            entries = {f.key: f for f in (*self.found, *((self.chosen,) if self.chosen else ()))}
            self._fits = {
                key: fit_of(f, self.raster, self._choices.get(self._pair(f), Choice())) for key, f in entries.items()
            }
        self._look_into_file()
        self.fits_changed.emit()
