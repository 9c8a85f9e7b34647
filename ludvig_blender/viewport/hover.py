"""What a click would hit, found when the mouse rests, without asking the engine.

A click on a splat of a segment most likely means that segment again, and one on a part that was
found without prompts means the part. Where nothing is known yet, only the splats that the click
would point at are lit: the engine alone can say what they belong to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ..data import attributes, changes, parts, segments, splats
from ..engine import pump
from ..maths.lens import Lens
from . import surface
from .cloud import Cloud
from .intake import Intake
from .order import sorted_exactly
from .screen import middle
from .screens import Screens, Seen
from .worker import Worker

if TYPE_CHECKING:
    from ..data.types import SplatObject

REST = 0.12  # seconds that the mouse stays in its place before anything is looked up
AGAIN = 0.03  # seconds between looks for what is being prepared
LEAST = 0.02  # of a pixel: what splats with a smaller weight add is not seen
AROUND = 10  # pixels of the surface around the mouse that are lit where nothing is known


@dataclass(frozen=True, eq=False)
class Lit:
    """Splats that are lit: rows (M,) of an object's points in one version, back to front."""

    uid: int
    geometry_version: int
    rows: np.ndarray


@dataclass(frozen=True)
class Aim:
    """Where the mouse is."""

    uid: int
    lens: Lens
    place: tuple[float, float]  # pixels from the lower left of the region
    tool: str

    @property
    def key(self) -> tuple[object, ...]:
        view, projection = self.lens.view.tobytes(), self.lens.projection.tobytes()
        return self.uid, view, projection, self.place, self.tool


class Hover:
    """It follows the mouse; `lit` is what to light. No step takes more than some ms."""

    def __init__(
        self, worker: Worker, intake: Intake, screens: Screens, wake: Callable[[], object]
    ) -> None:
        """`wake` starts the timer that fetches what the worker has done."""
        self._worker, self._intake = worker, intake
        self._screens, self._wake = screens, wake
        self._timer = self._rested
        self._aim: Aim | None = None
        self._moved = 0.0
        self.lit: Lit | None = None

    def stop(self) -> None:
        """End the timer."""
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)

    def move(self, thing: SplatObject, lens: Lens, place: tuple[float, float], tool: str) -> None:
        """The mouse is here, over a view of this object. Blender also says so when it rests."""
        aim = Aim(thing.session_uid, lens, place, tool)
        if self._aim is not None and aim.key == self._aim.key:
            return
        self._aim, self._moved = aim, time.monotonic()
        if not bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.register(self._timer, first_interval=REST)

    def shown(self, tool: str) -> Lit | None:
        """What to light while this tool is active: nothing while the engine works."""
        if self._aim is None or self._aim.tool != tool or pump.every():
            return None
        return self.lit

    def _rested(self) -> float | None:
        """Look up what is under the mouse. Returns the seconds until the next try."""
        left = self._moved + REST - time.monotonic()
        if left > 0:
            return left
        aim = self._aim
        thing = splats.with_uid(aim.uid) if aim is not None else None
        if aim is None or not splats.is_splats(thing) or pump.every():
            self._light(None)
            return None
        cloud = self._intake.cloud(thing)
        try:
            seen = self._screens.of(thing, cloud, aim.lens) if cloud is not None else None
        except EngineError:  # of an object that no click can be made on
            self._light(None)
            return None
        if cloud is None or seen is None:
            self._wake()
            return AGAIN
        rows, _, weights = seen.screen.under(seen.pixel(*aim.place), seen.hidden)
        place = middle(weights)
        if place is None:
            self._light(None)
            return None
        front = partial(_front, seen, seen.pixel(*aim.place), rows[weights > LEAST])
        work = partial(_sorted, _members(thing, cloud, int(rows[place])) or front, seen)
        arrived = partial(self._arrived, aim.key, cloud)
        self._worker.submit("hover", work, arrived)
        self._wake()
        return None

    def _arrived(self, key: tuple[object, ...], cloud: Cloud, rows: np.ndarray) -> None:
        if self._aim is not None and self._aim.key == key:
            self._light(Lit(self._aim.uid, cloud.geometry_version, rows))

    def _light(self, lit: Lit | None) -> None:
        if lit is not self.lit:
            self.lit = lit
            changes.redraw()


def _sorted(find: Callable[[], np.ndarray], seen: Seen) -> np.ndarray:
    """Rows, back to front: else the depth of what is lit would be that of what it hides."""
    rows = find()
    forward = seen.screen.viewmat[2, :3].astype(np.float32)
    return rows[sorted_exactly(seen.cloud.snapshot.means[rows] @ forward)[::-1]]


def _front(seen: Seen, pixel: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What is seen in the pixel, and the surface around it: the pixel alone would be too small."""
    coin = surface.brushed(seen.screen, seen.hidden, pixel, AROUND, 0.5)
    if coin is None:
        return rows
    around = surface.within(seen.screen, seen.hidden, coin)
    return np.union1d(rows, around)


def _members(thing: SplatObject, cloud: Cloud, row: int) -> partial[np.ndarray] | None:
    """The work that finds all splats of the segment or part of a splat; None if it has none."""
    size = len(cloud.snapshot)
    if attributes.count(thing.data) != size:  # modifiers have changed which splats there are
        return None
    hidden = cloud.snapshot.hidden
    segment = segments.owner(thing, row)
    values = segments.scores(thing, segment) if segment is not None else None
    if segment is not None and values is not None:
        return partial(_above, values, segment.threshold, hidden)
    leaf = parts.leaves(thing)
    if leaf is None or leaf[row] < 0:
        return None
    return partial(_of_part, thing.ludvig.hierarchy, thing.ludvig.granularity, leaf, row, hidden)


def _above(scores: np.ndarray, threshold: float, hidden: np.ndarray | None) -> np.ndarray:
    return _shown(scores > np.float32(threshold), hidden)


def _of_part(
    hierarchy: str, granularity: float, leaf: np.ndarray, row: int, hidden: np.ndarray | None
) -> np.ndarray:
    return _shown(parts.around(hierarchy, granularity, leaf, row), hidden)


def _shown(chosen: np.ndarray, hidden: np.ndarray | None) -> np.ndarray:
    return np.flatnonzero(chosen if hidden is None else chosen & ~hidden)
