"""Where models are: STAC APIs, static catalogs, folders and files, and the store that keeps their model files."""
