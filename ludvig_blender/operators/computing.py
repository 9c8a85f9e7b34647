"""Which features an object is seen with: choose, compute, look at them."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import StringProperty

from ..engine import catalog
from . import polls

PREVIEW = "ludvig_features"  # the attribute with their three main directions as a color


class ChooseFeatures(bpy.types.Operator):
    """Tell splats apart by these features"""

    bl_idname = "ludvig.choose_features"
    bl_label = "Choose Features"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    extractor: StringProperty(description='As the engine calls it, such as "dinov2:small"')

    @classmethod
    def description(cls, _context: Any, properties: Any) -> str:
        info = next(
            (info for info in catalog.extractors() if info.spec == properties.extractor), None
        )
        if info is None:
            return "Tell splats apart by these features"
        return " ".join(
            filter(None, [info.needs, f"License: {info.licence}." if info.licence else ""])
        )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.has_splats(cls, context)

    def execute(self, context: Any) -> set[str]:
        polls.target(context).ludvig_features.extractor = self.extractor
        return {"FINISHED"}


class FeaturesMenu(bpy.types.Menu):
    bl_idname = "LUDVIG_MT_features"
    bl_label = "Features"

    def draw(self, context: Any) -> None:
        from ..engine import link
        from . import lines

        layout = self.layout
        if not catalog.extractors():
            if link.state() == "starting":
                layout.label(text="The engine is starting")
            else:
                layout.label(text="The engine knows which features there are")
                layout.operator("ludvig.restart_engine", text="Start Engine", icon="PLAY")
            return
        chosen = polls.target(context).ludvig_features.extractor
        for info in catalog.extractors():
            if info.ready:
                icon = "RADIOBUT_ON" if info.spec == chosen else "RADIOBUT_OFF"
                layout.operator(
                    "ludvig.choose_features", text=catalog.title(info.spec), icon=icon
                ).extractor = info.spec
        layout.separator()
        for info in catalog.extractors():
            if not info.ready:
                _draw_missing(layout.row(), info, lines.size(info.download))


def _draw_missing(row: Any, info: Any, size: str) -> None:
    """An extractor that is not ready: a button that fetches its missing models, or grayed out."""
    if not info.models:
        row.enabled = False
        choose = row.operator("ludvig.choose_features", text=catalog.title(info.spec), icon="X")
        choose.extractor = info.spec
        return
    fetch = row.operator(
        "ludvig.fetch_model", text=f"{catalog.title(info.spec)} ({size})", icon="IMPORT"
    )
    fetch.model = " ".join(info.models)
    fetch.about = f"{size}, license {info.licence}. {info.needs}"


class ComputeFeatures(bpy.types.Operator):
    """Extract features from every photo and lift them to the splats. Continues what was canceled"""

    bl_idname = "ludvig.compute"
    bl_label = "Compute"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.has_cameras(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ...ludvig_engine.wire.methods import ComputeFeatures as Request
        from ..engine import link, subject

        thing = polls.target(context)
        extractor = thing.ludvig_features.extractor

        def done(thing: Any, answer: Any) -> None:
            from ..data import features, messages
            from . import lines

            seconds = sum(answer.timings.values())
            how = "from the cache" if answer.cached else f"computed in {seconds:.0f} s"
            summary = f"{lines.number(answer.dim, 'channel').capitalize()}, {how}: {catalog.title(answer.extractor)}"
            features.ready[thing.session_uid] = features.Ready(extractor, summary, answer.notes)
            messages.clear()

        request = Request("", extractor)
        task = subject.of(thing).ask(
            request, done=done, label="Computing features", replaces=f"features {thing.session_uid}"
        )
        return link.finish(self, task)


class PreviewFeatures(bpy.types.Operator):
    """Show the features' three main directions as red, green and blue: what looks alike is alike to the engine"""

    bl_idname = "ludvig.preview_features"
    bl_label = "Show as Colors"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return polls.has_cameras(cls, context)

    def execute(self, context: Any) -> set[str]:
        from ...ludvig_engine.wire.methods import PreviewFeatures as Request
        from ..data import messages
        from ..engine import commit, link, subject

        thing = polls.target(context)

        def done(thing: Any, answer: Any) -> None:
            commit.run(lambda: _show(thing, answer.colours))
            messages.clear()

        request = Request("", thing.ludvig_features.extractor)
        task = subject.of(thing).ask(request, done=done, label="Computing features")
        return link.finish(self, task)


def _show(thing: Any, colors: Any) -> None:
    from ..data import attributes, changes

    attributes.put(thing.data, PREVIEW, "FLOAT_VECTOR", colors)
    thing.data.update_tag()
    thing.ludvig.attribute = PREVIEW
    thing.ludvig.mode = "FEATURES"
    changes.tell(thing)


CLASSES = (ChooseFeatures, FeaturesMenu, ComputeFeatures, PreviewFeatures)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
