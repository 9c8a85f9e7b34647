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
from .. import messages, native, splats
from . import colors, points, reader, redraw
from .cloud import Cloud, update
from .lens import Lens
from .order import Part, back_to_front
from .view import REST, Item, View
from .worker import Worker

LIMIT = 2**24  # splats a float32 can count


class Display:
    """Everything drawn; made at the first draw, thrown away at unregister and when a file is loaded."""

    def __init__(self) -> None:
        self._worker = Worker()
        self._clouds: dict[int, Cloud] = {}
        self._stale: set[int] = set()  # uids to be read again
        self._bands: list[tuple[int, int, int]] = []  # uid, geometry version, coefficient: still to be read
        self._views: dict[int, View] = {}
        self._painter: Any = None
        self._uploads: Any = None
        self._failed = False

    # What changed

    def changed(self, depsgraph: Any) -> None:
        """Called after every change of the scene."""
        for change in depsgraph.updates:
            if change.is_updated_geometry and isinstance(change.id, bpy.types.Object):
                self._stale.add(change.id.original.session_uid)

    def read_again(self, thing: Any = None) -> None:
        """Look for changes in an object, in all that show a point cloud, or in all there are."""
        same = [o for o in bpy.data.objects if thing in (None, o, o.data)]
        self._stale.update(o.session_uid for o in same)

    def stop(self) -> None:
        """End the worker and the timer, let go of the GPU's memory."""
        if bpy.app.timers.is_registered(self._pump):
            bpy.app.timers.unregister(self._pump)
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
        shown = EngineError("display", f"Drawing splats failed: {type(error).__name__}: {error}", fixes)

        def settle() -> None:  # data must not be written while drawing
            settings = bpy.context.scene.ludvig
            settings.show = "POINTS" if settings.show == "SPLATS" else "NONE"
            self._failed = False
            messages.show(shown)

        bpy.app.timers.register(settle, first_interval=0)

    def _draw(self, context: Any) -> None:
        region, settings = context.region, context.scene.ludvig
        lens = Lens(
            np.array(context.region_data.view_matrix, np.float64),
            np.array(context.region_data.window_matrix, np.float64),
            region.width,
            region.height,
        )
        every, items = self._items(context)
        if not items:
            return
        if settings.show == "POINTS":
            points.draw([(item.cloud, item.world) for item in items], settings)
            return
        view = self._view(region)
        now = time.monotonic()
        moving = view.moving(lens, items, now)
        layout = tuple((item.uid, len(item.cloud.snapshot), item.cloud.geometry_version) for item in every)
        shown = tuple(item.uid for item in items)
        self._sort(view, lens, items, (layout, shown), moving)
        self._color(view, lens, every, layout, moving)
        tint = tuple(settings.selection_color) if settings.selection else (0.0, 0.0, 0.0, 0.0)
        scale = 0.5 if moving and settings.coarse else 1.0
        if view.order_layout == (layout, shown) and view.color_layout == layout:
            states = tuple(item.cloud.state_version for item in every)
            key = (view.pose, view.serial, states, tint, scale)
            if view.drawn != key:
                self._paint(view, lens, every, layout, states, tint, scale)
                view.drawn = key
        if view.target is not None and view.uniforms is not None:
            self._painter.composite(view.target, lens.uniforms(tint))
        if moving:
            self._wake()

    def _items(self, context: Any) -> tuple[list[Item], list[Item]]:
        """All splat objects that are drawn somewhere, in the order they are uploaded; and those of this region."""
        every: list[Item] = []
        here: list[Item] = []
        first = 0
        for thing in context.view_layer.objects:
            if not (splats.is_splats(thing) and thing.visible_get()) or native.draws(thing):
                continue
            uid = thing.session_uid
            if uid in self._stale or uid not in self._clouds:
                self._read(thing)
            cloud = self._clouds.get(uid)
            world = np.array(thing.matrix_world, np.float64)
            if cloud is None or not len(cloud.snapshot) or abs(np.linalg.det(world[:3, :3])) < 1e-30:
                continue
            every.append(Item(uid, cloud, reader.style(thing), world, len(every), first))
            first += len(cloud.snapshot)
            if thing.visible_in_viewport_get(context.space_data):
                here.append(every[-1])
        if first > LIMIT:
            raise ValueError(f"{first:,} splats are visible, and at most {LIMIT:,} can be drawn: hide some objects")
        return every, here

    def _view(self, region: Any) -> View:
        key = region.as_pointer()
        if key not in self._views:
            areas = (area for window in bpy.context.window_manager.windows for area in window.screen.areas)
            living = {r.as_pointer() for area in areas for r in area.regions}
            self._views = {k: v for k, v in self._views.items() if k in living}
            self._views[key] = View()
        return self._views[key]

    def _paint(
        self, view: View, lens: Lens, every: list[Item], layout: Any, states: Any, tint: Any, scale: float
    ) -> None:
        from . import painter

        if self._painter is None:
            self._painter, self._uploads = painter.Painter(), painter.Uploads()
        assert view.order is not None and view.colors is not None
        clouds = [item.cloud for item in every]
        self._uploads.renew("geometry_tex", layout, lambda: painter.geometry(clouds), "RGBA32F")
        self._uploads.renew("state_tex", (layout, states), lambda: [c.state[:, None] for c in clouds], "R32F")
        if view.order_texture is None:
            view.order_texture = painter.texture(view.order[:, None], "R32F")
        if view.color_texture is None:
            view.color_texture = painter.texture(view.colors, "RGBA16F")
        width, height = max(round(lens.width * scale), 1), max(round(lens.height * scale), 1)
        if view.target is None or (view.target.width, view.target.height) != (width, height):
            view.target = painter.Target(width, height)
        own = {"order_tex": view.order_texture, "color_tex": view.color_texture}
        own["objects_tex"] = painter.objects_texture(lens, [item.world for item in every])
        view.uniforms = lens.uniforms(tint, scale)
        self._painter.draw(view.target, view.uniforms, self._uploads.textures | own, len(view.order))

    # Work for the worker

    def _read(self, thing: Any) -> None:
        uid = thing.session_uid
        if self._worker.busy(("read", uid)):
            return  # it stays stale and is read when that is done
        cloud = reader.evaluated(thing)
        self._stale.discard(uid)
        if cloud is None:
            self._clouds.pop(uid, None)
            return
        snapshot = reader.snapshot(thing, cloud)
        arrived = partial(self._arrived, uid, splats.sh_count(cloud))
        self._ask(("read", uid), partial(update, self._clouds.get(uid), snapshot), arrived)

    def _arrived(self, uid: int, coefficients: int, cloud: Cloud) -> None:
        self._clouds[uid] = cloud
        self._bands = [entry for entry in self._bands if entry[0] != uid]
        self._bands += [(uid, cloud.color_version, k) for k in range(len(cloud.bands), coefficients)]

    def _sort(self, view: View, lens: Lens, items: list[Item], layout: Any, moving: bool) -> None:
        rows = [lens.rows(item.world) for item in items]
        planes = np.stack([row[2] for row in rows])
        exact = not moving or lens.orthographic  # the rough sort needs distances to be positive
        key = (layout, exact, planes[:, :3].tobytes(), (planes[:, 3] - planes[0, 3]).tobytes())
        slot = ("sort", id(view))
        due = view.order_layout != layout or (view.order_key != key and exact) or view.turned(planes)
        if not due or view.order_key == key or self._worker.busy(slot):
            return
        view.order_key, view.planes = key, planes
        parts = [Part(item.cloud.snapshot.means, row[2], item.first) for item, row in zip(items, rows, strict=True)]

        def deliver(order: np.ndarray) -> None:
            view.order, view.order_texture, view.order_layout = order, None, layout
            view.serial += 1

        self._ask(slot, partial(back_to_front, parts, exact=exact), deliver)

    def _color(self, view: View, lens: Lens, every: list[Item], layout: Any, moving: bool) -> None:
        if any(item.cloud.snapshot.source != (item.style.mode, *item.style.names) for item in every):
            return  # what the new mode shows is still being read
        look = tuple((item.cloud.color_version, item.style) for item in every)
        cameras = [lens.seen_from(item.world) for item in every]
        depends = any(item.cloud.bands and item.style.sh_degree for item in every)
        key = (layout, look, np.concatenate(cameras).tobytes() if depends else b"")
        slot = ("color", id(view))
        if view.color_key == key or (moving and view.color_key[:2] == key[:2]) or self._worker.busy(slot):
            return
        view.color_key = key

        def work() -> np.ndarray:
            return np.concatenate([
                colors.display(item.cloud, item.style, camera, direction=lens.orthographic)
                for item, camera in zip(every, cameras, strict=True)
            ])  # fmt: skip

        def deliver(result: np.ndarray) -> None:
            view.colors, view.color_texture, view.color_layout = result, None, layout
            view.serial += 1

        self._ask(slot, work, deliver)

    def _ask(self, key: Any, work: Any, deliver: Any) -> None:
        self._worker.submit(key, work, deliver)
        self._wake()

    def _wake(self) -> None:
        if not bpy.app.timers.is_registered(self._pump):
            bpy.app.timers.register(self._pump, first_interval=0.005)

    def _pump(self) -> float | None:
        """Deliver results, read one coefficient of the harmonics; again soon if more is to come."""
        try:
            arrived = self._worker.poll()
            arrived |= self._read_band()
        except Exception as error:  # noqa: BLE001 - as in draw
            self._fail(error)
            return None
        now = time.monotonic()
        moving = [view for view in self._views.values() if now - view.moved < 2 * REST]
        if arrived or any(now - view.moved > REST for view in moving):
            redraw()
        return 0.01 if self._worker.busy() or self._bands or moving else None

    def _read_band(self) -> bool:
        if not self._bands:
            return False
        uid, version, k = self._bands.pop(0)
        thing, known = reader.find(uid), self._clouds.get(uid)
        if thing is None or known is None or known.color_version != version or uid in self._stale:
            return False
        cloud = reader.evaluated(thing)
        values = reader.band(cloud, k) if cloud is not None else None
        if values is None or len(values) != len(known.snapshot):
            self._stale.add(uid)
            return True
        known.bands.append(values)
        if any(entry[0] == uid for entry in self._bands):
            return False
        self._clouds[uid] = known.with_bands(known.bands)
        return True
