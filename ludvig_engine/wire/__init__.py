"""The wire: what the engine and its clients say to each other. Also runs inside Blender: standard library and NumPy."""
