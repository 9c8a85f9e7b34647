"""Labels that break: Blender's own are cut off."""

from __future__ import annotations

import textwrap
from typing import Any

LETTER = 6.6  # pixels, on average, at Blender's usual size
MARGIN = 70  # pixels beside the text: the box, the icon, the scroll bar


def draw(layout: Any, text: str, icon: str, context: Any) -> None:
    """A label of as many lines as it takes in this region."""
    scale = context.preferences.system.ui_scale
    width = context.region.width if context.region else 400
    column = layout.column(align=True)
    column.scale_y = 0.85
    for line in textwrap.wrap(text, max(int((width / scale - MARGIN) / LETTER), 16)):
        column.label(text=line, icon=icon)
        icon = "BLANK1"


def duration(seconds: float) -> str:
    """How long something will take: "40 s left", "2 min left"."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s left"
    return f"{round(seconds / 60)} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"


def number(count: int, one: str, many: str = "") -> str:
    """ "1 photo", "1,204 photos"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def size(count: float) -> str:
    """Bytes for people."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
