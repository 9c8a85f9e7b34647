"""The wire: what the engine and its clients send each other.

Standard library and NumPy only: this also runs inside Blender.
"""
