"""The row of the panel "Find" that says whether clicks and boxes go through a SAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..translation.say import say

if TYPE_CHECKING:
    import bpy

    from ..data.types import SplatObject


def draw(layout: bpy.types.UILayout, thing: SplatObject, context: bpy.types.Context) -> None:
    """The switch and the model; while it is on, what the model lacks and what helps.

    Before the engine has listed its models, nothing is known to be missing.
    """
    from ..engine import catalog
    from ..operators import lines, segmenters

    own = thing.ludvig_features
    info = catalog.segmenter(own.sam_model)
    row = layout.row(align=True)
    row.prop(own, "sam", toggle=True, icon="MOD_MASK")
    row.menu("LUDVIG_MT_sam", text=info.title if info else "SAM")
    if info is None or info.ready or not own.sam:
        return
    lines.draw(layout, info.needs, "INFO", context)
    if info.models:
        segmenters.draw_download(layout, info, say("Download {name}", name=info.title))
    else:
        layout.operator("ludvig.install_engine", text="Install Engine...", icon="IMPORT")
