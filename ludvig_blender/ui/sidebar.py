"""What the panels share: their place in the sidebar of the 3D viewport (N), tab LUDVIG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..translation.say import CONTEXT

if TYPE_CHECKING:
    from ..data.types import SplatObject

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


class Section(Sidebar):
    """A panel that is there only if there is a splat object to work on."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return has_splats(context)

    @staticmethod
    def thing(context: bpy.types.Context) -> SplatObject:
        """The splat object that the panel is about."""
        from ..data import splats

        return splats.splat_objects(context)[0]


def has_splats(context: bpy.types.Context) -> bool:
    """Whether there is a splat object to work on."""
    if not bpy.data.pointclouds:
        return False
    from ..data import splats

    return bool(splats.splat_objects(context))
