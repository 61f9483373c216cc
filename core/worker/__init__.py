"""The process between: QGIS on one side of a pipe, the engine in a Python of its own on the other."""
