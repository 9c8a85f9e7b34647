"""Operators that make prompts of what is drawn in a view, one for each kind of drawn prompt.

In the 3D viewport the tools call them with what was drawn there (gesture.py). Scripts give places
in pixels of a camera's render, from the upper left:

    bpy.ops.ludvig.click(camera="Camera", pixels="640 360")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages, properties
from ..maths import kinds
from ..translation.say import say_report
from .prompting import Prompting

if TYPE_CHECKING:
    from ..data.types import Outcome
    from ..maths.lens import Lens

NO_CAMERA = "The scene has no camera."
DEPTHS = (
    ("TOOL", "As the Tool", "As chosen in the tool's settings"),
    ("SURFACE", "Surface", "Only the visible surface"),
    ("THROUGH", "Through", "Also what lies behind the visible surface"),
)


def lens_of(context: bpy.types.Context, name: str) -> Lens:
    """The render of a camera, or of the scene's without a name. Raises `EngineError`."""
    from ..viewport import picture

    assert context.scene is not None
    camera = bpy.data.objects.get(name) if name else context.scene.camera
    if camera is None or camera.type != "CAMERA":
        what = say_report('There is no camera "{name}".', name=name) if name else NO_CAMERA
        raise EngineError("bad_input", what, ["Give the name of a camera."])
    return picture.camera_lens(camera, context.scene, context.evaluated_depsgraph_get())


class Placed:
    """Places in the render of a camera, as scripts give them to an operator."""

    pixels: StringProperty(
        name="Pixels", description='Places "x y x y ..." from the upper left', options={"SKIP_SAVE"}
    )
    camera: StringProperty(
        name="Camera",
        description="Name of the camera object. If empty, the scene's camera",
        options={"SKIP_SAVE"},
    )


class Drawn(Placed, Prompting):
    """Prompts that are drawn in a view: a region of the 3D viewport, or the render of a camera."""

    depth: EnumProperty(name="Depth", items=DEPTHS, options={"SKIP_SAVE"})
    radius: FloatProperty(options={"HIDDEN", "SKIP_SAVE"})

    kind = ""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        if context.region_data is None:
            return self.execute(context)
        from .gesture import begin

        return begin(self, context, event)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        from .gesture import go_on

        return go_on(self, context, event)

    def execute(self, context: bpy.types.Context) -> Outcome:
        try:
            return self.drawn(context, lens_of(context, self.camera))
        except EngineError as error:
            return messages.fail(self, error)

    def drawn(self, context: bpy.types.Context, lens: Lens) -> Outcome:
        """Make a prompt of the places that were drawn in this view."""
        from ..data import frame, splats
        from ..maths import pinhole, strokes

        thing = splats.splat_objects(context)[0]
        world = frame.world(thing)
        pixels = strokes.inside(self.kind, strokes.read(self.pixels), lens)
        viewport = pinhole.viewport(lens, world, strokes.center(thing) + frame.origin(thing))
        if pinhole.mirrored(world):
            pixels[:, 0] = lens.width - 1 - pixels[:, 0]
        depth = properties.tools(context).depth if self.depth == "TOOL" else self.depth
        return self.say(
            context, self.kind, through=depth == "THROUGH", where=(viewport, pixels, self.radius)
        )


def drawing(kind: kinds.Drawn) -> type[Drawn]:
    """The operator that draws prompts of a kind."""
    members: dict[str, object] = {
        "bl_idname": f"ludvig.{kind.wire}",
        "bl_label": kind.action,
        "bl_description": kind.tip,
        "kind": kind.id,
        "__module__": __name__,
    }
    if kind.wide:
        radius = FloatProperty(
            name="Radius",
            description="Half the width of the line, in pixels",
            min=0.5,
            default=8,
            options={"SKIP_SAVE"},
        )
        members["__annotations__"] = {"radius": radius}
    return type(kind.label, (Drawn, bpy.types.Operator), members)


CLASSES = tuple(map(drawing, kinds.drawn()))


register, unregister = bpy.utils.register_classes_factory(CLASSES)
