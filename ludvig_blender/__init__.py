"""LUDVIG in Blender: panels, tools and operators. It alone uses `bpy`, and never torch.

Enabling the add-on must take less than 50 ms. So the modules below import NumPy, and everything
that needs it, only inside their functions, when there are splats to work on.
"""

from importlib import import_module

# In the order in which they are registered: properties first, because the others use them.
MODULES = (
    "translation.catalogues",
    "data.prompts",
    "data.properties",
    "ui.preferences",
    "data.capture",
    "data.features",
    "data.criteria",
    "data.changes",
    "data.adoption",
    "engine.link",
    "operators.installing",
    "operators.engine_control",
    "operators.reporting",
    "operators.photographs",
    "operators.rendered_views",
    "operators.computing",
    "operators.segmenters",
    "data.check_picture",
    "ui.status_panel",
    "ui.scene_panel",
    "ui.features_panel",
    "ui.engine_panel",
    "operators.importing",
    "operators.sample",
    "operators.exporting",
    "operators.adopting",
    "viewport",
    "operators.render_image",
    "engine.commit",
    "operators.prompting",
    "operators.drawing",
    "operators.prompt_list",
    "operators.gesture",
    "operators.brushing",
    "operators.segmenting",
    "operators.combining",
    "operators.auto_segments",
    "operators.choosing",
    "operators.growing",
    "operators.floaters",
    "operators.criteria",
    "operators.playing",
    "operators.editing",
    "operators.removing",
    "operators.recoloring",
    "operators.modifier",
    "ui.tools",
    "ui.pie",
    "ui.keys",
    "ui.find_panel",
    "ui.segment_panel",
    "ui.criteria_panel",
    "ui.answer",
    "ui.display_panel",
)


def register() -> None:
    """Called by Blender when the extension is enabled."""
    for name in MODULES:
        import_module(f".{name}", __package__).register()


def unregister() -> None:
    """Called by Blender when the extension is disabled.

    Afterwards no class, property, handler, timer or thread is left.
    """
    for name in reversed(MODULES):
        import_module(f".{name}", __package__).unregister()
