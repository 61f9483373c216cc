"""The engine: everything that works without QGIS."""
