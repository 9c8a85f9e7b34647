"""Which features tell the splats of an object apart: chosen per object, stored in the .blend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
from bpy.props import PointerProperty, StringProperty


@dataclass(frozen=True)
class Ready:
    """Features that the engine has computed."""

    extractor: str
    summary: str  # what they are
    notes: tuple[str, ...]  # what the user should know of them


# By the object's session uid, and not in its properties: undo, which leaves the features alone, would take it back.
ready: dict[int, Ready] = {}


def known(thing: Any) -> Ready | None:
    """What is known of the features that are chosen for an object; None before they are computed."""
    found = ready.get(thing.session_uid)
    return found if found and found.extractor == thing.ludvig_features.extractor else None


class LudvigFeatures(bpy.types.PropertyGroup):
    """The extractor an object's segments are found with."""

    extractor: StringProperty(
        name="Features",
        description="What the splats are told apart by, as the engine calls it",
        default="auto",
    )


def register() -> None:
    bpy.utils.register_class(LudvigFeatures)
    bpy.types.Object.ludvig_features = PointerProperty(type=LudvigFeatures)


def unregister() -> None:
    ready.clear()
    del bpy.types.Object.ludvig_features
    bpy.utils.unregister_class(LudvigFeatures)
