"""The parts of a STAC item of the embedded catalog that all models share, and how its JSON is written."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import onnx

CATALOG = Path(__file__).resolve().parent.parent / "resources" / "catalog"
STAC = "1.1.0"
MLM = "https://stac-extensions.github.io/mlm/v1.5.2/schema.json"
EXTENSIONS = [
    MLM,
    "https://stac-extensions.github.io/classification/v1.1.0/schema.json",
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/scientific/v1.0.0/schema.json",
    "https://stac-extensions.github.io/version/v1.2.0/schema.json",
]
COLLECTION = "mlm-runner-models"
PUBLISHED = "# pragma: allowlist secret (no secret: the checksum of a published file)"
"""The mark that detect-secrets documents for a reviewed line; it takes a checksum for a key otherwise."""


def write(content: dict[str, Any]) -> None:
    """Write an item's JSON with short lists on one line, and the checksum on one line with its mark."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    text = re.sub(r"\[\s+([^\[\]{}]{1,90}?)\s+\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m[1]) + "]", text)
    text = re.sub(r'("file:checksum": "\w+",)\s+', r"\1 ", text)
    (CATALOG / f"{content['id']}.json").write_text(text + "\n", encoding="utf-8")


def band(name: str, known: tuple[str, float, float], more: dict[str, Any]) -> dict[str, Any]:
    """Return a STAC 1.1 band."""
    described, center, width = known
    spectral = {"eo:common_name": name, "eo:center_wavelength": center, "eo:full_width_half_max": width}
    return {"name": name, "description": described, **more, **spectral}


def classes(table: tuple[tuple[str, str, str, str], ...], first: int) -> list[dict[str, Any]]:
    """Return Class Objects; the first channel of the output is class number `first`."""
    return [
        {"value": value, "name": name, "title": title, "description": description, "color_hint": color}
        for value, (name, title, color, description) in enumerate(table, first)
    ]


def onnx_asset(data: bytes, href: str, bands: list[dict[str, Any]], words: str) -> dict[str, Any]:
    """Return the asset for an ONNX file with what a reader checks it by."""
    return {
        "href": href,
        "title": "The network as ONNX",
        "description": words,
        "type": "application/octet-stream; framework=onnx",
        "roles": ["mlm:model"],
        "mlm:artifact_type": "onnx",
        "file:checksum": "1220" + hashlib.sha256(data).hexdigest(),
        "$comment": PUBLISHED,
        "file:size": len(data),
        "bands": [{"name": b["name"]} for b in bands],
    }


def item(name: str, bbox: list[float], properties: dict[str, Any], assets: dict[str, Any], links: list) -> dict:
    """Return an item of the collection; `properties` are added to what all models share."""
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    to = {"root": "catalog.json", "parent": "collection.json", "collection": "collection.json"}
    return {
        "type": "Feature",
        "stac_version": STAC,
        "stac_extensions": EXTENSIONS,
        "id": name,
        "collection": COLLECTION,
        "bbox": bbox,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"datetime": None, **properties, "mlm:tasks": ["semantic-segmentation"]},
        "links": [{"rel": r, "href": f"./{h}", "type": "application/json"} for r, h in to.items()] + links,
        "assets": assets,
    }


def tensors(model: onnx.ModelProto, bands: list, scaling: list, table: list, words: tuple[str, str]) -> dict[str, Any]:
    """Return mlm:input and mlm:output as the network's own signature has them; `words` describe the two."""
    given, result = model.graph.input[0], model.graph.output[0]
    sizes = [d.dim_value or -1 for d in given.type.tensor_type.shape.dim]
    return {
        "mlm:input": [
            {
                "name": given.name,
                "description": words[0],
                "bands": [b["name"] for b in bands],
                "input": {
                    "shape": sizes,
                    "dim_order": ["batch", "bands", "height", "width"],
                    "data_type": "float32",
                },
                "value_scaling": scaling,
                "resize_type": None,
                "pre_processing_function": None,
            }
        ],
        "mlm:output": [
            {
                "name": result.name,
                "description": words[1],
                "tasks": ["semantic-segmentation"],
                "result": {
                    "shape": [-1, len(table), *sizes[2:]],
                    "dim_order": ["batch", "class", "height", "width"],
                    "data_type": "float32",
                },
                "classification:classes": table,
                "post_processing_function": None,
            }
        ],
        "mlm:total_parameters": sum(onnx.numpy_helper.to_array(t).size for t in model.graph.initializer),
    }
