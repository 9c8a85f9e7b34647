"""Operators that add prompts to a segment, change them and remove them.

In the 3D viewport the tools call them with what was drawn there (gesture.py). Scripts give places
in pixels of a camera's render, from the upper left:

    bpy.ops.ludvig.click(camera="Camera", pixels="640 360")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages, properties
from ..engine import link
from ..maths import kinds
from . import polls

if TYPE_CHECKING:
    import numpy as np

    from ...ludvig_engine.wire.methods import Viewport
    from ..data.types import Outcome, Segment
    from ..maths.lens import Lens

NO_CAMERA = "The scene has no camera."
MODES = (
    ("SET", "Set", "Remove all other prompts of the segment"),
    ("ADD", "Add", "This belongs to the object too (Shift)"),
    ("REMOVE", "Remove", "This is not part of the object (Ctrl)"),
)
DEPTHS = (
    ("TOOL", "As the Tool", "As chosen in the tool's settings"),
    ("SURFACE", "Surface", "Only the visible surface"),
    ("THROUGH", "Through", "Also what lies behind the visible surface"),
)


class Prompting(polls.Mixin):
    """What the operators share: the segment, and how the new prompt combines with earlier ones."""

    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    mode: EnumProperty(name="Mode", items=MODES, options={"SKIP_SAVE"})
    segment: StringProperty(
        name="Segment",
        description="Name of the segment, which is added if needed. If empty, the active segment",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def say(
        self,
        context: bpy.types.Context,
        kind: str,
        *,
        text: str = "",
        through: bool = False,
        where: tuple[Viewport, np.ndarray, float] | None = None,
    ) -> Outcome:
        """Add a prompt and find the segment. `where`: viewport, pixels, radius; None for words."""
        from ..data import prompts, segments, sights, splats
        from ..engine import solve

        thing = splats.splat_objects(context)[0]
        segment = (
            thing.ludvig.segments.get(self.segment) if self.segment else segments.active(thing)
        )
        if segment is None:
            segment = segments.add(thing, self.segment or text or "Segment")
        elif self.mode == "SET":
            segment.prompts.clear()
        prompt = prompts.add(
            segment, kind, positive=self.mode != "REMOVE", through=through, text=text
        )
        if where:
            prompts.place(prompt, *where)
            sights.note(thing, prompt)
        return link.finish(self, solve.start(thing, segment))


class Drawn(Prompting):
    """Prompts that are drawn in a view: a region of the 3D viewport, or the render of a camera."""

    pixels: StringProperty(
        name="Pixels", description='Places "x y x y ..." from the upper left', options={"SKIP_SAVE"}
    )
    camera: StringProperty(
        name="Camera",
        description="Name of the camera object. If empty, the scene's camera",
        options={"SKIP_SAVE"},
    )
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
        from ..viewport import picture

        camera = bpy.data.objects.get(self.camera) if self.camera else context.scene.camera
        try:
            if camera is None or camera.type != "CAMERA":
                what = f'There is no camera "{self.camera}".' if self.camera else NO_CAMERA
                raise EngineError("bad_input", what, ["Give the name of a camera."])
            depsgraph = context.evaluated_depsgraph_get()
            assert context.scene is not None
            return self.drawn(context, picture.camera_lens(camera, context.scene, depsgraph))
        except EngineError as error:
            return messages.fail(self, error)

    def drawn(self, context: bpy.types.Context, lens: Lens) -> Outcome:
        """Make a prompt of the places that were drawn in this view."""
        import numpy as np

        from ..data import splats
        from ..maths import pinhole, strokes

        thing = splats.splat_objects(context)[0]
        world = np.array(thing.matrix_world, np.float64)
        pixels = strokes.inside(self.kind, strokes.read(self.pixels), lens)
        viewport = pinhole.viewport(lens, world, strokes.center(thing))
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


class Text(Prompting, bpy.types.Operator):
    """Find the object that the words describe"""

    bl_idname = "ludvig.text"
    bl_label = "Find by Text"

    text: StringProperty(
        name="Text",
        description="Words that describe the object, such as: the flower pot",
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> Outcome:
        words = " ".join((self.text or properties.tools(context).text).split())
        if not words:
            fixes = ["Type what you want to find."]
            return messages.fail(self, EngineError("bad_input", "There are no words.", fixes))
        return self.say(context, kinds.Text.id, text=words)


class ChangePrompt(bpy.types.Operator):
    """Flip a setting of a prompt, and find the segment again"""

    bl_idname = "ludvig.prompt_change"
    bl_label = "Change Prompt"
    bl_options = {"REGISTER"}  # noqa: RUF012

    index: IntProperty(description="Number of the prompt, from 0", options={"SKIP_SAVE"})
    what: EnumProperty(
        name="What",
        items=(
            ("POSITIVE", "Positive", "Flip this prompt: part of the object (+), or not (-)"),
            (
                "THROUGH",
                "Through",
                "Flip whether this prompt also means what lies behind the surface",
            ),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(
        cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        # Any, because the stubs do not know our own properties.
        chosen: Any = properties
        return chosen.bl_rna.properties["what"].enum_items[chosen.what].description

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats
        from ..engine import solve

        thing = splats.splat_objects(context)[0]
        segment = segments.active(thing)
        assert segment is not None  # as `poll` has checked
        if not 0 <= self.index < len(segment.prompts):
            return _no_prompt(self, self.index, segment)
        prompt, what = segment.prompts[self.index], self.what.lower()
        setattr(prompt, what, not getattr(prompt, what))
        return link.finish(self, solve.start(thing, segment))


class RemovePrompt(bpy.types.Operator):
    """Remove a prompt, and find the segment from the others"""

    bl_idname = "ludvig.prompt_remove"
    bl_label = "Remove Prompt"
    bl_options = {"REGISTER"}  # noqa: RUF012

    index: IntProperty(
        default=-1, description="Number of the prompt, from 0; -1 means all", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats
        from ..engine import commit, solve

        thing = splats.splat_objects(context)[0]
        segment = segments.active(thing)
        assert segment is not None  # as `poll` has checked
        if not -1 <= self.index < len(segment.prompts):
            return _no_prompt(self, self.index, segment)
        if self.index >= 0:
            segment.prompts.remove(self.index)
        else:
            segment.prompts.clear()
        if segment.prompts:
            return link.finish(self, solve.start(thing, segment))
        commit.run(lambda: segments.empty(thing, segment))
        return {"FINISHED"}


def _no_prompt(operator: bpy.types.Operator, index: int, segment: Segment) -> Outcome:
    what = f"There is no prompt {index}: the segment has {len(segment.prompts)}, counted from 0."
    return messages.fail(operator, EngineError("bad_input", what))


class Solve(bpy.types.Operator):
    """Find the segment again from its prompts, for example with other features"""

    bl_idname = "ludvig.solve"
    bl_label = "Find Again"
    bl_options = {"REGISTER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import segments, splats
        from ..engine import solve

        thing = splats.splat_objects(context)[0]
        segment = segments.active(thing)
        assert segment is not None  # as `poll` has checked
        return link.finish(self, solve.start(thing, segment))


CLASSES = (*map(drawing, kinds.drawn()), Text, ChangePrompt, RemovePrompt, Solve)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
