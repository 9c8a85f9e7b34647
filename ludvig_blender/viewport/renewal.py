"""What the worker computes for a view: the order of its splats, and their colors."""

from __future__ import annotations

import numpy as np

from ..maths.lens import Lens
from . import colors
from .items import Item
from .order import Part, back_to_front
from .texels import rows
from .view import Key, View
from .worker import Worker


def sort(
    worker: Worker, view: View, lens: Lens, items: list[Item], layout: Key, *, moving: bool
) -> None:
    """Have the splats of `items` sorted, roughly while the view moves, if their order is old."""
    planes = np.stack([lens.rows(item.world)[2] for item in items])
    exact = not moving or lens.orthographic  # the rough sort needs positive distances
    key = (layout, exact, planes[:, :3].tobytes(), (planes[:, 3] - planes[0, 3]).tobytes())
    slot = ("sort", id(view))
    outdated = exact and view.order_key != key
    due = view.order_layout != layout or outdated or view.turned(planes)
    if not due or view.order_key == key or worker.busy(slot):
        return
    view.order_key, view.planes = key, planes
    parts = [
        Part(i.cloud.snapshot.means, plane, i.first) for i, plane in zip(items, planes, strict=True)
    ]

    def deliver(order: np.ndarray) -> None:
        view.order = order
        view.order_texture = None
        view.order_layout = layout
        view.count = sum(len(part.means) for part in parts)
        view.serial += 1

    worker.submit(slot, lambda: rows([back_to_front(parts, exact=exact)[:, None]]), deliver)


def color(
    worker: Worker, view: View, lens: Lens, every: list[Item], layout: Key, *, moving: bool
) -> None:
    """Have the colors of `every` computed, as seen from the view, if they are old."""
    wanted = [(item.style.mode, *item.style.names) for item in every]
    # Wait while the attributes of a new display mode are being read.
    if wanted != [item.cloud.snapshot.source for item in every]:
        return
    look = tuple((item.cloud.color_version, item.style) for item in every)
    cameras = [lens.seen_from(item.world) for item in every]
    # Whether the colors depend on the position of the camera.
    depends = any(item.cloud.bands and item.style.sh_degree for item in every)
    key = (layout, look, np.concatenate(cameras).tobytes() if depends else b"")
    slot = ("color", id(view))
    same = view.color_key == key or (moving and view.color_key[:2] == key[:2])
    if same or worker.busy(slot):
        return
    view.color_key = key

    def work() -> np.ndarray:
        parallel = lens.orthographic
        pairs = zip(every, cameras, strict=True)
        return rows([colors.display(i.cloud, i.style, at, direction=parallel) for i, at in pairs])

    def deliver(result: np.ndarray) -> None:
        view.colors = result
        view.color_texture = None
        view.color_layout = layout
        view.serial += 1

    worker.submit(slot, work, deliver)
