"""Operators that say what a segment is: by a click, a line, a box or words; in scripts by their parameters.

    bpy.ops.ludvig.click(camera="Camera", pixels="640 360")        pixels of the camera's render, from the upper left

In the 3D viewport the tools call them with what was drawn there (gesture.py).
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, StringProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..engine import link
from ..maths import kinds
from . import polls

MODES = (
    ("SET", "Set", "Forget what was said before: this is it"),
    ("ADD", "Add", "This belongs to it as well (Shift)"),
    ("REMOVE", "Remove", "This is not part of it (Ctrl)"),
)
DEPTHS = (
    ("TOOL", "As the Tool", "What is chosen in the tool's settings"),
    ("SURFACE", "Surface", "Only what is seen"),
    ("THROUGH", "Through", "Also what lies behind it"),
)


class Prompting:
    """What the operators share: which segment they are about, and how they add to what was said before."""

    bl_options = {"REGISTER"}  # noqa: RUF012 - the step of undo comes with the answer

    mode: EnumProperty(name="Mode", items=MODES, options={"SKIP_SAVE"})
    segment: StringProperty(
        name="Segment", description="Name of the segment; empty: the active one, made if there is none",
        options={"SKIP_SAVE"},
    )  # fmt: skip

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def say(
        self, context: Any, kind: str, *, text: str = "", through: bool = False, where: Any = None
    ) -> set[str]:
        """Add a prompt, with (viewport, pixels, radius) if it is in a view, and find the segment."""
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
    """What was drawn in a view: places in pixels of a region of the 3D viewport, or of what a camera renders."""

    pixels: StringProperty(
        name="Pixels", description='"x y x y ..." from the upper left', options={"SKIP_SAVE"}
    )
    camera: StringProperty(
        name="Camera",
        description="Name of the camera object; empty: the scene's",
        options={"SKIP_SAVE"},
    )
    depth: EnumProperty(name="Depth", items=DEPTHS, options={"SKIP_SAVE"})
    radius: FloatProperty(options={"HIDDEN", "SKIP_SAVE"})

    kind = ""

    def invoke(self, context: Any, event: Any) -> set[str]:
        if context.region_data is None:
            return self.execute(context)
        from .gesture import begin

        return begin(self, context, event)

    def modal(self, context: Any, event: Any) -> set[str]:
        from .gesture import go_on

        return go_on(self, context, event)

    def execute(self, context: Any) -> set[str]:
        from ..viewport import picture

        camera = bpy.data.objects.get(self.camera) if self.camera else context.scene.camera
        try:
            if camera is None or camera.type != "CAMERA":
                raise EngineError(
                    "bad_input",
                    f'There is no camera "{self.camera}".',
                    ["Give the name of a camera."],
                )
            return self.drawn(
                context,
                picture.camera_lens(camera, context.scene, context.evaluated_depsgraph_get()),
            )
        except EngineError as error:
            return messages.fail(self, error)

    def drawn(self, context: Any, lens: Any) -> set[str]:
        """Say what was drawn in this view."""
        from ..data import splats
        from ..maths import pinhole, strokes

        thing = splats.splat_objects(context)[0]
        world = thing.matrix_world
        pixels = strokes.inside(self.kind, strokes.read(self.pixels), lens)
        viewport = pinhole.viewport(lens, world, strokes.center(thing))
        if pinhole.mirrored(world):
            pixels[:, 0] = lens.width - 1 - pixels[:, 0]
        depth = context.window_manager.ludvig_tools.depth if self.depth == "TOOL" else self.depth
        return self.say(
            context, self.kind, through=depth == "THROUGH", where=(viewport, pixels, self.radius)
        )


def drawing(kind: kinds.Drawn) -> Any:
    """The operator that makes prompts of a kind by what is drawn."""
    members: dict[str, Any] = {
        "bl_idname": f"ludvig.{kind.wire}",
        "bl_label": kind.action,
        "bl_description": kind.tip,
        "kind": kind.id,
        "__module__": __name__,
    }
    if kind.wide:
        radius = FloatProperty(
            name="Radius",
            description="Half the line's width in pixels",
            min=0.5,
            default=8,
            options={"SKIP_SAVE"},
        )
        members["__annotations__"] = {"radius": radius}
    return type(kind.label, (Drawn, bpy.types.Operator), members)


class Text(Prompting, bpy.types.Operator):
    """Find what the words say"""

    bl_idname = "ludvig.text"
    bl_label = "Find by Text"

    text: StringProperty(
        name="Text", description="Words for the object: the flower pot", options={"SKIP_SAVE"}
    )

    def execute(self, context: Any) -> set[str]:
        words = " ".join((self.text or context.window_manager.ludvig_tools.text).split())
        if not words:
            error = EngineError(
                "bad_input", "There is no text to look for.", ["Type what you want to find."]
            )
            return messages.fail(self, error)
        return self.say(context, kinds.Text.id, text=words)


class ChangePrompt(bpy.types.Operator):
    """Turn what was said around, and find the segment from it"""

    bl_idname = "ludvig.prompt_change"
    bl_label = "Change Prompt"
    bl_options = {"REGISTER"}  # noqa: RUF012

    index: IntProperty(description="Which", options={"SKIP_SAVE"})
    what: EnumProperty(
        name="What",
        items=(
            (
                "POSITIVE",
                "Belongs to It",
                "Whether this shows the object, or what is not part of it",
            ),
            ("THROUGH", "Through", "Whether this also means what lies behind the visible surface"),
        ),
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        return properties.bl_rna.properties["what"].enum_items[properties.what].description

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ..data import segments, splats
        from ..engine import solve

        thing = splats.splat_objects(context)[0]
        segment = segments.active(thing)
        if not 0 <= self.index < len(segment.prompts):
            return _no_prompt(self, segment)
        prompt, what = segment.prompts[self.index], self.what.lower()
        setattr(prompt, what, not getattr(prompt, what))
        return link.finish(self, solve.start(thing, segment))


class RemovePrompt(bpy.types.Operator):
    """Take back what was said, and find the segment from what remains"""

    bl_idname = "ludvig.prompt_remove"
    bl_label = "Remove Prompt"
    bl_options = {"REGISTER"}  # noqa: RUF012

    index: IntProperty(default=-1, description="Which; -1: all of them", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ..data import segments, splats
        from ..engine import commit, solve

        thing = splats.splat_objects(context)[0]
        segment = segments.active(thing)
        if not -1 <= self.index < len(segment.prompts):
            return _no_prompt(self, segment)
        if self.index >= 0:
            segment.prompts.remove(self.index)
        else:
            segment.prompts.clear()
        if segment.prompts:
            return link.finish(self, solve.start(thing, segment))
        commit.run(lambda: segments.empty(thing, segment))
        return {"FINISHED"}


def _no_prompt(operator: Any, segment: Any) -> set[str]:
    error = EngineError(
        "bad_input", f"There is no prompt {operator.index}: there are {len(segment.prompts)}."
    )
    return messages.fail(operator, error)


class Solve(bpy.types.Operator):
    """Find the segment again from its prompts, such as with other features"""

    bl_idname = "ludvig.solve"
    bl_label = "Find Again"
    bl_options = {"REGISTER"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.prompts(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ..data import segments, splats
        from ..engine import solve

        thing = splats.splat_objects(context)[0]
        return link.finish(self, solve.start(thing, segments.active(thing)))


CLASSES = (*map(drawing, kinds.drawn()), Text, ChangePrompt, RemovePrompt, Solve)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
