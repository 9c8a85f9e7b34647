"""Which features segments are found with: chosen per object, stored in the .blend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
from bpy.props import PointerProperty, StringProperty

if TYPE_CHECKING:
    from . import types


@dataclass(frozen=True)
class Ready:
    """Features that the engine has computed."""

    extractor: str
    summary: str  # a description for people
    notes: tuple[str, ...]  # what the user should know about them


# By the object's session uid. Not a property of the object, because undo would take it back, but
# not the features.
ready: dict[int, Ready] = {}


def known(thing: types.SplatObject) -> Ready | None:
    """The computed features of an object, if they are of the extractor that is chosen now."""
    found = ready.get(thing.session_uid)
    return found if found and found.extractor == thing.ludvig_features.extractor else None


class LudvigFeatures(bpy.types.PropertyGroup):
    """The extractor whose features an object's segments are found with."""

    extractor: StringProperty(
        name="Features",
        description="The engine's name for the extractor whose features tell splats apart",
        default="auto",
    )


PLACE = (bpy.types.Object, "ludvig_features")  # the property that every object gets


def register() -> None:
    bpy.utils.register_class(LudvigFeatures)
    setattr(*PLACE, PointerProperty(type=LudvigFeatures))


def unregister() -> None:
    ready.clear()
    delattr(*PLACE)
    bpy.utils.unregister_class(LudvigFeatures)
