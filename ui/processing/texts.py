"""What the algorithms' parameters are called and what they mean, each with one row here whichever algorithm has it."""

from __future__ import annotations

from html import escape
from typing import Mapping, Sequence

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ..words import tr

TEXTS: Mapping[str, tuple[str, str]] = {
    "INPUT": (
        QT_TRANSLATE_NOOP("mlm_runner", "Input layer"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "the image. Bands are matched by name, then by common name (red, nir, swir16, ...), then by wavelength.",
        ),
    ),
    "MORE_LAYERS": (
        QT_TRANSLATE_NOOP("mlm_runner", "More layers"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "what stands behind the input layer, in the order of the list: elevation, further bands, the second image "
            "of a pair, later dates. Other resolutions and reference systems are brought to those of the input layer; "
            "the extent stays its own.",
        ),
    ),
    "MODEL": (
        QT_TRANSLATE_NOOP("mlm_runner", "Model"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "the file or address of the model's Item, or CATALOG#ITEM-ID, for example Built-in#NAME. The panel MLM "
            "Runner (Raster menu) lists models and copies their addresses.",
        ),
    ),
    "EXTENT": (
        QT_TRANSLATE_NOOP("mlm_runner", "Extent"),
        QT_TRANSLATE_NOOP("mlm_runner", "the part of the layer to run on; all of it if left empty."),
    ),
    "MASK": (
        QT_TRANSLATE_NOOP("mlm_runner", "Mask"),
        QT_TRANSLATE_NOOP(
            "mlm_runner", "polygons in any reference system; only what lies in them is computed, all else has no value."
        ),
    ),
    "BANDS": (
        QT_TRANSLATE_NOOP("mlm_runner", "Bands by hand"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "MODELBAND=LAYERBAND, separated by commas, where names don't say it: nir=4, red=3. Bands of several layers "
            "are counted through; of a model with dates or several images, they are called nir@2 and after.nir.",
        ),
    ),
    "UNITS": (
        QT_TRANSLATE_NOOP("mlm_runner", "Units of the values"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "auto compares the layer's values with what the model expects, and says what it chose; raw takes values "
            "as stored, scaled applies the declared scale and offset, a number divides by it, and -1000/10000 "
            "subtracts 1000 before it divides by 10000.",
        ),
    ),
    "RESOLUTION": (
        QT_TRANSLATE_NOOP("mlm_runner", "Resolution"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "the size of the pixels that the model sees, in metres, or the word model for its own; the layer's own if"
            " left empty.",
        ),
    ),
    "OVERLAP": (
        QT_TRANSLATE_NOOP("mlm_runner", "Overlap of tiles"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "the part of a tile, from 0 to 0.9, that its neighbour sees as well; empty leaves it to the engine.",
        ),
    ),
    "TILE": (
        QT_TRANSLATE_NOOP("mlm_runner", "Size of tiles"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "the side in pixels of the squares that the model sees one after another; empty leaves it to the engine.",
        ),
    ),
    "THRESHOLD": (
        QT_TRANSLATE_NOOP("mlm_runner", "Threshold"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "how sure, from 0 to 1, the model must be of what it says; what is below is left out. The model's own "
            "recommendation holds if left empty.",
        ),
    ),
    "IOU": (
        QT_TRANSLATE_NOOP("mlm_runner", "Overlap of objects"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "of two objects with more in common than this (intersection over union, from 0 to 1) only the surer one "
            "is kept.",
        ),
    ),
    "SKIP_FUNCTIONS": (
        QT_TRANSLATE_NOOP("mlm_runner", "Skip functions that the model names"),
        QT_TRANSLATE_NOOP(
            "mlm_runner",
            "runs although the model names a function that can't be computed here, because the layer needs it not.",
        ),
    ),
    "CONFIDENCE": (
        QT_TRANSLATE_NOOP("mlm_runner", "Confidence"),
        QT_TRANSLATE_NOOP("mlm_runner", "a raster of how sure the model is of each pixel's class, from 0 to 1."),
    ),
    "PROBABILITIES": (
        QT_TRANSLATE_NOOP("mlm_runner", "Probabilities"),
        QT_TRANSLATE_NOOP("mlm_runner", "a raster with a band for each class: how likely it is, from 0 to 1."),
    ),
    "VECTOR": (
        QT_TRANSLATE_NOOP("mlm_runner", "Polygons"),
        QT_TRANSLATE_NOOP("mlm_runner", "a vector layer with a polygon for each area of one class."),
    ),
    "MIN_AREA": (
        QT_TRANSLATE_NOOP("mlm_runner", "Minimum area of polygons"),
        QT_TRANSLATE_NOOP(
            "mlm_runner", "in square metres; smaller ones become part of the neighbour with the longest common border."
        ),
    ),
    "SIMPLIFY": (
        QT_TRANSLATE_NOOP("mlm_runner", "Simplify polygons by"),
        QT_TRANSLATE_NOOP("mlm_runner", "how far outlines may move, in pixels; neighbours keep their common border."),
    ),
}
"""The label of a parameter, and its meaning as the rest of a sentence."""


def label(name: str) -> str:
    return tr(TEXTS[name][0])


def help_of(before: str, names: Sequence[str], after: str) -> str:
    """Return an algorithm's help: what it does, a paragraph for each parameter, and what comes of it."""
    rows = [f"<b>{escape(label(name))}</b>: {escape(tr(TEXTS[name][1]))}" for name in names if name in TEXTS]
    return "<br><br>".join((escape(before), *rows, escape(after)))
