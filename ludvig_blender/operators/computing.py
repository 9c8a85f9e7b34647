"""Operators that choose, compute and show the features of a splat object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from ..engine import catalog
from ..translation.say import say, say_tip
from . import polls

if TYPE_CHECKING:
    import numpy as np
    from bpy.stub_internal.rna_enums import IconItems

    from ...ludvig_engine.wire.methods import ExtractorInfo, FeaturesComputed, FeaturesPreviewed
    from ..data.types import Outcome, SplatObject

# The attribute with the three main components of the features as a color.
PREVIEW = "ludvig_features"


class ChooseFeatures(bpy.types.Operator):
    """Use these features to tell splats apart"""

    bl_idname = "ludvig.choose_features"
    bl_label = "Choose Features"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    extractor: StringProperty(description='The engine\'s name of them, such as "dinov2:small"')

    @classmethod
    def description(
        cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        info = next(
            (info for info in catalog.extractors() if info.spec == properties.extractor), None
        )
        if info is None:
            return say_tip("Use these features to tell splats apart")
        license_ = say_tip("License: {name}.", name=info.licence) if info.licence else ""
        return " ".join(filter(None, [info.needs, license_]))

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        polls.chosen(context).ludvig_features.extractor = self.extractor
        return {"FINISHED"}


class FeaturesMenu(bpy.types.Menu):
    bl_idname = "LUDVIG_MT_features"
    bl_label = "Features"

    def draw(self, context: bpy.types.Context | None) -> None:
        from ..engine import link
        from . import lines

        layout = self.layout
        assert context is not None and layout is not None
        if not catalog.extractors():
            if link.state() == "starting":
                layout.label(text="The engine is starting")
            else:
                layout.label(text="Start the engine to see which features there are")
                layout.operator("ludvig.restart_engine", text="Start Engine", icon="PLAY")
            return
        chosen = polls.chosen(context).ludvig_features.extractor
        for info in catalog.extractors():
            if info.ready:
                icon: IconItems = "RADIOBUT_ON" if info.spec == chosen else "RADIOBUT_OFF"
                layout.operator(
                    "ludvig.choose_features", text=catalog.title(info.spec), icon=icon
                ).extractor = info.spec
        layout.separator()
        for info in catalog.extractors():
            if not info.ready:
                _draw_missing(layout.row(), info, lines.size(info.download))


def _draw_missing(row: bpy.types.UILayout, info: ExtractorInfo, size: str) -> None:
    """Draw an extractor that is not ready: a button that downloads its models, or grayed out."""
    if not info.models:
        row.enabled = False
        choose = row.operator("ludvig.choose_features", text=catalog.title(info.spec), icon="X")
        choose.extractor = info.spec
        return
    fetch = row.operator(
        "ludvig.fetch_model", text=f"{say(catalog.title(info.spec))} ({size})", icon="IMPORT"
    )
    fetch.model = " ".join(info.models)
    terms = say("{size}, license {name}", size=size, name=info.licence)
    fetch.about = f"{terms}. {info.needs}"


class ComputeFeatures(bpy.types.Operator):
    """Extract features from photos or renders and lift them. Continues a canceled run"""

    bl_idname = "ludvig.compute"
    bl_label = "Compute"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import ComputeFeatures as Request
        from ..engine import link, subject

        thing, step = polls.chosen(context), self.bl_label
        extractor = thing.ludvig_features.extractor

        def done(thing: SplatObject, answer: FeaturesComputed) -> None:
            from ..data import features, messages
            from ..engine import commit

            seconds = 0 if answer.cached else sum(answer.timings.values())
            title = answer.title or catalog.title(answer.extractor)
            features.computed(thing, extractor, title, seconds, answer.notes)
            views = answer.views
            if views is not None:
                commit.run(step, lambda: _keep_views(thing, views))
            messages.clear()

        request = Request("", extractor)
        task = subject.of(thing).ask(
            request, done=done, label="Computing features", replaces=f"features {thing.session_uid}"
        )
        return link.finish(self, task)


def _keep_views(thing: SplatObject, views: np.ndarray) -> None:
    from ..data import attributes, changes, measured

    attributes.put(thing.data, measured.VIEWS, "FLOAT", views)
    changes.tell(thing)


class PreviewFeatures(bpy.types.Operator):
    """Show the features as red, green and blue. Parts with similar features get similar colors"""

    bl_idname = "ludvig.preview_features"
    bl_label = "Show as Colors"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats_or_camera(cls, context)

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ...ludvig_engine.wire.methods import PreviewFeatures as Request
        from ..data import messages
        from ..engine import commit, link, subject

        # The operator is gone when the answer arrives.
        thing, step = polls.chosen(context), self.bl_label

        def done(thing: SplatObject, answer: FeaturesPreviewed) -> None:
            commit.run(step, lambda: _show(thing, answer.colours))
            messages.clear()

        request = Request("", thing.ludvig_features.extractor)
        task = subject.of(thing).ask(request, done=done, label="Computing features")
        return link.finish(self, task)


def _show(thing: SplatObject, colors: np.ndarray) -> None:
    from ..data import attributes, changes

    attributes.put(thing.data, PREVIEW, "FLOAT_VECTOR", colors)
    thing.data.update_tag()
    thing.ludvig.attribute = PREVIEW
    thing.ludvig.mode = "FEATURES"
    changes.tell(thing)


CLASSES = (ChooseFeatures, FeaturesMenu, ComputeFeatures, PreviewFeatures)


register, unregister = bpy.utils.register_classes_factory(CLASSES)
