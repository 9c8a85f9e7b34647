"""The panel "Select By" within "Selection": what splats measure, and the range to select."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .segment_panel import SelectionPanel
from .sidebar import Sidebar

if TYPE_CHECKING:
    from ..data.measured import Measured
    from ..data.types import Criteria

THIN = 0.22  # of a line: the height of a bar


class SelectByPanel(Sidebar, bpy.types.Panel):
    bl_idname = "LUDVIG_PT_select_by"
    bl_label = "Select By"
    bl_parent_id = SelectionPanel.bl_idname
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context: bpy.types.Context) -> None:
        from ..data import criteria, splats

        layout, thing = self.layout, splats.splat_objects(context)[0]
        own = thing.ludvig_criteria
        row = layout.row(align=True)
        row.prop(own, "what", text="")
        row.prop(own, "action", text="", expand=True, icon_only=True)
        if own.what == "COLOR":
            row = layout.row(align=True)
            row.prop(own, "color", text="")
            row.operator("ludvig.compare_with_segment", icon="EYEDROPPER", text="")
        if own.what == "SCORE":
            layout.prop(own, "attribute", text="", placeholder="The active segment")
        found = criteria.measured(thing)
        if found is None:
            known = "Press Compute in Features" if own.what == "VIEWS" else "There are no scores"
            layout.label(text=known, icon="INFO")
            return
        _histogram(layout, found, own)
        column = layout.column(align=True)
        for name, place, short in (("low", "left", "Min"), ("high", "right", "Max")):
            row = column.row(align=True)
            if not found.axis.logarithmic and (found.axis.low, found.axis.high) == (0, 1):
                row.prop(own, name, slider=True)
            else:
                row.prop(own, name, text=short)
                row.prop(own, place, text="", slider=True)
        shown = layout.operator("ludvig.select_by", text="Select")
        for name in ("what", "low", "high", "attribute", "color", "action"):
            setattr(shown, name, getattr(own, name))


def _histogram(layout: bpy.types.UILayout, found: Measured, own: Criteria) -> None:
    """A bar for each part of the axis, from its low end down; those outside the range are dim."""
    column = layout.column(align=True)
    column.scale_y = THIN
    most = max(found.counts.max(), 1)
    for part, count in enumerate(found.counts):
        row = column.row(align=True)
        first, last = (found.axis.value(n / len(found.counts)) for n in (part, part + 1))
        row.active = first <= own.high and last >= own.low
        # The root, because else a few kinds of splats that are frequent hide all others.
        row.progress(factor=(count / most) ** 0.5, text="")


register, unregister = bpy.utils.register_classes_factory((SelectByPanel,))
