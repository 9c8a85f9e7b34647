"""What users set, stored in the .blend on splat objects and scenes; and the current message."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

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

from ..translation.say import CONTEXT
from .prompts import LudvigPrompt

if TYPE_CHECKING:
    from . import types

    Place = tuple[type[bpy.types.bpy_struct], str, type[bpy.types.PropertyGroup]]

MODES = (
    ("COLOR", "Color", "Show the splats' own colors"),
    ("SCORE", "Scores", "Show a float attribute as a heat map"),
    (
        "FEATURES",
        "Features",
        "Show a vector or color attribute as red, green and blue, "
        "such as the three main components of the features",
    ),
    ("SEGMENTS", "Segments", "Show every splat in the color of its segment"),
)


# Blender 5.3 has splats of its own; then we only add what it cannot show.
NOTHING = (
    ("NONE", "Blender", "Let Blender draw the splats, and add the selection and the prompts")
    if bpy.app.version >= (5, 3)
    else ("NONE", "Nothing", "Leave the drawing to Blender")
)


def drawing(scene: bpy.types.Scene | None) -> types.Scene:
    """How splats are drawn in a scene."""
    return cast("types.LudvigScene", scene).ludvig


def message(context: bpy.types.Context) -> types.Message:
    """The error that the panel shows at the moment."""
    return cast("types.LudvigManager", context.window_manager).ludvig


def tools(context: bpy.types.Context) -> types.Tools:
    """The settings of the toolbar's tools."""
    return cast("types.LudvigManager", context.window_manager).ludvig_tools


def active_tool(context: bpy.types.Context) -> str:
    """The name of the active tool of the 3D viewport; "" without one, as without a window."""
    workspace = context.workspace
    if workspace is None:
        return ""
    tool = workspace.tools.from_space_view3d_mode(context.mode, create=False)
    return tool.idname if tool is not None else ""


def _read(settings: types.Splats | types.Segment, _context: bpy.types.Context) -> None:
    from . import changes

    changes.tell(settings.id_data)


def _shown(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    from . import changes

    changes.redraw()


def _drawn_by(settings: types.Scene, _context: bpy.types.Context) -> None:
    from . import changes, masking, native, splats

    for thing in settings.id_data.objects if native.exists() else ():
        if splats.is_splats(thing) and thing.data.type != "POINTS" and thing.is_editable:
            native.convert(thing, ours=settings.show != "NONE")
            masking.follow(thing)
    changes.redraw()


def _renamed(segment: types.Segment, _context: bpy.types.Context) -> None:
    from . import segments

    segments.renamed(segment)


def _reapply(segment: types.Segment, _context: bpy.types.Context) -> None:
    from . import changes, node_group, segments

    if segment.attribute in segment.id_data.data.attributes:
        segments.select(segment.id_data, segment)
        node_group.follow(segment)
    changes.redraw()


def _cut(settings: types.Splats, _context: bpy.types.Context) -> None:
    from . import parts

    parts.cut(settings.id_data)


def _show_or_hide(segment: types.Segment, _context: bpy.types.Context) -> None:
    from . import segments

    thing = segment.id_data
    chosen, gone = segments.mask(thing, segment), segments.hidden(thing)
    segments.hide(thing, gone & ~chosen if segment.visible else gone | chosen)


def _score_names(settings: types.Splats, _context: bpy.types.Context, typed: str) -> list[str]:
    from . import splats

    thing: bpy.types.Object = settings.id_data
    if not splats.is_splats(thing):
        return []
    return [name for name in splats.extra_names(thing.data) if typed.lower() in name.lower()]


class LudvigSegment(bpy.types.PropertyGroup):
    """A named part of a splat object. Its scores are the float attribute `ludvig_<name>`."""

    name: StringProperty(
        name="Name", description="Its scores are the attribute ludvig_<name>", update=_renamed
    )
    number: IntProperty(description="Identifies the segment, also after it was renamed")
    attribute: StringProperty(
        name="Attribute", description="Float attribute with the scores, 0 to 1", update=_read
    )
    color: FloatVectorProperty(
        name="Color", subtype="COLOR_GAMMA", min=0, max=1, default=(0.9, 0.45, 0.1), update=_shown
    )
    threshold: FloatProperty(
        name="Certainty",
        description="Splats with a higher score belong to the segment",
        min=0,
        max=1,
        default=0.5,
        update=_reapply,
    )
    visible: BoolProperty(
        name="Show",
        description="Show the segment's splats in the viewport",
        default=True,
        update=_show_or_hide,
    )
    prompts: CollectionProperty(type=LudvigPrompt)
    note: StringProperty(description="The engine's notes on the newest result")
    reading: IntProperty(
        description="The reading of the first click that is selected, in steps from the best guess"
    )
    readings: StringProperty(description='Those that there are, from part to whole: "-1 0 1 2"')
    guess: FloatProperty(
        description="Scores above it are the best guess at words that were not found; "
        "-1: there is none",
        default=-1,
    )
    leaf: IntProperty(description="Largest leaf of a part found without prompts", default=-1)
    node: IntProperty(description="Node of the hierarchy that the part is", default=-1)


class LudvigSplats(bpy.types.PropertyGroup):
    """How a splat object is shown, and its segments."""

    adopted: BoolProperty(description="Whether who draws the object in the viewport was decided")
    mode: EnumProperty(
        name="Show", items=MODES, default="COLOR", update=_read, translation_context=CONTEXT
    )
    attribute: StringProperty(
        name="Attribute",
        description="The attribute to show",
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
        name="Strength", description="How much of the splats' own shading the colors cover",
        min=0, max=1, default=0.8, subtype="FACTOR", update=_shown,
    )  # fmt: skip
    sh_degree: IntProperty(
        name="SH Degree", description="Highest degree of view-dependent color to draw",
        min=0, max=4, default=4, update=_shown,
    )  # fmt: skip
    source: StringProperty(
        name="File", description="The splat file this object was imported from",
        subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )  # fmt: skip
    segments: CollectionProperty(type=LudvigSegment)
    active_segment: IntProperty(name="Segment", description="The segment that new prompts go to")
    hierarchy: StringProperty(description="How the parts found without prompts merge")
    granularity: FloatProperty(
        name="Granularity", description="0 shows few large parts, 1 many small ones. "
        "Parts that you have changed stay as they are",
        min=0, max=1, default=0.5, subtype="FACTOR", update=_cut,
    )  # fmt: skip
    most: IntProperty(
        name="At Most", description="Number of parts to show; the largest are shown",
        min=1, max=200, default=32, update=_cut,
    )  # fmt: skip


class LudvigScene(bpy.types.PropertyGroup):
    """How splats are drawn in this scene."""

    show: EnumProperty(
        name="Draw",
        items=(
            ("SPLATS", "Splats", "Draw blended, sorted ellipsoids"),
            ("POINTS", "Points", "Draw a dot for every splat: fast on any graphics card"),
            NOTHING,
        ),
        default="SPLATS",
        update=_drawn_by,
    )
    coarse: BoolProperty(
        name="Coarse While Moving",
        description="Draw at a lower resolution while the view or the splats move",
        default=True,
    )
    selection: BoolProperty(
        name="Selection", description="Draw an outline around selected splats, and tint them",
        default=True, update=_shown,
    )  # fmt: skip
    selection_color: FloatVectorProperty(
        name="Selection Color",
        description="Of the outline. Its alpha is how much the selected splats are tinted",
        size=4,
        subtype="COLOR_GAMMA",
        min=0,
        max=1,
        default=(1.0, 0.55, 0.0, 0.15),
        update=_shown,
    )
    prompts: BoolProperty(
        name="Prompts", description="Mark the clicks, scribbles and boxes of the active segment",
        default=True, update=_shown,
    )  # fmt: skip


class LudvigTools(bpy.types.PropertyGroup):
    """Settings of the toolbar's tools. Not stored."""

    depth: EnumProperty(
        name="Depth",
        items=(
            ("SURFACE", "Surface", "Only the visible surface is meant"),
            ("THROUGH", "Through", "What lies behind the visible surface is meant as well"),
        ),
        options={"SKIP_SAVE"},
    )
    radius: IntProperty(
        name="Radius", description="Half the width of a scribble", subtype="PIXEL",
        min=1, max=200, default=8, options={"SKIP_SAVE"},
    )  # fmt: skip
    brush: IntProperty(
        name="Radius", description="Of the brush. Also with F, [ and ]", subtype="PIXEL",
        min=2, max=400, default=40, options={"SKIP_SAVE"},
    )  # fmt: skip
    reach: FloatProperty(
        name="Depth Limit",
        description="How far the brush reaches behind the surface, in parts of its radius: "
        "to the fainter of its two circles",
        min=0.05, max=4, default=1, options={"SKIP_SAVE"},
    )  # fmt: skip
    text: StringProperty(
        name="Text", description="Words for the object to find", options={"SKIP_SAVE"}
    )


class LudvigFix(bpy.types.PropertyGroup):
    """A remedy, `ludvig_engine.errors.Fix`."""

    text: StringProperty(options={"SKIP_SAVE"})
    action: StringProperty(options={"SKIP_SAVE"})
    arguments: StringProperty(options={"SKIP_SAVE"}, description="As JSON")


class LudvigMessage(bpy.types.PropertyGroup):
    """What the panel shows at the moment: an error and its remedies."""

    text: StringProperty(options={"SKIP_SAVE"})
    fixes: CollectionProperty(type=LudvigFix, options={"SKIP_SAVE"})


CLASSES = (LudvigSegment, LudvigSplats, LudvigScene, LudvigTools, LudvigFix, LudvigMessage)
# Which of Blender's types get a property, and its name.
STORED: tuple[Place, ...] = (
    (bpy.types.Object, "ludvig", LudvigSplats),
    (bpy.types.Scene, "ludvig", LudvigScene),
)
NOT_STORED: tuple[Place, ...] = (
    (bpy.types.WindowManager, "ludvig", LudvigMessage),
    (bpy.types.WindowManager, "ludvig_tools", LudvigTools),
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    for owner, name, group in STORED:
        setattr(owner, name, PointerProperty(type=group))
    for owner, name, group in NOT_STORED:
        setattr(owner, name, PointerProperty(type=group, options={"SKIP_SAVE"}))


def unregister() -> None:
    for owner, name, _ in (*STORED, *NOT_STORED):
        delattr(owner, name)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
