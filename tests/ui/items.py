"""Small model items for the tests of the interface, and what a search would answer with them."""

from __future__ import annotations

from typing import Any, Optional, Sequence


def item(
    id: str = "land",
    title: str = "Land Cover",
    bands: Sequence[str] = ("red", "nir"),
    scaling: Optional[list[dict[str, Any]]] = None,
    classes: Sequence[tuple[int, str, str]] = ((1, "Forest", "228833"), (2, "Water", "4477AA")),
    artifact: str = "onnx",
    gsd: float = 30.0,
    **properties: Any,
) -> dict[str, Any]:
    """Return an item in the form MLM 1.5."""
    order = ["batch", "bands", "height", "width"]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/mlm/v1.5.0/schema.json"],
        "id": id,
        "geometry": None,
        "links": [],
        "properties": {
            "datetime": "2000-05-01T00:00:00Z",
            "title": title,
            "description": f"About {title}.",
            "gsd": gsd,
            "mlm:name": id,
            "mlm:architecture": "CNN",
            "mlm:tasks": ["semantic-segmentation"],
            "mlm:input": [
                {
                    "name": "x",
                    "bands": list(bands),
                    "input": {"shape": [-1, len(bands), -1, -1], "dim_order": order, "data_type": "float32"},
                    "value_scaling": scaling,
                }
            ],
            "mlm:output": [
                {
                    "name": "y",
                    "tasks": ["semantic-segmentation"],
                    "result": {"shape": [-1, len(classes), -1, -1], "dim_order": order, "data_type": "float32"},
                    "classification:classes": [
                        {"value": value, "name": name, "title": name, "color_hint": color}
                        for value, name, color in classes
                    ],
                }
            ],
            **properties,
        },
        "assets": {
            "model": {
                "href": f"{id}.{artifact}",
                "roles": ["mlm:model"],
                "mlm:artifact_type": "onnx" if artifact == "onnx" else "torch.save",
            }
        },
    }


def of_task(task: str, id: str, title: str, **more: Any) -> dict[str, Any]:
    """Return an item whose output has another task; without classes it declares none."""
    made = item(id, title, **more)
    output = made["properties"]["mlm:output"][0]
    made["properties"]["mlm:tasks"] = output["tasks"] = [task]
    if not output["classification:classes"]:
        del output["classification:classes"]
        output["result"]["shape"][1] = 1
    return made


def entry(data: dict[str, Any], catalog: str = "Built-in") -> dict[str, Any]:
    """Return an item as a search lists it."""
    href = f"/models/{data['id']}.json"
    return {"id": data["id"], "title": "", "catalog": catalog, "href": href, "why_not": "", "item": data}


def answer(*items: dict[str, Any], failed: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a search answers with these items, and with catalogs that do not."""
    catalogs = [{"name": "Built-in", "href": "/models", "state": "ok", "why": "", "count": len(items)}]
    catalogs += [{"name": n, "href": n, "state": "failed", "why": f"{n} is away.", "count": 0} for n in failed]
    return {"models": [entry(i) for i in items], "catalogs": catalogs}


def described(bands: dict[str, float], **more: Any) -> dict[str, Any]:
    """Return what `inspect` answers for a raster whose bands have these middle values."""
    return {
        "bands": [
            {
                "file": "image.tif",
                "index": n,
                "name": name,
                "data_type": "uint16",
                "median": float(value),
                "low": value * 0.5,
                "high": value * 1.5,
                "mean": float(value),
                "stddev": value * 0.25,
            }
            for n, (name, value) in enumerate(bands.items(), 1)
        ],
        "width": 40,
        "height": 30,
        "transform": [30, 0, 600000, 0, -30, 4000000],
        "crs": "EPSG:32617",
        "resolution_m": 30.0,
        "bbox": None,
        "source": "image.tif",
        **more,
    }
