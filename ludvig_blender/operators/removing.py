"""Clean Removal: the selected object goes, with its rim and its traces, and no hole stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages
from ..engine import commit, link
from . import polls

if TYPE_CHECKING:
    from ...ludvig_engine.wire.methods import Cloud, ObjectRemoved, RemoveObject
    from ..data.types import Outcome, SplatObject

NAME = "Filled"


class CleanRemoval(bpy.types.Operator):
    """Delete the selected splats so that nothing of the object is left."""

    # Tooltips have their own line breaks, so a docstring with breaks would not do.
    bl_description = (
        "Delete the selected splats so that nothing of the object is left. Its rim and its traces "
        "go too, and the surfaces behind it are continued with new splats. Hidden splats stay as "
        "they are"
    )
    bl_idname = "ludvig.clean_removal"
    bl_label = "Clean Removal"
    # The undo step is made when the answer of the engine arrives.
    bl_options = {"REGISTER"}  # noqa: RUF012

    boundary: BoolProperty(
        name="Cut Along the Border",
        description="Cut splats that reach across the object's border in two, so that no rim of "
        "the object stays",
        default=True,
    )
    residue: BoolProperty(
        name="Remove Traces",
        description="Also delete splats outside of the selection that only draw the object, such "
        "as its inside and the haze at its edge",
        default=True,
    )
    fill: BoolProperty(
        name="Fill the Hole",
        description="Continue the surfaces behind the object with new splats, where no photo has "
        "seen them. They become a segment",
        default=True,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.selection(cls, context) and polls.object_mode(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Outcome:
        return context.window_manager.invoke_props_dialog(self, confirm_text="Remove")

    def execute(self, context: bpy.types.Context) -> Outcome:
        import numpy as np

        from ...ludvig_engine.wire.methods import RemoveObject
        from ..data import splats
        from ..engine import subject

        # The operator is gone when the answer arrives.
        thing, step = splats.splat_objects(context)[0], self.bl_label
        chosen = splats.selection(thing.data)
        options = {"boundary": self.boundary, "residue": self.residue, "fill": self.fill}

        def request(thing: SplatObject) -> RemoveObject:
            if not np.array_equal(chosen, splats.selection(thing.data)):
                message = "The selection has changed in the meantime, so nothing was removed."
                raise EngineError("changed", message, ["Try again."])
            return RemoveObject("", chosen, **options)

        def done(thing: SplatObject, answer: ObjectRemoved) -> None:
            messages.clear()
            commit.run(step, lambda: _write(thing, answer))

        task = subject.of(thing).ask(
            request,
            done=done,
            replaces=f"remove {thing.session_uid}",
            label="Removing the object",
        )
        return link.finish(self, task)


def _write(thing: SplatObject, answer: ObjectRemoved) -> None:
    import numpy as np

    from ...ludvig_engine.scene import Gaussians
    from ..data import attributes, frame, replacing, segments, splats

    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")

    def own(made: Cloud) -> Gaussians:
        return Gaussians(**{**vars(made), "means": made.means - frame.origin(thing)})

    cloud, shown = thing.data, ~segments.hidden(thing)
    cut = answer.cut & shown
    if cut.any():
        parts = own(answer.parts).take(shown[answer.cut])
        whole = splats.read(cloud)
        for field in vars(parts):
            getattr(whole, field)[cut] = getattr(parts, field)
        splats.write(cloud, whole)
    gone, filled = answer.removed & shown, own(answer.filled)
    replacing.replace(thing, ~gone, filled)
    active, note = segments.active(thing), " ".join(answer.notes)
    if len(filled):
        before = thing.ludvig.active_segment if active is not None else -1
        scores = np.arange(attributes.count(thing.data)) >= len(gone) - gone.sum()
        made = segments.add(thing, NAME)
        made.note = note
        segments.write(thing, made, scores.astype(np.float32), 0.5)
        # The next click must not find this segment anew, nor its tint hide how the place looks.
        thing.ludvig.active_segment = before
        splats.set_selection(thing.data, scores & False)
        segments.changed(thing)
    elif active is not None:
        active.note = note
    elif note:
        messages.show(EngineError("note", note, []))


register, unregister = bpy.utils.register_classes_factory((CleanRemoval,))
