"""The files beside a result that carry the classes' names: GDAL's auxiliary file, and QGIS's style."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence
from xml.etree import ElementTree  # nosec B405: only written, never parsed

from ..mlm.legend import LegendEntry


def write_category_names(path: Path, entries: Sequence[LegendEntry]) -> None:
    """Write GDAL's auxiliary file with the classes' names, which GeoTIFF has no place for."""
    root = ElementTree.Element("PAMDataset")
    names = ElementTree.SubElement(ElementTree.SubElement(root, "PAMRasterBand", band="1"), "CategoryNames")
    by_value = {e.value: e.label for e in entries}
    for value in range(max(by_value) + 1 if max(by_value) < 65536 else 0):
        ElementTree.SubElement(names, "Category").text = by_value.get(value, "")
    ElementTree.ElementTree(root).write(path, encoding="utf-8")


def write_style(path: Path, entries: Sequence[LegendEntry]) -> None:
    """Write QGIS's style file: a paletted renderer with the classes' names and colours, which QGIS loads by itself."""
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="Symbology")
    pipe = ElementTree.SubElement(root, "pipe")
    renderer = ElementTree.SubElement(pipe, "rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1")
    palette = ElementTree.SubElement(renderer, "colorPalette")
    for entry in entries:
        if not entry.nodata:
            ElementTree.SubElement(
                palette,
                "paletteEntry",
                value=str(entry.value),
                color=entry.color.lower(),
                label=entry.label,
                alpha="255",
            )
    ElementTree.SubElement(root, "blendMode").text = "0"
    ElementTree.ElementTree(root).write(path, encoding="utf-8")
