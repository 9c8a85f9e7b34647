"""What users set, stored in the .blend: on splat objects and scenes. And the message of the moment, not stored."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .prompts import LudvigPrompt

MODES = (
    ("COLOR", "Color", "The splats' own colors"),
    ("SCORE", "Scores", "A float attribute as a heat map"),
    (
        "FEATURES",
        "Features",
        "A vector or color attribute as red, green and blue, such as the three main components",
    ),
    ("SEGMENTS", "Segments", "Every splat in the color of its segment"),
)


def _read(settings: Any, _context: Any) -> None:
    from . import changes

    changes.tell(settings.id_data)


def _shown(_settings: Any, _context: Any) -> None:
    from . import changes

    changes.redraw()


def _renamed(segment: Any, _context: Any) -> None:
    from . import segments

    segments.renamed(segment)


def _reapply(segment: Any, _context: Any) -> None:
    from . import changes, node_group, segments

    if segment.attribute in segment.id_data.data.attributes:
        segments.select(segment.id_data, segment)
        node_group.follow(segment)
    changes.redraw()


def _show_or_hide(segment: Any, _context: Any) -> None:
    from . import segments

    thing = segment.id_data
    chosen, gone = segments.mask(thing, segment), segments.hidden(thing)
    segments.hide(thing, gone & ~chosen if segment.visible else gone | chosen)


def _score_names(settings: Any, _context: Any, typed: str) -> list[str]:
    from . import splats

    thing = settings.id_data
    if not splats.is_splats(thing):
        return []
    return [name for name in splats.extra_names(thing.data) if typed.lower() in name.lower()]


class LudvigSegment(bpy.types.PropertyGroup):
    """A named part of a splat object. Its scores are the float attribute `ludvig_<name>`."""

    name: StringProperty(
        name="Name", description="Its scores are the attribute ludvig_<name>", update=_renamed
    )
    number: IntProperty(description="Which it is, also after others were removed or it was renamed")
    attribute: StringProperty(
        name="Attribute", description="Float attribute with the scores, 0 to 1", update=_read
    )
    color: FloatVectorProperty(
        name="Color", subtype="COLOR_GAMMA", min=0, max=1, default=(0.9, 0.45, 0.1), update=_shown
    )
    threshold: FloatProperty(
        name="Certainty",
        description="Splats with a higher score belong to it",
        min=0,
        max=1,
        default=0.5,
        update=_reapply,
    )
    visible: BoolProperty(
        name="Show",
        description="Show its splats in the viewport",
        default=True,
        update=_show_or_hide,
    )
    prompts: CollectionProperty(type=LudvigPrompt)
    note: StringProperty(description="What the engine has to say of the newest result")


class LudvigSplats(bpy.types.PropertyGroup):
    """How a splat object is shown, and its segments."""

    mode: EnumProperty(name="Show", items=MODES, default="COLOR", update=_read)
    attribute: StringProperty(
        name="Attribute",
        description="The attribute that is shown",
        search=_score_names,
        search_options={"SUGGESTION"},
        update=_read,
    )
    low: FloatProperty(
        name="From", description="Score at the dark end of the heat map", default=0.0, update=_shown
    )
    high: FloatProperty(
        name="To", description="Score at the bright end of the heat map", default=1.0, update=_shown
    )
    strength: FloatProperty(
        name="Strength", description="How much of the splats' own shading is covered", min=0, max=1, default=0.8,
        subtype="FACTOR", update=_shown,
    )  # fmt: skip
    sh_degree: IntProperty(
        name="SH Degree", description="Detail of view-dependent color, as far as the file has it",
        min=0, max=4, default=4, update=_shown,
    )  # fmt: skip
    source: StringProperty(
        name="File", description="The splat file this object was imported from", subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )  # fmt: skip
    segments: CollectionProperty(type=LudvigSegment)
    active_segment: IntProperty(name="Segment", description="The segment that prompts are about")


class LudvigScene(bpy.types.PropertyGroup):
    """How splats are drawn in this scene."""

    show: EnumProperty(
        name="Draw",
        items=(
            ("SPLATS", "Splats", "Blended, sorted ellipsoids"),
            ("POINTS", "Points", "A dot for every splat: fast on any graphics card"),
            ("NONE", "Nothing", "Leave the drawing to Blender"),
        ),
        default="SPLATS",
        update=_shown,
    )
    coarse: BoolProperty(
        name="Coarse While Moving",
        description="Draw fewer pixels while the view turns or splats move, all of them at rest",
        default=True,
    )
    selection: BoolProperty(
        name="Selection", description="Tint selected splats", default=True, update=_shown
    )
    selection_color: FloatVectorProperty(
        name="Selection Color",
        size=4,
        subtype="COLOR_GAMMA",
        min=0,
        max=1,
        default=(1.0, 0.55, 0.0, 0.6),
        update=_shown,
    )
    prompts: BoolProperty(
        name="Prompts", description="Mark where the active segment was clicked on and drawn over", default=True,
        update=_shown,
    )  # fmt: skip


class LudvigTools(bpy.types.PropertyGroup):
    """How the tools of the toolbar read what is drawn. Not stored."""

    depth: EnumProperty(
        name="Depth",
        items=(
            ("SURFACE", "Surface", "Only what is seen here is meant"),
            ("THROUGH", "Through", "What lies behind it is meant as well"),
        ),
        options={"SKIP_SAVE"},
    )
    radius: IntProperty(
        name="Radius", description="Half the width of a scribble", subtype="PIXEL", min=1, max=200, default=8,
        options={"SKIP_SAVE"},
    )  # fmt: skip
    text: StringProperty(name="Text", description="Words for what to find", options={"SKIP_SAVE"})


class LudvigFix(bpy.types.PropertyGroup):
    """A remedy, `ludvig_engine.errors.Fix`."""

    text: StringProperty(options={"SKIP_SAVE"})
    action: StringProperty(options={"SKIP_SAVE"})
    arguments: StringProperty(options={"SKIP_SAVE"}, description="As JSON")


class LudvigMessage(bpy.types.PropertyGroup):
    """What the panel tells at the moment: an error and its remedies."""

    text: StringProperty(options={"SKIP_SAVE"})
    fixes: CollectionProperty(type=LudvigFix, options={"SKIP_SAVE"})


CLASSES = (LudvigSegment, LudvigSplats, LudvigScene, LudvigTools, LudvigFix, LudvigMessage)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Object.ludvig = PointerProperty(type=LudvigSplats)
    bpy.types.Scene.ludvig = PointerProperty(type=LudvigScene)
    bpy.types.WindowManager.ludvig = PointerProperty(type=LudvigMessage, options={"SKIP_SAVE"})
    bpy.types.WindowManager.ludvig_tools = PointerProperty(type=LudvigTools, options={"SKIP_SAVE"})


def unregister() -> None:
    for owner in (bpy.types.Object, bpy.types.Scene, bpy.types.WindowManager):
        del owner.ludvig
    del bpy.types.WindowManager.ludvig_tools
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
