"""Labels that wrap, because Blender cuts long labels off; times and sizes as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..translation.say import say
from ..translation.wrapping import wrapped

if TYPE_CHECKING:
    import bpy
    from bpy.stub_internal.rna_enums import IconItems

LETTER = 6.6  # average pixels of a letter, at UI scale 1
# Views that the engine plans, at least and at most (planning/choose.py of the engine).
LEAST_PLANNED, MOST_PLANNED = 24, 64
# What a view takes to be rendered, looked at and lifted on two cores, with colors as features.
VIEW_SECONDS, SPLAT_SECONDS = 0.5, 1.5e-6
MARGIN = 70  # pixels for the box, icon and scroll bar


def draw(
    layout: bpy.types.UILayout, text: str, icon: IconItems, context: bpy.types.Context
) -> None:
    """Draw a label in the user's language, wrapped to the width of this region."""
    scale = context.preferences.system.ui_scale
    width = context.region.width if context.region else 400
    column = layout.column(align=True)
    column.scale_y = 0.85
    for line in wrapped(say(text), max(int((width / scale - MARGIN) / LETTER), 16)):
        column.label(text=line, icon=icon)
        icon = "BLANK1"


def duration(seconds: float) -> str:
    """The remaining time as text: "40 s left", "2 min left"."""
    if seconds < 60:
        return say("{count} s left", count=max(round(seconds), 1))
    if seconds < 5400:
        return say("{count} min left", count=round(seconds / 60))
    return say("{count:.1f} h left", count=seconds / 3600)


def size(count: float) -> str:
    """A number of bytes as text: "850 MB", "1.2 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def rendered(cameras: int, splats: int) -> str:
    """Where splats without photos are rendered from, and how long that takes, in a sentence.

    `cameras` is the number of Blender's cameras that were taken; 0: views are planned.
    """
    views = (cameras or MOST_PLANNED) * (VIEW_SECONDS + splats * SPLAT_SECONDS)
    minutes = max(round(views / 60), 1)
    if cameras:
        one = (
            "No photos needed: Compute renders the splats at {count:,} camera of the scene, up to "
            "about {minutes} min."
        )
        many = (
            "No photos needed: Compute renders the splats at {count:,} cameras of the scene, up to "
            "about {minutes} min."
        )
        return say(one if cameras == 1 else many, count=cameras, minutes=minutes)
    return say(
        "No photos needed: Compute renders the splats at {least} to {most} views that show it from "
        "all sides, up to about {minutes} min.",
        least=LEAST_PLANNED,
        most=MOST_PLANNED,
        minutes=minutes,
    )
