"""The operator that recolors the selected splats.

Shading and highlights stay, because all harmonics are changed alike (maths/recolor.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty

from . import polls

if TYPE_CHECKING:
    from ..data.types import Outcome


class RecolorSplats(bpy.types.Operator):
    """Change the colors of the selected splats"""

    bl_idname = "ludvig.recolor"
    bl_label = "Recolor"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    method: EnumProperty(
        name="Method",
        items=(
            ("TINT", "Tint", "Shades of one color: white becomes that color, black stays black"),
            ("HSV", "Hue, Saturation, Value", "Shift the hue, scale the saturation and the value"),
            ("REPLACE", "Replace", "One color, seen from every direction"),
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
        description="Shift of the hue; 1 is once around the color circle",
        soft_min=-0.5,
        soft_max=0.5,
        default=0.0,
    )
    saturation: FloatProperty(name="Saturation", min=0, soft_max=2, default=1.0)
    value: FloatProperty(name="Value", min=0, soft_max=2, default=1.0)
    strength: FloatProperty(
        name="Strength",
        description="0 leaves the colors as they are",
        subtype="FACTOR",
        min=0,
        max=1,
        default=1.0,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.selection(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> Outcome:
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

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "method")
        for name in ("hue", "saturation", "value") if self.method == "HSV" else ("color",):
            layout.prop(self, name)
        layout.prop(self, "strength")


register, unregister = bpy.utils.register_classes_factory((RecolorSplats,))
