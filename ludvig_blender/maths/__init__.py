"""Geometry, colors and sets of the extension: NumPy only, without Blender."""
