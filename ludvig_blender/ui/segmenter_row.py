"""The row of the panel "Find" that says whether clicks and boxes go through a SAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..translation.say import say

if TYPE_CHECKING:
    import bpy

    from ..data.types import SplatObject


def draw(layout: bpy.types.UILayout, thing: SplatObject, context: bpy.types.Context) -> None:
    """The switch and the model; of a model that is not ready, why not and what helps.

    Before the engine has listed its models, nothing is known to be missing.
    """
    from ..engine import catalog
    from ..operators import lines, segmenters

    own = thing.ludvig_features
    info = catalog.segmenter(own.sam_model)
    missing = info is not None and not info.ready
    row = layout.row(align=True)
    switch = row.row(align=True)
    # It can always be turned off.
    switch.enabled = own.sam or not missing
    switch.prop(own, "sam", toggle=True, icon="MOD_MASK")
    row.menu("LUDVIG_MT_sam", text=info.title if info else "SAM")
    if info is None or info.ready:
        return
    lines.draw(layout, info.needs, "INFO", context)
    if info.models:
        segmenters.draw_download(layout, info, say("Download {name}", name=info.title))
    else:
        layout.operator("ludvig.install_engine", text="Install Engine...", icon="IMPORT")
