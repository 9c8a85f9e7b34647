"""LUDVIG in Blender: panel, tools, operators. Never imports torch; `bpy` lives only in this package."""


def register() -> None:
    """Called by Blender when the extension is enabled."""


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
