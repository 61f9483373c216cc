"""How large a pixel is on the ground."""

from __future__ import annotations

from typing import Optional

import numpy as np
from rasterio.crs import CRS
from rasterio.transform import Affine

WGS84_A = 6378137.0
"""Semi-major axis of WGS 84, metres."""
WGS84_E2 = 0.00669437999014
"""First eccentricity of WGS 84, squared."""


def pixel_areas(crs: str, transform: Affine, height: int) -> Optional[np.ndarray]:
    """Return the area in square metres of a pixel in each of `height` rows; None without a projected or geographic
    CRS.

    In degrees it is the zone between two parallels of the WGS 84 ellipsoid (Snyder, Map Projections, USGS PP 1395, eq.
    3-12), times the share of longitude.
    """
    if not crs:
        return None
    system = CRS.from_user_input(crs)
    if system.is_projected:
        metres = float(system.linear_units_factor[1])
        return np.full(height, abs(transform.determinant) * metres**2)
    if not system.is_geographic:
        return None
    radians = float(system.units_factor[1])
    edges = np.clip((transform.f + transform.e * np.arange(height + 1)) * radians, -np.pi / 2, np.pi / 2)
    zones = np.abs(np.diff(_to_parallel(edges)))
    return zones * abs(transform.a) * radians


def _to_parallel(latitude: np.ndarray) -> np.ndarray:
    """Return the area from the equator to a parallel, for one radian of longitude."""
    e = np.sqrt(WGS84_E2)
    sine = np.sin(latitude)
    q = (1 - WGS84_E2) * (sine / (1 - WGS84_E2 * sine**2) - np.log((1 - e * sine) / (1 + e * sine)) / (2 * e))
    return WGS84_A**2 * q / 2
