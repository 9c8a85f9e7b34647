"""Why an operator is not available, in words: Blender shows them on the disabled button."""

from __future__ import annotations

from typing import Any


def splats(cls: Any, context: Any) -> bool:
    """There is a splat object to work on, and its data can be written."""
    from ..data import splats

    found = splats.splat_objects(context)
    if not found:
        cls.poll_message_set("Select a splat object, or import a splat file first")
        return False
    if found[0].data.library or found[0].library:
        cls.poll_message_set("The splats are linked from another file: make them local first")
        return False
    return True


def object_mode(cls: Any, context: Any) -> bool:
    """Blender is in Object Mode."""
    if context.mode != "OBJECT":
        cls.poll_message_set("Only in Object Mode: press Tab in the viewport")
        return False
    return True


def selection(cls: Any, context: Any) -> bool:
    """Some splats are selected."""
    if not splats(cls, context):
        return False
    from ..data import counts
    from ..data.splats import splat_objects

    if not counts.selected(splat_objects(context)[0]):
        cls.poll_message_set(
            "No splat is selected: click on something with a tool of LUDVIG, or select in Edit Mode"
        )
        return False
    return True


def segment(cls: Any, context: Any) -> bool:
    """A segment is chosen in the list."""
    if not splats(cls, context):
        return False
    from ..data.splats import splat_objects

    own = splat_objects(context)[0].ludvig
    if not 0 <= own.active_segment < len(own.segments):
        cls.poll_message_set("There is no segment: click on something, or add one with +")
        return False
    return True


def found(cls: Any, context: Any) -> bool:
    """The segment chosen in the list has scores."""
    if not segment(cls, context):
        return False
    from ..data.splats import splat_objects

    thing = splat_objects(context)[0]
    chosen = thing.ludvig.segments[thing.ludvig.active_segment]
    if chosen.attribute not in thing.data.attributes:
        cls.poll_message_set(
            "The segment is empty: click on something, or assign the selection to it"
        )
        return False
    return True


def prompts(cls: Any, context: Any) -> bool:
    """The segment chosen in the list has prompts."""
    if not (segment(cls, context) and object_mode(cls, context)):
        return False
    from ..data.splats import splat_objects

    own = splat_objects(context)[0].ludvig
    if not own.segments[own.active_segment].prompts:
        cls.poll_message_set(
            "Nothing was said about this segment: click on it with a tool of LUDVIG"
        )
        return False
    return True


def has_splats(cls: Any, context: Any) -> bool:
    """For `poll`: there is a splat object, in Object Mode."""
    if context.mode != "OBJECT":
        cls.poll_message_set("Leave Edit Mode first (Tab)")
        return False
    if not target(context):
        cls.poll_message_set("Import splats first, or select a splat object")
        return False
    return True


def has_cameras(cls: Any, context: Any) -> bool:
    """For `poll`: it is known where the cameras of the splats are."""
    if not has_splats(cls, context):
        return False
    if not target(context).ludvig_capture.views:
        cls.poll_message_set(
            "Say under Scene where the photos' cameras are: a COLMAP folder or transforms.json"
        )
        return False
    return True


def target(context: Any) -> Any:
    """The splat object that is meant: the selected one, or the one whose camera is active; None without."""
    from ..data import photo_cameras, splats

    found = splats.splat_objects(context)
    return found[0] if found else photo_cameras.owner(context.object)
