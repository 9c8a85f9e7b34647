"""The engine process as Blender sees it: installed, started, asked, and its answers written."""
