"""The packages that make a Python the engine's runtime: which are needed, which are welcome, and which are here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata, util


@dataclass(frozen=True)
class Package:
    """A package by the name it is installed under, and the one it is imported by."""

    name: str
    module: str


NEEDED = (
    Package("numpy", "numpy"),
    Package("rasterio", "rasterio"),
    Package("onnxruntime", "onnxruntime"),
    Package("pystac-client", "pystac_client"),
)
WELCOME = (
    Package("onnx", "onnx"),
    Package("pyogrio", "pyogrio"),
    Package("shapely", "shapely"),
)
"""onnx makes runs faster and findings better, the others are for vectors and masks; a system's Python without them is
a runtime all the same.
"""


def versions() -> dict[str, str]:
    """Return what is installed beside this interpreter, without importing it; "unknown" for what does not say."""
    found = {}
    for package in (*NEEDED, *WELCOME):
        if util.find_spec(package.module) is None:
            continue
        try:
            found[package.name] = metadata.version(package.name)
        except metadata.PackageNotFoundError:
            # GPU builds of onnxruntime go by other names, and some distributions leave the metadata out.
            found[package.name] = "unknown"
    return found
