"""LUDVIG in Blender: panel, tools, operators. Never imports torch; `bpy` lives only in this package.

Enabling the add-on must not be felt (< 50 ms), so the modules below import NumPy and everything that needs it inside
their functions: only when there are splats to work on.
"""

from importlib import import_module

# Properties first: the others read them. Unregistered in the opposite order.
MODULES = (
    "prompts",
    "properties",
    "preferences",
    "capture",
    "features",
    "changes",
    "engine",
    "engine_operators",
    "scene_operators",
    "features_operators",
    "check_picture",
    "status_panel",
    "scene_panel",
    "features_panel",
    "engine_panel",
    "importer",
    "exporter",
    "adopt",
    "viewport",
    "render_image",
    "commit",
    "prompt_operators",
    "gesture",
    "segment_operators",
    "resize",
    "actions",
    "recolor_operator",
    "nodes",
    "tools",
    "segment_panel",
    "display_panel",
)


def register() -> None:
    """Called by Blender when the extension is enabled."""
    for name in MODULES:
        import_module(f".{name}", __package__).register()


def unregister() -> None:
    """Called by Blender when the extension is disabled: leaves no class, property, handler, timer or thread behind."""
    for name in reversed(MODULES):
        import_module(f".{name}", __package__).unregister()
