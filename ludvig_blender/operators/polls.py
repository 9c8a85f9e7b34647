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
INSTALLING = "install"  # the `kind` of the task that installs the engine


def splats(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether there is a splat object whose data can be changed."""
    from ..data import splats

    found = splats.splat_objects(context)
    if not found:
        cls.poll_message_set("Select a splat object, or import a splat file first")
        return False
    if found[0].data.library or found[0].library:
        cls.poll_message_set("The splats are linked from another file: make them local first")
        return False
    return True


def object_mode(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether Blender is in Object Mode."""
    if context.mode != "OBJECT":
        cls.poll_message_set("This works in Object Mode only: press Tab in the viewport")
        return False
    return True


def selection(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether any splats are selected."""
    if not splats(cls, context):
        return False
    from ..data import counts
    from ..data.splats import splat_objects

    if not counts.selected(splat_objects(context)[0]):
        cls.poll_message_set(
            "No splat is selected: click on an object with a LUDVIG tool, or select in Edit Mode"
        )
        return False
    return True


def segment(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether a segment is active."""
    if not splats(cls, context):
        return False
    from ..data.splats import splat_objects

    own = splat_objects(context)[0].ludvig
    if not 0 <= own.active_segment < len(own.segments):
        cls.poll_message_set("There is no segment: click on an object, or add one with +")
        return False
    return True


def found(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active segment has scores."""
    if not segment(cls, context):
        return False
    from ..data.splats import splat_objects

    thing = splat_objects(context)[0]
    chosen = thing.ludvig.segments[thing.ludvig.active_segment]
    if chosen.attribute not in thing.data.attributes:
        cls.poll_message_set(
            "The segment is empty: click on an object, or assign the selection to it"
        )
        return False
    return True


def prompts(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active segment has prompts, in Object Mode."""
    if not (segment(cls, context) and object_mode(cls, context)):
        return False
    from ..data.splats import splat_objects

    own = splat_objects(context)[0].ludvig
    if not own.segments[own.active_segment].prompts:
        cls.poll_message_set("This segment has no prompts yet: click on it with a LUDVIG tool")
        return False
    return True


def splats_or_camera(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether there is a splat object or one of its cameras, in Object Mode."""
    if not object_mode(cls, context):
        return False
    if not target(context):
        cls.poll_message_set("Select a splat object, or import a splat file first")
        return False
    return True


def has_cameras(cls: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the file or folder of the photos' cameras is known."""
    if not splats_or_camera(cls, context):
        return False
    if not target(context).ludvig_capture.views:
        cls.poll_message_set(
            "Choose the photos' cameras in the Scene panel: a COLMAP folder or transforms.json"
        )
        return False
    return True


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
    if not bpy.app.online_access:
        cls.poll_message_set(otherwise)
        return False
    return True


def not_installing(cls: type[bpy.types.Operator]) -> bool:
    """The engine is not being installed at the moment."""
    from ..engine import pump

    if any(task.kind == INSTALLING for task in pump.every()):
        cls.poll_message_set("The engine is being installed")
        return False
    return True
