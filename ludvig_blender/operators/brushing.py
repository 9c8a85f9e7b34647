"""The brush that selects splats on the surface under the mouse: no engine, no prompts.

It reaches a round piece of the surface and, behind it, as far as the depth limit. Scripts give
places in pixels of a camera's render, from the upper left:

    bpy.ops.ludvig.brush(camera="Camera", pixels="640 360 680 360", radius=40)
"""

from __future__ import annotations

import math
import time
from collections import deque
from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty, FloatProperty

from ...ludvig_engine.errors import EngineError
from ..data import messages, properties
from ..translation.say import say_report
from . import polls
from .drawing import DEPTHS, Placed, lens_of

if TYPE_CHECKING:
    import numpy as np

    from ..data.types import Outcome, SplatObject
    from ..maths.coin import Coin
    from ..viewport.screens import Seen

MODES = (
    ("ADD", "Select", "Select these splats too"),
    ("REMOVE", "Deselect", "Deselect these splats (Ctrl)"),
)
STEP = 0.25  # of the radius, from one dab to the next
SHOWN = 0.06  # seconds between updates of what is seen
# Seconds from turn to turn while the mouse rests, and those after which a turn begins no more dabs:
# among a million splats, a dab of 120 pixels takes 5 to 10 ms.
TURN, AT_ONCE = 0.01, 0.003


class Stroke:
    """Splats that are selected while the mouse moves, and all at once at the end."""

    def __init__(
        self, thing: SplatObject, seen: Seen, radius: float, depth: float, mode: str
    ) -> None:
        from ..data import attributes, segments, splats

        if len(seen.cloud.snapshot) != attributes.count(thing.data):
            what = say_report("Modifiers change how many splats there are, so none can be brushed.")
            raise EngineError("bad_input", what, ["Turn the modifiers off in the viewport."])
        self.seen, self.mode = seen, mode
        self.radius, self.depth = radius, depth
        self.before = splats.selection(thing.data)
        self.chosen = self.before.copy()
        segment = segments.active(thing)
        self.own = segment is not None and segments.selection_shown(thing, segment)
        self.hit = False  # whether it was on any splat
        self._last: np.ndarray | None = None
        # Places (2,) that the mouse has passed, and that are not brushed yet.
        self._left: deque[np.ndarray] = deque()

    def go(self, pixel: np.ndarray) -> None:
        """Brush next from the last place to this one, a pixel (2,) of the screen."""
        import numpy as np

        begin = pixel if self._last is None else self._last
        far = float(np.linalg.norm(pixel - begin))
        count = math.ceil(far / max(STEP * self.radius, 1))
        if self._last is not None and not count:
            return
        for part in range(1, count + 1) if count else (1,):
            self._left.append(begin + (pixel - begin) * (part / max(count, 1)))
        self._last = pixel

    def catch_up(self, seconds: float = math.inf) -> bool:
        """Brush the places on the way that are begun in this time; whether there were any."""
        end, some = time.monotonic() + seconds, bool(self._left)
        while self._left and time.monotonic() < end:
            self._dab(self._left.popleft())
        return some

    def _dab(self, pixel: np.ndarray) -> None:
        from ..viewport import surface

        screen, hidden = self.seen.screen, self.seen.hidden
        coin = surface.brushed(screen, hidden, pixel, self.radius, self.depth)
        if coin is None:
            return
        self.hit = True
        self.chosen[surface.within(screen, hidden, coin)] = self.mode == "ADD"

    def show(self, thing: SplatObject) -> None:
        """Let it be seen; nothing is decided."""
        from ..data import segments, splats

        splats.set_selection(thing.data, self.chosen)
        segments.changed(thing)

    def finish(self, thing: SplatObject, *, keep: bool) -> None:
        """Select what was brushed, or what was selected before."""
        from ..data import segments, splats

        splats.set_selection(thing.data, self.before)
        segments.changed(thing)
        if keep:
            segments.reselect(thing, self.chosen, with_segment=self.own)


def coin(context: bpy.types.Context, place: tuple[float, float]) -> tuple[Seen, Coin] | None:
    """What the brush would reach at a place of this region; None where there is no splat."""
    from .. import viewport
    from ..viewport import surface

    try:
        seen = viewport.seen(context)
    except EngineError:  # the stroke will say so
        return None
    if seen is None:
        return None
    settings = properties.tools(context)
    found = surface.brushed(
        seen.screen, seen.hidden, seen.pixel(*place), settings.brush, reach(context)
    )
    return None if found is None else (seen, found)


def reach(context: bpy.types.Context) -> float:
    """How far the brush reaches behind the surface, in parts of its radius."""
    settings = properties.tools(context)
    return math.inf if settings.depth == "THROUGH" else settings.reach


_stroke: Stroke | None = None  # while the button is held


class Brush(Placed, bpy.types.Operator):
    """Select the splats of the surface that is brushed. Ctrl: deselect them"""

    bl_idname = "ludvig.brush"
    bl_label = "Brush Selection"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    mode: EnumProperty(name="Mode", items=MODES, options={"SKIP_SAVE"})
    radius: FloatProperty(
        name="Radius", description="Of the brush, in pixels", min=1, default=40,
        options={"SKIP_SAVE"},
    )  # fmt: skip
    depth: EnumProperty(name="Depth", items=DEPTHS, options={"SKIP_SAVE"})
    reach: FloatProperty(
        name="Depth Limit",
        description="How far the brush reaches behind the surface, in parts of its radius",
        min=0.01, default=1, options={"SKIP_SAVE"},
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return polls.splats(cls, context) and polls.object_mode(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        global _stroke
        if context.region_data is None:
            return self.execute(context)
        from .. import viewport
        from ..data import splats

        thing = splats.splat_objects(context)[0]
        try:
            seen = viewport.seen(context, now=True)
            if seen is None:
                return {"CANCELLED"}
            radius = properties.tools(context).brush
            _stroke = Stroke(thing, seen, radius, reach(context), self.mode)
        except EngineError as error:
            return messages.fail(self, error)
        self._uid, self._shown = thing.session_uid, 0.0
        manager = context.window_manager
        # What a fast movement passes is brushed while the mouse moves on, or rests.
        self._timer = manager.event_timer_add(TURN, window=context.window)
        manager.modal_handler_add(self)
        self._move(thing, event)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
        from ..data import splats

        stroke, thing = _stroke, splats.with_uid(self._uid)
        if stroke is None or not splats.is_splats(thing):
            self._end(context)
            return {"CANCELLED"}
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self._end(context)
            stroke.finish(thing, keep=False)
            return {"CANCELLED"}
        if event.type in {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE"}:
            self._move(thing, event)
        elif event.type == "TIMER":
            self._brush(thing)
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self._move(thing, event)
            self._end(context)
            stroke.catch_up()
            stroke.finish(thing, keep=stroke.hit)
            return {"FINISHED"} if stroke.hit else {"CANCELLED"}
        return {"RUNNING_MODAL"}

    def _end(self, context: bpy.types.Context) -> None:
        global _stroke
        _stroke = None
        context.window_manager.event_timer_remove(self._timer)

    def _move(self, thing: SplatObject, event: bpy.types.Event) -> None:
        assert _stroke is not None
        _stroke.go(_stroke.seen.pixel(event.mouse_region_x, event.mouse_region_y))
        self._brush(thing)

    def _brush(self, thing: SplatObject) -> None:
        assert _stroke is not None
        if _stroke.catch_up(AT_ONCE) and time.monotonic() - self._shown > SHOWN:
            _stroke.show(thing)
            self._shown = time.monotonic()

    def execute(self, context: bpy.types.Context) -> Outcome:
        from ..data import splats
        from ..maths import strokes
        from ..viewport import screens

        thing = splats.splat_objects(context)[0]
        through = properties.tools(context).depth if self.depth == "TOOL" else self.depth
        depth = math.inf if through == "THROUGH" else self.reach
        try:
            lens = lens_of(context, self.camera)
            pixels = strokes.read(self.pixels)
            seen = screens.look(thing, lens)
            if seen is None or not len(pixels):
                what = say_report("There is nothing to brush.")
                fixes = ['Give pixels as "x y x y ...".']
                raise EngineError("bad_input", what, fixes)
            stroke = Stroke(thing, seen, self.radius, depth, self.mode)
            for x, y in pixels:
                stroke.go(seen.pixel(x, lens.height - 1 - y))
            stroke.catch_up()
        except EngineError as error:
            return messages.fail(self, error)
        if not stroke.hit:
            self.report({"WARNING"}, say_report("There is no splat where the brush was."))
            return {"CANCELLED"}
        stroke.finish(thing, keep=True)
        return {"FINISHED"}


_register, _unregister = bpy.utils.register_classes_factory((Brush,))


def register() -> None:
    _register()


def unregister() -> None:
    global _stroke
    _stroke = None
    _unregister()
