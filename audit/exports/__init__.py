"""The trail in other shapes: formats, files with their manifests, and how far a file has got."""
