"""Labels that wrap, because Blender cuts long labels off; numbers and sizes as text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

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
    """Draw a label, wrapped to the width of this region."""
    scale = context.preferences.system.ui_scale
    width = context.region.width if context.region else 400
    column = layout.column(align=True)
    column.scale_y = 0.85
    for line in textwrap.wrap(text, max(int((width / scale - MARGIN) / LETTER), 16)):
        column.label(text=line, icon=icon)
        icon = "BLANK1"


def duration(seconds: float) -> str:
    """The remaining time as text: "40 s left", "2 min left"."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s left"
    return f"{round(seconds / 60)} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"


def number(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 photo", "1,204 photos"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size(count: float) -> str:
    """A number of bytes as text: "850 MB", "1.2 GB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def rendered(cameras: int, splats: int) -> str:
    """Where splats without photos are rendered from, and how long that takes, in a sentence.

    `cameras` is the number of Blender's cameras that were taken; 0: views are planned.
    """
    minutes = max(
        round((cameras or MOST_PLANNED) * (VIEW_SECONDS + splats * SPLAT_SECONDS) / 60), 1
    )
    where = (
        f"at {number(cameras, 'camera')} of the scene"
        if cameras
        else f"at {LEAST_PLANNED} to {MOST_PLANNED} views that show it from all sides"
    )
    return f"No photos needed: Compute renders the splats {where}, up to about {minutes} min."
