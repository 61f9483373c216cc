"""QGIS's style for features with classes: a categorized renderer with the legend's names and colours."""

from __future__ import annotations

from typing import Mapping, Sequence
from xml.etree import ElementTree  # nosec B405: only written, never parsed

from ..mlm.legend import LegendEntry

OUTLINE_MM, OUTLINE_SEE_THROUGH_MM = "0.1", "0.4"
"""A line of the fill's own colour closes the hair between neighbours; round what is seen through it shows the shape."""


def categorized(entries: Sequence[LegendEntry], field: str, opacity: float = 1.0) -> bytes:
    """Return the style (QML) for polygons whose `field` holds the entries' values; `opacity` is the fill's, 0 to 1."""
    root = ElementTree.Element("qgis", version="3.22.0", styleCategories="Symbology")
    renderer = ElementTree.SubElement(
        root, "renderer-v2", type="categorizedSymbol", attr=field, forceraster="0", symbollevels="0", enableorderby="0"
    )
    categories = ElementTree.SubElement(renderer, "categories")
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, entry in enumerate(e for e in entries if not e.nodata):
        ElementTree.SubElement(
            categories,
            "category",
            value=str(entry.value),
            type="long",
            label=entry.label,
            symbol=str(number),
            render="true",
        )
        symbol = ElementTree.SubElement(
            symbols, "symbol", name=str(number), type="fill", alpha="1", clip_to_extent="1", force_rhr="0"
        )
        _options(
            ElementTree.SubElement(symbol, "layer", attrib={"class": "SimpleFill", "enabled": "1"}),
            {
                "style": "solid",
                "color": _color(entry.color, opacity),
                "outline_style": "solid",
                "outline_color": _color(entry.color, 1.0),
                "outline_width": OUTLINE_MM if opacity >= 1 else OUTLINE_SEE_THROUGH_MM,
                "outline_width_unit": "MM",
                "joinstyle": "miter",
            },
        )
    ElementTree.SubElement(root, "layerGeometryType").text = "2"
    return ElementTree.tostring(root, encoding="utf-8")


def _options(layer: ElementTree.Element, options: Mapping[str, str]) -> None:
    """Add the options of a symbol's layer, as QGIS writes them since 3.18."""
    given = ElementTree.SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        ElementTree.SubElement(given, "Option", name=name, type="QString", value=value)


def _color(color: str, opacity: float) -> str:
    """Return #RRGGBB as QGIS's "red,green,blue,alpha"."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"
