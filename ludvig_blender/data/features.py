"""Which features segments are found with: chosen per object, stored in the .blend.

Also what is known of features that were computed. The engine keeps those on disk, and reads them
again at the first prompt after a file was opened, so that nobody has to compute them twice. Until
then they are only said to be there; if they are gone, the first prompt computes them and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import bpy
from bpy.app.handlers import persistent
from bpy.props import BoolProperty, PointerProperty, StringProperty

from ..translation.say import say

if TYPE_CHECKING:
    from . import types

LOST = (
    "The features of this file were no longer in the engine's cache, or the splats have changed, "
    "so they were computed again."
)


@dataclass(frozen=True)
class Ready:
    """Features that the engine has computed."""

    extractor: str
    title: str  # the name for people
    # Seconds; 0: they were in the cache. None: the file that was opened says that they are.
    seconds: float | None
    notes: tuple[str, ...]  # what the user should know about them

    @property
    def cost(self) -> str:
        """How they came to be there, in a word or two."""
        if self.seconds is None:
            return say("kept")
        return say("cached") if self.seconds == 0 else f"{self.seconds:.0f} s"


# By the object's session uid. Not a property of the object while Blender runs, because undo would
# take it back, but not the features.
ready: dict[int, Ready] = {}


def known(thing: types.SplatObject) -> Ready | None:
    """The computed features of an object, if they are of the extractor that is chosen now."""
    found = ready.get(thing.session_uid)
    return found if found and found.extractor == thing.ludvig_features.extractor else None


def computed(
    thing: types.SplatObject, extractor: str, title: str, seconds: float, notes: tuple[str, ...]
) -> None:
    """Note what the engine has said of an object's features."""
    lost = _lost(thing, extractor, seconds)
    ready[thing.session_uid] = Ready(extractor, title, seconds, (*lost, *notes))


def used(thing: types.SplatObject, extractor: str, title: str, seconds: float) -> None:
    """Note that an answer needed the features, and how long it took to compute them; 0: not at all.

    What `computed` has noted stays.
    """
    old = ready.get(thing.session_uid)
    same = old is not None and old.extractor == extractor
    if old is None or not same or old.seconds is None or seconds:
        lost = _lost(thing, extractor, seconds)
        notes = old.notes if old is not None and same else ()
        ready[thing.session_uid] = Ready(extractor, title, seconds, (*lost, *notes))


def _lost(thing: types.SplatObject, extractor: str, seconds: float) -> tuple[str, ...]:
    old = ready.get(thing.session_uid)
    expected = old is not None and old.extractor == extractor and old.seconds is None
    return (LOST,) if expected and seconds else ()


class LudvigFeatures(bpy.types.PropertyGroup):
    """What an object's segments are found with: the extractor of features, and the SAM."""

    extractor: StringProperty(
        name="Features",
        description="The engine's name for the extractor whose features tell splats apart",
        default="auto",
    )
    sam: BoolProperty(
        name="Outline by SAM",
        description="Clicks and boxes go through SAM, which draws the outline in the picture: "
        "of a part, of the object and of the whole. What is clicked on is in or out as you say",
    )
    sam_model: StringProperty(
        name="SAM Model", description="The engine's name for the SAM to use", default="sam2"
    )
    computed: StringProperty(
        description="The extractor whose features were there when the file was saved"
    )
    title: StringProperty(description="Its name for people")
    notes: StringProperty(description="The engine's notes on these features, one per line")


@persistent
def _before_saving(*_: object) -> None:
    for thing in _objects():
        own, found = thing.ludvig_features, ready.get(thing.session_uid)
        own.computed, own.title = (found.extractor, found.title) if found else ("", "")
        own.notes = "\n".join(note for note in found.notes if note != LOST) if found else ""


@persistent
def _after_loading(*_: object) -> None:
    ready.clear()
    for thing in _objects():
        own = thing.ludvig_features
        if own.computed:
            notes = tuple(own.notes.splitlines())
            ready[thing.session_uid] = Ready(own.computed, own.title, None, notes)


def _objects() -> list[types.SplatObject]:
    from . import splats

    if not bpy.data.pointclouds:  # and no NumPy is loaded
        return []
    found = [thing for thing in bpy.data.objects if splats.is_splats(thing) and thing.is_editable]
    return cast("list[types.SplatObject]", found)


PLACE = (bpy.types.Object, "ludvig_features")  # the property that every object gets
HANDLERS = {"save_pre": _before_saving, "load_post": _after_loading}


def register() -> None:
    bpy.utils.register_class(LudvigFeatures)
    setattr(*PLACE, PointerProperty(type=LudvigFeatures))
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    for name, handler in HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
    ready.clear()
    delattr(*PLACE)
    bpy.utils.unregister_class(LudvigFeatures)
