"""Give the selected splats other colors; shading and highlights stay, as all harmonics are changed (recolor.py)."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty

from . import polls


class RecolorSplats(bpy.types.Operator):
    """Change the colors of the selected splats"""

    bl_idname = "ludvig.recolor"
    bl_label = "Recolor"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    method: EnumProperty(
        name="Method",
        items=(
            ("TINT", "Tint", "Shades of one color: white becomes it, black stays black"),
            ("HSV", "Hue, Saturation, Value", "Turn the hue, scale saturation and value"),
            ("REPLACE", "Replace", "One color, from everywhere"),
        ),
    )
    color: FloatVectorProperty(
        name="Color",
        subtype="COLOR_GAMMA",
        min=0,
        max=1,
        default=(0.2, 0.5, 1.0),
        description="The new color",
    )
    hue: FloatProperty(
        name="Hue",
        description="Once around the color circle is 1",
        soft_min=-0.5,
        soft_max=0.5,
        default=0.0,
    )
    saturation: FloatProperty(name="Saturation", min=0, soft_max=2, default=1.0)
    value: FloatProperty(name="Value", min=0, soft_max=2, default=1.0)
    strength: FloatProperty(
        name="Strength", description="0: no change", subtype="FACTOR", min=0, max=1, default=1.0
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.selection(cls, context)

    def invoke(self, context: Any, _event: Any) -> set[str]:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: Any) -> set[str]:
        from ..data import changes, splats
        from ..maths import recolor

        thing = splats.splat_objects(context)[0]
        change = {
            "TINT": lambda: recolor.tint(self.color),
            "HSV": lambda: recolor.hue_saturation_value(self.hue, self.saturation, self.value),
            "REPLACE": lambda: recolor.replace(self.color),
        }[self.method]().mixed(self.strength)
        made = splats.read(thing.data)
        sh0, shN = recolor.apply(made.sh0, made.shN, change, splats.selection(thing.data))
        splats.write_colors(thing.data, sh0, shN, made.opacities)
        changes.tell(thing)
        return {"FINISHED"}

    def draw(self, _context: Any) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "method")
        for name in ("hue", "saturation", "value") if self.method == "HSV" else ("color",):
            layout.prop(self, name)
        layout.prop(self, "strength")


def register() -> None:
    bpy.utils.register_class(RecolorSplats)


def unregister() -> None:
    bpy.utils.unregister_class(RecolorSplats)
