"""MLM Runner: run machine-learning models that describe themselves (STAC MLM) on rasters.

QGIS, the worker and pip import this package alike, so nothing of QGIS is imported before `classFactory` is called.
"""

__version__ = "0.1.0"


def classFactory(iface):  # noqa: N802  (the name is QGIS's)
    """Return the plugin; QGIS calls this once for each load."""
    from .plugin import MlmRunnerPlugin

    return MlmRunnerPlugin(iface)
