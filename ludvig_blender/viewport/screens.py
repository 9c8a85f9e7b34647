"""What the mouse may point at: the splats of one object in one view, looked up by pixel.

The worker prepares it for the newest view, and only for tools that ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..maths import pinhole, strokes
from ..maths.lens import Lens
from . import reader
from .cloud import Cloud, update
from .screen import Screen
from .worker import Worker

if TYPE_CHECKING:
    from ..data.types import SplatObject


@dataclass(frozen=True)
class Seen:
    """An object in a view, whose pixels are counted from the upper left."""

    screen: Screen
    cloud: Cloud
    lens: Lens
    world: np.ndarray
    mirrored: bool

    def pixel(self, x: float, y: float) -> np.ndarray:
        """A place (2,) of the region, counted from its lower left, as a pixel of `screen`."""
        across = self.lens.width - 1 - x if self.mirrored else x
        return np.array([across, self.lens.height - 1 - y], np.float64)

    def places(self, points: np.ndarray) -> np.ndarray:
        """Where in the region (P, 2), from its lower left, are points (P, 3) in object space."""
        full = self.lens.projection @ self.lens.view @ self.world
        clip = np.column_stack([points, np.ones(len(points))]) @ full.T
        return (0.5 * clip[:, :2] / clip[:, 3:] + 0.5) * [self.lens.width, self.lens.height]

    @property
    def hidden(self) -> np.ndarray | None:
        """Which splats are hidden, (N,) bool; None if none is."""
        return self.cloud.snapshot.hidden


def look(thing: SplatObject, lens: Lens) -> Seen | None:
    """Read and look at an object at once; None if its modifiers leave no splats.

    Raises `EngineError` if it is scaled unevenly.
    """
    points = reader.evaluated(thing)
    if points is None:
        return None
    cloud = update(None, reader.snapshot(thing, points))
    world = np.array(thing.matrix_world, np.float64)
    view = pinhole.viewport(lens, world, strokes.center(thing))
    screen = _screen(cloud, view.viewmat, view.K, lens)
    return Seen(screen, cloud, lens, world, pinhole.mirrored(world))


def _screen(cloud: Cloud, viewmat: np.ndarray, K: np.ndarray, lens: Lens) -> Screen:
    last = np.array([lens.width - 1, lens.height - 1])
    return Screen(cloud.texels, viewmat, K, np.zeros(2), last)


class Screens:
    """The newest object and view that were asked for."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._key: tuple[object, ...] = ()
        self._screen: Screen | None = None

    def of(self, thing: SplatObject, cloud: Cloud, lens: Lens) -> Seen | None:
        """An object in a view; None while that is being prepared.

        Raises `EngineError` if the object is scaled unevenly.
        """
        world = np.array(thing.matrix_world, np.float64)
        key = (
            *(cloud.geometry_version, world.tobytes(), lens.width, lens.height),
            *(lens.view.tobytes(), lens.projection.tobytes()),
        )
        if key != self._key and not self._worker.busy("screen"):
            view = pinhole.viewport(lens, world, strokes.center(thing))
            self._key, self._screen = key, None
            work = partial(_screen, cloud, view.viewmat, view.K, lens)
            self._worker.submit("screen", work, partial(self._arrived, key), seen=False)
        if key != self._key or self._screen is None:
            return None
        return Seen(self._screen, cloud, lens, world, pinhole.mirrored(world))

    def _arrived(self, key: tuple[object, ...], screen: Screen) -> None:
        if key == self._key:
            self._screen = screen
