"""Drawing prompts in the 3D viewport with the mouse.

A click is a prompt at once. Lines and boxes are drawn while the button is held, and shown until it
is released. Esc or the right button cancels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

import bpy

from ...ludvig_engine.errors import EngineError
from ..data import messages, properties
from ..maths import kinds

if TYPE_CHECKING:
    from ..data.types import Outcome
    from ..maths.lens import Lens


class Drawing(Protocol):
    """The operators that draw: `drawing.Drawn`."""

    kind: str
    mode: str
    pixels: str
    radius: float

    def drawn(self, context: bpy.types.Context, lens: Lens) -> Outcome: ...


_handle: object = None  # of the overlay, while drawing
_operator: Drawing | None = None
_drawn: list[kinds.Place] = []  # pixels from the upper left of the region


def begin(operator: Drawing, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
    """Start drawing. This is the operator's `invoke`."""
    global _handle, _operator
    _drawn.clear()
    _add(operator, context, event)
    kind = kinds.drawn_as(operator.kind)
    if kind.at_once:
        return _finish(operator, context)
    if kind.wide:
        operator.radius = properties.tools(context).radius
    _operator = operator
    _handle = bpy.types.SpaceView3D.draw_handler_add(
        _draw, (context.region.as_pointer(),), "WINDOW", "POST_PIXEL"
    )
    context.window_manager.modal_handler_add(cast("bpy.types.Operator", operator))
    return {"RUNNING_MODAL"}


def go_on(operator: Drawing, context: bpy.types.Context, event: bpy.types.Event) -> Outcome:
    """Handle an event while drawing. This is the operator's `modal`."""
    if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
        end(context)
        return {"CANCELLED"}
    if event.type in {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE"}:
        _add(operator, context, event)
        context.region.tag_redraw()
    elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
        _add(operator, context, event)
        end(context)
        return _finish(operator, context)
    return {"RUNNING_MODAL"}


def end(context: bpy.types.Context) -> None:
    """Remove the overlay."""
    global _handle, _operator
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
    _handle = _operator = None
    if context.region:
        context.region.tag_redraw()


def _add(operator: Drawing, context: bpy.types.Context, event: bpy.types.Event) -> None:
    """Add the position of the mouse, in pixels from the upper left of the region."""
    x, y = event.mouse_region_x, context.region.height - 1 - event.mouse_region_y
    kinds.drawn_as(operator.kind).extend(_drawn, (x, y))


def _finish(operator: Drawing, context: bpy.types.Context) -> Outcome:
    from ..maths import pinhole, strokes

    assert context.region is not None and context.region_data is not None
    operator.pixels = strokes.text(_drawn)
    try:
        return operator.drawn(context, pinhole.of_region(context.region, context.region_data))
    except EngineError as error:
        return messages.fail(cast("bpy.types.Operator", operator), error)


def _draw(region: int) -> None:
    if _operator is None or bpy.context.region.as_pointer() != region:
        return
    from ..maths import strokes

    height = bpy.context.region.height
    places: list[kinds.Place] = [(x, height - 1 - y) for x, y in _drawn]
    color = strokes.COLORS[_operator.mode]
    if stroke := kinds.drawn_as(_operator.kind).stroke(places, _operator.radius):
        places, alpha, width = stroke
        line(places, (*color[:3], alpha), width)


def line(places: list[tuple[float, float]], color: tuple[float, ...], width: float) -> None:
    """Draw a line. Places and width are in pixels of the region."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    if len(places) < 2:
        places = [*places, (places[0][0] + 1, places[0][1])]
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    batch = batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y, 0.0) for x, y in places]})
    gpu.state.blend_set("ALPHA")
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width)
    shader.uniform_float("color", color)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def register() -> None:
    pass


def unregister() -> None:
    if _handle is not None:
        end(bpy.context)
