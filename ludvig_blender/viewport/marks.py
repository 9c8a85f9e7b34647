"""Draws the prompts of the active segment where they were made, as dots, lines and boxes.

Positive prompts are green, negative ones red. The worker finds where a prompt touches the splats,
as seen by the prompt's own camera, and the result is kept while the prompt is drawn. So a mark
stays on the object when the object moves. Where something is in front of it, the mark is dimmed.
When most of the splats that it touches are hidden or gone, so is the mark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import bpy
import gpu
import numpy as np

from ..data import attributes, frame, properties
from ..maths import kinds, strokes
from ..maths.lens import Lens
from . import painter
from .cloud import Cloud, Snapshot
from .items import Item
from .screen import unprojected
from .surface import touched
from .worker import Worker

if TYPE_CHECKING:
    from ..data.types import Prompt, SplatObject

R = TypeVar("R")
DOT, LINE = 5.0, 3.0  # pixels: radius, width
RIM = 1.5  # pixels of the dark rim around each mark
BEHIND = 0.3  # alpha of marks that are hidden by something
# Marks are drawn nearer to the eye by this part of their distance, in front of their own surface.
CLOSER = 0.02
CIRCLE = np.array([(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 25)])


@dataclass(frozen=True)
class Mark:
    """A prompt that has a place. Equal marks are in the same place."""

    kind: str
    viewmat: tuple[float, ...]  # from the object's own space, row by row
    K: tuple[float, ...]
    pixels: str
    unseen: str


@dataclass
class Place:
    """Where a mark is."""

    points: np.ndarray  # (P, 3) in object space
    anchors: np.ndarray  # (A, 3), the means of the splats that it touches
    shown: bool = True
    checked: int = 0  # the number of the splats' state that `shown` is true of


def of(thing: SplatObject) -> list[tuple[Mark, bool]]:
    """The placed prompts of an object's active segment, and whether they are positive."""
    own = thing.ludvig
    if not 0 <= own.active_segment < len(own.segments):
        return []
    prompts = own.segments[own.active_segment].prompts
    shift = frame.shift(thing)

    def viewmat(prompt: Prompt) -> tuple[float, ...]:
        return tuple((np.reshape(prompt.viewmat, (4, 4)) @ shift).ravel().tolist())

    return [
        (Mark(p.kind, viewmat(p), tuple(p.K), p.pixels, p.unseen), p.positive)
        for p in prompts
        if p.pixels
    ]


def unseen(thing: SplatObject, mark: Mark) -> np.ndarray | None:
    """The splats that were hidden when the prompt was made, (N,) bool. Main thread."""
    return attributes.get(thing.data, mark.unseen) if mark.unseen else None


def locate(mark: Mark, cloud: Cloud, unseen: np.ndarray | None) -> Place:
    """Where a mark is; it has no points where there is no splat. For the worker."""
    viewmat, K = np.reshape(mark.viewmat, (4, 4)), np.reshape(mark.K, (3, 3))
    pixels = strokes.read(mark.pixels)
    shown = (
        ~unseen
        if unseen is not None and len(unseen) == len(cloud.texels)
        else np.ones(len(cloud.texels), bool)
    )
    kind = kinds.drawn_as(mark.kind)
    found, rows = touched(cloud.texels, shown, viewmat, K, kind.probes(pixels))
    found, anchors = found[rows >= 0], cloud.snapshot.means[rows[rows >= 0]]
    outline = kind.outline(pixels)
    if outline is None or not len(found):
        return Place(found, anchors)
    depth = np.median(found @ viewmat[2, :3] + viewmat[2, 3])
    return Place(unprojected(viewmat, K, outline, np.full(len(outline), depth)), anchors)


def visible(anchors: list[np.ndarray], now: Snapshot) -> list[bool]:
    """For each mark, whether at least half of its splats are there and not hidden.

    Splats are known by their means, because rows change when others are deleted. For the worker.
    """
    same = np.isin(now.means[:, 0], np.concatenate(anchors)[:, 0])
    rows = np.flatnonzero(same if now.hidden is None else same & ~now.hidden)
    here = set(map(tuple, now.means[rows].tolist()))
    return [2 * sum(tuple(one) in here for one in some.tolist()) >= len(some) for some in anchors]


def draw(found: list[tuple[Mark, bool, np.ndarray]], lens: Lens, world: np.ndarray) -> None:
    """Draw marks into the region that Blender is drawing.

    Each has its points in the space of the object, whose world matrix is `world`.
    """
    gpu.state.blend_set("ALPHA")
    gpu.state.depth_test_set("NONE")
    _draw_all(found, lens, world, BEHIND)
    gpu.state.depth_test_set("LESS_EQUAL")
    _draw_all(found, lens, world, 1.0)
    gpu.state.depth_test_set("NONE")
    gpu.state.blend_set("NONE")


def _draw_all(
    found: list[tuple[Mark, bool, np.ndarray]], lens: Lens, world: np.ndarray, alpha: float
) -> None:
    for mark, positive, points in found:
        dots = kinds.drawn_as(mark.kind).dots or len(points) == 1
        shape = _dot if dots else _line
        points = _closer(points @ world[:3, :3].T + world[:3, 3], lens)
        shape(points, (0.0, 0.0, 0.0, 0.8 * alpha), lens, RIM)
        shape(points, (*strokes.COLORS["ADD" if positive else "REMOVE"][:3], alpha), lens, 0.0)


def _closer(points: np.ndarray, lens: Lens) -> np.ndarray:
    """Move points nearer to the eye; they stay at the same place in the picture."""
    if not lens.orthographic:
        return points + CLOSER * (lens.position - points)
    depths = points @ lens.view[2, :3] + lens.view[2, 3]
    return points + CLOSER * np.abs(depths)[:, None] * lens.view[2, :3]


def _dot(points: np.ndarray, color: tuple[float, ...], lens: Lens, more: float) -> None:
    depths = -(points @ lens.view[2, :3] + lens.view[2, 3])
    distances = np.ones_like(depths) if lens.orthographic else depths
    pixel = 2 / (lens.projection[1, 1] * lens.height) * distances
    round_ = CIRCLE @ lens.view[:2, :3] * (DOT + more)
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", color)
    for point, size in zip(points, pixel, strict=True):
        fan = [point, *(point + size * round_)]
        corners = [fan[i] for k in range(1, len(fan) - 1) for i in (0, k, k + 1)]
        painter.batch(shader, "TRIS", pos=np.array(corners, np.float32)).draw(shader)


def _line(points: np.ndarray, color: tuple[float, ...], lens: Lens, more: float) -> None:
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.uniform_float("viewportSize", (lens.width, lens.height))
    shader.uniform_float("lineWidth", LINE + 2 * more)
    shader.uniform_float("color", color)
    if len(points):
        painter.batch(shader, "LINE_STRIP", pos=points.astype(np.float32)).draw(shader)


class Marks:
    """The marks of the active object; the worker locates new ones before they are drawn."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._places: dict[Mark, Place] = {}
        # Of the splats that were drawn last: which object and geometry, what is hidden, and how
        # often that has changed. What is selected changes with each step of a brush.
        self._drawn: tuple[int, int] | None = None
        self._hidden: np.ndarray | None = None
        self._state = 0

    def draw(self, context: bpy.types.Context, lens: Lens, items: list[Item]) -> None:
        """Draw into the region that Blender is drawing."""
        thing = cast("SplatObject", context.view_layer.objects.active)
        item = next(
            (item for item in items if thing is not None and item.uid == thing.session_uid), None
        )
        wanted = item is not None and properties.drawing(context.scene).prompts
        shown = of(thing) if wanted else []
        self._places = {mark: self._places[mark] for mark, _ in shown if mark in self._places}
        if item is None or not shown:
            return
        for mark in {mark for mark, _ in shown} - set(self._places):
            work = partial(locate, mark, item.cloud, unseen(thing, mark))
            self._ask(("mark", mark), work, partial(self._arrived, mark))
        self._look(item)
        old = [place for place in self._places.values() if place.checked != self._state]
        if old:
            look = partial(visible, [place.anchors for place in old], item.cloud.snapshot)
            self._ask(("shown",), look, partial(_checked, old, self._state))
        places = [(mark, yes, self._places[mark]) for mark, yes in shown if mark in self._places]
        found = [(mark, yes, place.points) for mark, yes, place in places if place.shown]
        if found:
            draw(found, lens, item.world)

    def _look(self, item: Item) -> None:
        """Notice whether other splats are there, or hidden, than before."""
        drawn, hidden = (item.uid, item.cloud.geometry_version), item.cloud.snapshot.hidden
        same = hidden is self._hidden or (
            hidden is not None and self._hidden is not None and np.array_equal(hidden, self._hidden)
        )
        self._state += drawn != self._drawn or not same
        self._drawn, self._hidden = drawn, hidden

    def _ask(
        self, slot: tuple[object, ...], work: Callable[[], R], done: Callable[[R], None]
    ) -> None:
        if not self._worker.busy(slot):
            self._worker.submit(slot, work, done)

    def _arrived(self, mark: Mark, place: Place) -> None:
        self._places[mark] = place


def _checked(places: list[Place], state: int, shown: list[bool]) -> None:
    for place, yes in zip(places, shown, strict=True):
        place.shown, place.checked = yes, state
