"""What the panels share: their place in the sidebar of the 3D viewport (N), tab LUDVIG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..translation.say import CONTEXT

if TYPE_CHECKING:
    import bpy

    Base = bpy.types.Panel
else:
    Base = object  # the panels themselves derive from Panel


class Sidebar(Base):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "LUDVIG"
    bl_translation_context = CONTEXT

    if TYPE_CHECKING:
        # The stubs allow None, which it never is while drawing.
        layout: bpy.types.UILayout
