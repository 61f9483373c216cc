"""Raster to tensor to onnxruntime to mosaic to file: inspect, check, plan, run."""
