"""From splat objects to pixels in the 3D viewports: what changed is read, packed, sorted, coloured, uploaded, drawn.

    depsgraph says "changed" -> read attributes (main thread) -> compare, pack (worker) -> upload -> draw
    the view turned          -> sort roughly, exactly once at rest (worker)             -> upload -> draw at half size
    the view is at rest      -> colours as seen from here (worker)                      -> upload -> draw at full size

The main thread copies attributes, uploads textures and submits draws; a timer fetches what the worker has finished.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Any

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ..data import changes, messages, native, splats
from ..maths.lens import Lens
from . import colors, marks, reader
from .intake import Intake
from .order import Part, back_to_front
from .points import Points
from .texels import rows
from .view import REST, Item, View
from .worker import Worker

LIMIT = 2**24  # splats a float32 can count


class Display:
    """Everything drawn; made at the first draw, thrown away at unregister and when a file is loaded.

    `intake` wants to be told what changes.
    """

    def __init__(self) -> None:
        self._worker = Worker()
        self._timer = (
            self._pump
        )  # once: Blender tells timers apart by identity, and each `self._pump` is another
        self.intake = Intake(self._worker)
        self._views: dict[int, View] = {}
        self._points = Points()
        self._marks: dict[marks.Mark, np.ndarray] = {}  # where the prompts are, object space
        self._painter: Any = None
        self._uploads: Any = None
        self._failed = False

    def stop(self) -> None:
        """End the worker and the timer, let go of the GPU's memory."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)
        self._worker.stop()
        self._views.clear()
        self._painter = self._uploads = None

    # Drawing

    def draw(self, context: Any) -> None:
        """Draw the splats of the region that Blender is drawing."""
        if self._failed:
            return
        try:
            self._draw(context)
        except Exception as error:  # noqa: BLE001 - else it would come again with every frame
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Say what went wrong, once, and show points from now on; nothing if even those fail."""
        self._failed = True
        logging.getLogger(__name__).error("Drawing splats failed", exc_info=error)
        self._painter = self._uploads = None
        self._views.clear()
        fixes = ["Splats are shown as points: choose Draw > Splats to try again."]
        shown = EngineError(
            "display", f"Drawing splats failed: {type(error).__name__}: {error}", fixes
        )

        def settle() -> None:  # data must not be written while drawing
            settings = bpy.context.scene.ludvig
            settings.show = "POINTS" if settings.show == "SPLATS" else "NONE"
            self._failed = False
            messages.show(shown)

        bpy.app.timers.register(settle, first_interval=0)

    def _draw(self, context: Any) -> None:
        region = context.region
        lens = Lens(
            np.array(context.region_data.view_matrix, np.float64),
            np.array(context.region_data.window_matrix, np.float64),
            region.width,
            region.height,
        )
        every, items = self._items(context)
        if self._worker.busy() or self.intake.busy:
            self._wake()
        if items:
            self._draw_splats(context, lens, every, items)
            self._draw_marks(context, lens, items)

    def _draw_splats(self, context: Any, lens: Lens, every: list[Item], items: list[Item]) -> None:
        region, settings = context.region, context.scene.ludvig
        tint = tuple(settings.selection_color) if settings.selection else (0.0, 0.0, 0.0, 0.0)
        if settings.show == "POINTS":
            self._points.draw([(item.cloud, item.world) for item in items], tint)
            return
        view = self._view(region)
        now = time.monotonic()
        moving = view.moving(lens, items, now)
        layout = tuple(
            (item.uid, len(item.cloud.snapshot), item.cloud.geometry_version) for item in every
        )
        shown = tuple(item.uid for item in items)
        self._sort(view, lens, items, (layout, shown), moving)
        self._color(view, lens, every, layout, moving)
        scale = 0.5 if moving and settings.coarse else 1.0
        if view.order_layout == (layout, shown) and view.color_layout == layout:
            states = tuple(item.cloud.state_version for item in every)
            key = (view.pose, view.serial, states, tint, scale)
            if view.drawn != key:
                self._paint(view, lens, every, layout, states, tint, scale)
                view.drawn = key
        if view.target is not None:
            self._painter.composite(view.target, lens.uniforms(tint))
        if moving:
            self._wake()

    def _draw_marks(self, context: Any, lens: Lens, items: list[Item]) -> None:
        """Draw the prompts of the active object, and let those be located that have not been."""
        thing = context.view_layer.objects.active
        item = next(
            (item for item in items if thing is not None and item.uid == thing.session_uid), None
        )
        shown = marks.of(thing) if item is not None and context.scene.ludvig.prompts else []
        self._marks = {mark: self._marks[mark] for mark, _ in shown if mark in self._marks}
        for mark in {mark for mark, _ in shown} - set(self._marks):
            if not self._worker.busy(("mark", mark)):
                work = partial(marks.locate, mark, item.cloud, marks.unseen(thing, mark))
                self._ask(("mark", mark), work, partial(self._mark, mark))
        found = [(mark, yes, self._marks[mark]) for mark, yes in shown if mark in self._marks]
        if found:
            marks.draw(found, lens, item.world)

    def _mark(self, mark: marks.Mark, points: np.ndarray) -> None:
        self._marks[mark] = points

    def _items(self, context: Any) -> tuple[list[Item], list[Item]]:
        """All splat objects that are drawn somewhere, in the order they are uploaded; and those of this region."""
        every: list[Item] = []
        here: list[Item] = []
        first = 0
        for thing in context.view_layer.objects:
            if not (splats.is_splats(thing) and thing.visible_get()) or native.draws(thing):
                continue
            cloud = self.intake.cloud(thing)
            world = np.array(thing.matrix_world, np.float64)
            if (
                cloud is None
                or not len(cloud.snapshot)
                or abs(np.linalg.det(world[:3, :3])) < 1e-30
            ):
                continue
            every.append(
                Item(thing.session_uid, cloud, reader.style(thing), world, len(every), first)
            )
            first += len(cloud.snapshot)
            if thing.visible_in_viewport_get(context.space_data):
                here.append(every[-1])
        if first > LIMIT:
            raise ValueError(
                f"{first:,} splats are visible, and at most {LIMIT:,} can be drawn: hide some objects"
            )
        return every, here

    def _view(self, region: Any) -> View:
        key = region.as_pointer()
        if key not in self._views:
            areas = (
                area
                for window in bpy.context.window_manager.windows
                for area in window.screen.areas
            )
            living = {r.as_pointer() for area in areas for r in area.regions}
            self._views = {k: v for k, v in self._views.items() if k in living}
            self._views[key] = View()
        return self._views[key]

    def _paint(
        self,
        view: View,
        lens: Lens,
        every: list[Item],
        layout: Any,
        states: Any,
        tint: Any,
        scale: float,
    ) -> None:
        from . import painter

        if self._painter is None:
            self._painter, self._uploads = painter.Painter(), painter.Uploads()
        assert view.order is not None and view.colors is not None
        clouds = [item.cloud for item in every]
        self._uploads.renew("geometry_tex", layout, lambda: painter.geometry(clouds), "RGBA32F")
        self._uploads.renew(
            "state_tex", (layout, states), lambda: [c.state[:, None] for c in clouds], "R32F"
        )
        if view.order_texture is None:
            view.order_texture = painter.texture([view.order], "R32F")
        if view.color_texture is None:
            view.color_texture = painter.texture([view.colors], "RGBA16F")
        width, height = max(round(lens.width * scale), 1), max(round(lens.height * scale), 1)
        if view.target is None or (view.target.width, view.target.height) != (width, height):
            view.target = painter.Target(width, height)
        own = {"order_tex": view.order_texture, "color_tex": view.color_texture}
        own["objects_tex"] = painter.objects_texture(lens, [item.world for item in every])
        self._painter.draw(
            view.target, lens.uniforms(tint, scale), self._uploads.textures | own, view.count
        )

    # Work for the worker

    def _sort(self, view: View, lens: Lens, items: list[Item], layout: Any, moving: bool) -> None:
        planes = np.stack([lens.rows(item.world)[2] for item in items])
        exact = not moving or lens.orthographic  # the rough sort needs distances to be positive
        key = (layout, exact, planes[:, :3].tobytes(), (planes[:, 3] - planes[0, 3]).tobytes())
        slot = ("sort", id(view))
        due = (
            view.order_layout != layout or (view.order_key != key and exact) or view.turned(planes)
        )
        if not due or view.order_key == key or self._worker.busy(slot):
            return
        view.order_key, view.planes = key, planes
        parts = [
            Part(i.cloud.snapshot.means, plane, i.first)
            for i, plane in zip(items, planes, strict=True)
        ]

        def deliver(order: np.ndarray) -> None:
            view.order = order
            view.order_texture = None
            view.order_layout = layout
            view.count = sum(len(part.means) for part in parts)
            view.serial += 1

        self._ask(slot, lambda: rows([back_to_front(parts, exact=exact)[:, None]]), deliver)

    def _color(self, view: View, lens: Lens, every: list[Item], layout: Any, moving: bool) -> None:
        if any(
            item.cloud.snapshot.source != (item.style.mode, *item.style.names) for item in every
        ):
            return  # what the new mode shows is still being read
        look = tuple((item.cloud.color_version, item.style) for item in every)
        cameras = [lens.seen_from(item.world) for item in every]
        depends = any(
            item.cloud.bands and item.style.sh_degree for item in every
        )  # on where it is seen from
        key = (layout, look, np.concatenate(cameras).tobytes() if depends else b"")
        slot = ("color", id(view))
        if (
            view.color_key == key
            or (moving and view.color_key[:2] == key[:2])
            or self._worker.busy(slot)
        ):
            return
        view.color_key = key

        def work() -> np.ndarray:
            pairs = zip(every, cameras, strict=True)
            return rows(
                [
                    colors.display(i.cloud, i.style, at, direction=lens.orthographic)
                    for i, at in pairs
                ]
            )

        def deliver(result: np.ndarray) -> None:
            view.colors = result
            view.color_texture = None
            view.color_layout = layout
            view.serial += 1

        self._ask(slot, work, deliver)

    def _ask(self, key: Any, work: Any, deliver: Any) -> None:
        self._worker.submit(key, work, deliver)
        self._wake()

    def _wake(self) -> None:
        if not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=0.005)

    def _pump(self) -> float | None:
        """Deliver what the worker has done, read a little; again soon if more is to come."""
        try:
            arrived = self._worker.poll()
            arrived |= self.intake.step()
        except Exception as error:  # noqa: BLE001 - as in draw
            self._fail(error)
            return None
        unsettled = [view for view in self._views.values() if not view.settled]
        for view in unsettled:
            view.settled = time.monotonic() - view.moved > REST
            arrived |= view.settled  # at rest: all pixels, exactly sorted
        if arrived:
            changes.redraw()
        return 0.01 if self._worker.busy() or self.intake.busy or unsettled else None
