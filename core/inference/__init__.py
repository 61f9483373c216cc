"""From rasters through onnxruntime to maps."""

import os

# GDAL would keep a twentieth of the machine's memory for blocks it has read, which grows with the raster up to there. A
# run reads each block once, but for what windows share: two rows of windows of a raster 20,000 wide fit in this many
# megabytes. It counts from GDAL's first block on, so it is said before rasterio is imported; whoever has set it keeps
# their own.
os.environ.setdefault("GDAL_CACHEMAX", "96")
