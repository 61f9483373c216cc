"""Which band of the layers feeds which band of the model, a row for each, with a combo box to choose another."""

from __future__ import annotations

from functools import partial
from typing import Mapping, Sequence

from qgis.PyQt.QtCore import QObject, QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHeaderView, QTableWidget, QTableWidgetItem

from ..core.mlm.bands import Match
from ..core.mlm.card import band_in_words
from ..core.mlm.fit import Fit
from ..core.mlm.model import Band, Model
from ..core.mlm.raster import RasterBand
from .icons import state_icon
from .quiet import Quiet

MAX_ROWS_SHOWN = 8
"""Bands beyond these are reached by scrolling in the table."""
ICON_PX = 14


class BandTable(QObject):
    """Fills a table; `mapped` carries a model band's label and the place of the raster band, empty for automatic."""

    mapped = pyqtSignal(str, str)

    def __init__(self, table: QTableWidget) -> None:
        super().__init__(table)
        self._table = table
        self._quiet = Quiet(self)
        self.combos: list[QComboBox] = []
        header = table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.verticalHeader().hide()

    def show(self, matches: Sequence[Match], wanted: Mapping[str, Band], offered: Mapping[str, RasterBand]) -> None:
        """Show a row for each match; `wanted` has the model's bands by label, `offered` the raster's by what they are
        called in the list."""
        self._set_rows(len(matches))
        bands = list(offered.values())
        for row, match in enumerate(matches):
            about = band_in_words(wanted[match.model])
            wanted_item = _item(match.model, about)
            shape = "no" if match.raster is None else "fits"
            wanted_item.setIcon(state_icon(shape, ICON_PX, self._table.devicePixelRatioF()))
            self._table.setItem(row, 0, wanted_item)
            combo = self.combos[row]
            combo.blockSignals(True)
            combo.clear()
            combo.addItem("Not matched" if match.raster is None else "Automatic", "")
            for place, (name, band) in enumerate(offered.items(), 1):
                combo.addItem(name, str(place))
                combo.setItemData(place, values_in_words(band), Qt.ItemDataRole.ToolTipRole)
            combo.setCurrentIndex(bands.index(match.raster) + 1 if match.raster in bands else 0)
            combo.setAccessibleName(f"Layer band for {match.model}")
            said = f"Choose the layer's band for {match.model}" + (f" ({about})" if about else "")
            # A narrow panel cuts off the entry's end.
            more = (combo.currentText(), values_in_words(match.raster)) if match.raster is not None else ()
            combo.setToolTip("\n".join(line for line in (said, *more) if line))
            combo.setProperty("model_band", match.model)
            combo.blockSignals(False)
            self._table.setItem(row, 2, _item(match.how or "missing", match.why or f"Matched {_by(match.how)}"))
        self._fit_height(len(matches))

    def _set_rows(self, count: int) -> None:
        """Give the table rows with their combo boxes; existing ones are kept, since making them is slow."""
        for row in range(self._table.rowCount(), count):
            self._table.insertRow(row)
            combo = QComboBox()
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
            self._quiet.keep(combo)
            combo.activated.connect(partial(self._chosen, combo))
            self._table.setCellWidget(row, 1, combo)
            self.combos.append(combo)
        self._table.setRowCount(count)
        del self.combos[count:]

    def _fit_height(self, count: int) -> None:
        height = self.combos[0].sizeHint().height() if self.combos else 24
        self._table.verticalHeader().setDefaultSectionSize(height)
        self._table.setIconSize(QSize(ICON_PX, ICON_PX))
        rows = min(count, MAX_ROWS_SHOWN)
        frame = 2 * self._table.frameWidth()
        head = self._table.horizontalHeader().sizeHint().height()
        self._table.setMinimumHeight(min(rows, 3) * height + head + frame)
        self._table.setMaximumHeight(count * height + head + frame)

    def _chosen(self, combo: QComboBox, index: int) -> None:
        self.mapped.emit(str(combo.property("model_band")), str(combo.itemData(index) or ""))


def wanted_bands(fit: Fit, model: Model) -> dict[str, Band]:
    """Return the model's bands by the labels that a fit gives them: nir, nir@2 for another date, after.nir."""
    return {
        match.model: band
        for feed in fit.feeds
        for match, band in zip(feed.matches, model.inputs[feed.place].sources * feed.dates)
    }


def offered_bands(bands: Sequence[RasterBand], layers: Mapping[str, str]) -> dict[str, RasterBand]:
    """Return a stack's bands by what a list calls them; `layers` has each file's layer, where there are several."""
    names = [
        f"{layers[band.file]}: {band.name or f'Band {band.index}'}" if band.file in layers else band.label
        for band in bands
    ]
    # Two layers or bands may be called alike, and an entry's place is what counts.
    return {
        name if names.count(name) == 1 else f"{name} ({n})": band for n, (name, band) in enumerate(zip(names, bands), 1)
    }


def values_in_words(band: RasterBand) -> str:
    """Return "Values 50 to 120, median 70" of a band whose values were sampled."""
    if band.low is None or band.high is None or band.median is None:
        return ""
    return f"Values mostly {band.low:.4g} to {band.high:.4g}, median {band.median:.4g}"


def _item(text: str, tip: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setToolTip(tip)
    return item


def _by(how: str) -> str:
    return how if how == "by hand" else f"by {how}"
