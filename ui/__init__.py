"""All that knows QGIS: the dock, the Processing provider, the options page, and the one engine that serves them."""
