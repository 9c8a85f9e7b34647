"""Which features tell the splats of an object apart: chosen per object, stored in the .blend."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty, StringProperty


class LudvigFeatures(bpy.types.PropertyGroup):
    """The extractor an object's segments are found with, and what is known of its features."""

    extractor: StringProperty(
        name="Features", description="What the splats are told apart by, as the engine calls it", default="auto"
    )
    computed: StringProperty(options={"SKIP_SAVE"}, description="The extractor whose features are ready")
    summary: StringProperty(options={"SKIP_SAVE"}, description="What they are")
    notes: StringProperty(options={"SKIP_SAVE"}, description="What the user should know of them, one to a line")


def register() -> None:
    bpy.utils.register_class(LudvigFeatures)
    bpy.types.Object.ludvig_features = PointerProperty(type=LudvigFeatures)


def unregister() -> None:
    del bpy.types.Object.ludvig_features
    bpy.utils.unregister_class(LudvigFeatures)
