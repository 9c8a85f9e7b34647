"""From splat objects to pixels in the 3D viewports.

    a depsgraph update  -> read attributes (main thread) -> compare, pack (worker) -> upload, draw
    the view turns      -> sort roughly (worker)                -> upload, draw at half size
    the view is at rest -> sort exactly, compute the view-dependent colors (worker)
                                                                -> upload, draw at full size

The main thread copies attributes, uploads textures and submits draws. A timer fetches what the
worker has finished.
"""

from __future__ import annotations

import logging
import time

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ..data import changes, messages, properties
from ..maths.lens import Lens
from ..translation.say import say_report
from . import renewal
from .canvas import Canvas
from .hover import Hover
from .instances import Instances
from .intake import Intake
from .items import Item, drawn
from .marks import Marks
from .points import Points
from .screens import Screens
from .view import REST, View
from .worker import Worker

Tint = tuple[float, float, float, float]
TINTED_DOTS = 0.6  # how much of the selection's color selected dots have


class Display:
    """Everything that is drawn.

    It is made at the first draw, and dropped when a file is loaded or the add-on is disabled.
    Whoever learns of changes tells `intake` and `instances`.
    """

    def __init__(self) -> None:
        self._worker = Worker()
        # Kept, because Blender knows timers by identity and each `self._pump` is another object.
        self._timer = self._pump
        self.intake = Intake(self._worker)
        self.instances = Instances()
        self._views: dict[int, View] = {}
        self._points = Points()
        self._marks = Marks(self._worker)
        self._canvas: Canvas | None = None
        self.screens = Screens(self._worker)
        self.hover = Hover(self._worker, self.intake, self.screens, self.wake)
        self._failed = False

    def stop(self) -> None:
        """End the worker and the timer, and free the GPU memory."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        self.hover.stop()
        self._worker.stop()
        self._views.clear()
        self._canvas = None

    # Drawing

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the splats of the region that Blender is drawing."""
        if self._failed:
            return
        try:
            self._draw(context)
        except Exception as error:  # noqa: BLE001 - would be raised in every frame
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Show the error once, and draw points from now on, or nothing if even points fail."""
        self._failed = True
        logging.getLogger(__name__).error("Drawing splats failed", exc_info=error)
        self._canvas = None
        self._views.clear()
        fixes = ["Splats are shown as points: choose Draw > Splats to try again."]
        what = "Drawing splats failed: {kind}: {error}"
        what = say_report(what, kind=type(error).__name__, error=error)
        shown = EngineError("display", what, fixes)

        # A timer calls this, because Blender's data must not be changed while drawing.
        def settle() -> None:
            settings = properties.drawing(bpy.context.scene)
            settings.show = "POINTS" if settings.show == "SPLATS" else "NONE"
            self._failed = False
            messages.show(shown)

        bpy.app.timers.register(settle, first_interval=0)

    def _draw(self, context: bpy.types.Context) -> None:
        region = context.region
        lens = Lens(
            np.array(context.region_data.view_matrix, np.float64),
            np.array(context.region_data.window_matrix, np.float64),
            region.width,
            region.height,
        )
        every, items = drawn(context, self.intake, self.instances)
        if items:
            self._draw_splats(context, lens, every, items)
            self._marks.draw(context, lens, items)
        if self._worker.busy() or self.intake.busy:
            self.wake()

    def _draw_splats(
        self, context: bpy.types.Context, lens: Lens, every: list[Item], items: list[Item]
    ) -> None:
        settings = properties.drawing(context.scene)
        tint: Tint = (0.0, 0.0, 0.0, 0.0)
        if settings.selection:
            red, green, blue, alpha = settings.selection_color
            tint = (red, green, blue, alpha)
        if settings.show == "POINTS":
            ours = [(item.cloud, item.world) for item in items if not item.native]
            # Dots have no outline, so the tint alone must show which are selected.
            strong = (*tint[:3], TINTED_DOTS if settings.selection else 0.0)
            self._points.draw(ours, strong)
            return
        assert context.region is not None
        view = self._view(context.region)
        now = time.monotonic()
        moving = view.moving(lens, items, now)
        layout = tuple(
            (item.uid, len(item.cloud.snapshot), item.cloud.geometry_version) for item in every
        )
        shown = tuple(item.index for item in items)
        renewal.sort(self._worker, view, lens, items, (layout, shown), moving=moving)
        renewal.color(self._worker, view, lens, every, layout, moving=moving)
        scale = 0.5 if moving and settings.coarse else 1.0
        if view.order_layout == (layout, shown) and view.color_layout == layout:
            states = tuple(item.cloud.state_version for item in every)
            kinds = tuple((item.trained, item.native, item.style.mode) for item in every)
            key = (view.pose, view.serial, states, kinds, tint, scale)
            if view.drawn != key:
                self._canvas = self._canvas or Canvas()
                self._canvas.paint(view, lens, every, layout, states, tint, scale)
                view.drawn = key
        if view.target is not None:
            assert self._canvas is not None
            outlined = settings.selection and any(item.cloud.selected for item in items)
            uniforms = lens.uniforms(tint, selected=outlined)
            self._canvas.cover(view.target, uniforms, lens, items)
            self._canvas.show(view.target, uniforms)
            lit = self.hover.shown(properties.active_tool(context))
            if lit is not None and not moving:
                self._canvas.light(view, lens, every, lit)
        if moving:
            self.wake()

    def _view(self, region: bpy.types.Region) -> View:
        key = region.as_pointer()
        if key not in self._views:
            screens = [window.screen for window in bpy.context.window_manager.windows]
            areas = [area for screen in screens for area in screen.areas]
            living = {r.as_pointer() for area in areas for r in area.regions}
            self._views = {k: v for k, v in self._views.items() if k in living}
            self._views[key] = View()
        return self._views[key]

    def wake(self) -> None:
        """Start the timer that fetches what the worker has done."""
        if not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=0.005)

    def _pump(self) -> float | None:
        """Deliver finished work and read a little. Returns the seconds until the next call."""
        try:
            arrived = self._worker.poll()
            arrived |= self.intake.step()
        except Exception as error:  # noqa: BLE001 - as in draw
            self._fail(error)
            return None
        unsettled = [view for view in self._views.values() if not view.settled]
        for view in unsettled:
            view.settled = time.monotonic() - view.moved > REST
            arrived |= view.settled  # now all pixels are drawn, exactly sorted
        if arrived:
            changes.redraw()
        return 0.01 if self._worker.busy() or self.intake.busy or unsettled else None
