"""What operators check in `poll`. The tooltip of a disabled button shows the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from ..data.types import SplatObject

    Mixin = bpy.types.Operator
else:
    # Blender reads properties only of bases that do not derive from its own types. So a base that
    # operators share must not derive from Operator, although the type checker may think it does.
    Mixin = object


OFFLINE = "Blender may not go online: allow it in Preferences > System > Network"
NO_SPLATS = "Select a splat object, or import a splat file first"
INSTALLING = "install"  # the `kind` of the task that installs the engine


def met(cls: type[bpy.types.Operator], condition: bool, otherwise: str) -> bool:
    """`condition`. If it does not hold, the tooltip says `otherwise`."""
    if not condition:
        cls.poll_message_set(otherwise)
    return condition


def any_splats(cls: type[bpy.types.Operator]) -> bool:
    """Whether there are splats in the file at all."""
    return met(cls, bool(bpy.data.pointclouds), "There are no splats: import a splat file first")


def splats(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether there is a splat object whose data can be changed."""
    from ..data import splats

    found = splats.splat_objects(context)
    return met(cls, bool(found), NO_SPLATS) and met(
        cls,
        not (found[0].data.library or found[0].library),
        "The splats are linked from another file: make them local first",
    )


def object_mode(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether Blender is in Object Mode."""
    what = "This works in Object Mode only: press Tab in the viewport"
    return met(cls, context.mode == "OBJECT", what)


def selection(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether any splats are selected."""
    if not splats(cls, context):
        return False
    from ..data import counts
    from ..data.splats import splat_objects

    what = "No splat is selected: click on an object with a LUDVIG tool, or select in Edit Mode"
    return met(cls, counts.selected(splat_objects(context)[0]) > 0, what)


def segment(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether a segment is active."""
    if not splats(cls, context):
        return False
    from ..data.splats import splat_objects

    own = splat_objects(context)[0].ludvig
    what = "There is no segment: click on an object, or add one with +"
    return met(cls, 0 <= own.active_segment < len(own.segments), what)


def found(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active segment has scores."""
    if not segment(cls, context):
        return False
    from ..data.splats import splat_objects

    thing = splat_objects(context)[0]
    chosen = thing.ludvig.segments[thing.ludvig.active_segment]
    what = "The segment is empty: click on an object, or assign the selection to it"
    return met(cls, chosen.attribute in thing.data.attributes, what)


def prompts(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active segment has prompts, in Object Mode."""
    if not (segment(cls, context) and object_mode(cls, context)):
        return False
    from ..data.splats import splat_objects

    own = splat_objects(context)[0].ludvig
    what = "This segment has no prompts yet: click on it with a LUDVIG tool"
    return met(cls, len(own.segments[own.active_segment].prompts) > 0, what)


def splats_or_camera(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether there is a splat object or one of its cameras, in Object Mode."""
    return object_mode(cls, context) and met(cls, target(context) is not None, NO_SPLATS)


def has_cameras(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the file or folder of the photos' cameras is known."""
    if not splats_or_camera(cls, context):
        return False
    what = "Choose the photos' cameras in the Scene panel: a COLMAP folder or transforms.json"
    return met(cls, bool(chosen(context).ludvig_capture.views), what)


def chosen(context: bpy.types.Context) -> SplatObject:
    """The target of an operator or panel whose `poll` has checked that there is one."""
    thing = target(context)
    assert thing is not None
    return thing


def target(context: bpy.types.Context) -> SplatObject | None:
    """The selected splat object, else the one whose camera is active, else None."""
    from ..data import photo_cameras, splats

    found = splats.splat_objects(context)
    return found[0] if found else photo_cameras.owner(context.object)


def online(cls: type[bpy.types.Operator], otherwise: str = OFFLINE) -> bool:
    """Blender may go online. `otherwise` tells the user what to do."""
    return met(cls, bpy.app.online_access, otherwise)


def not_installing(cls: type[bpy.types.Operator]) -> bool:
    """The engine is not being installed at the moment."""
    from ..engine import pump

    busy = any(task.kind == INSTALLING for task in pump.every())
    return met(cls, not busy, "The engine is being installed")
