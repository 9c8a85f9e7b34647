"""Plan views of a scene from its splats alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float, Int
from ..cache.store import Arrays
from ..errors import EngineError
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians
from .blobs import merged
from .bounds import bounds
from .candidates import AROUND_NEAREST, SIZE, WITHIN_NEAREST, around, within
from .choose import choose, seen
from .sightings import Sightings, sightings

# The scene is looked at from within if that shows so many times as many Gaussians as from outside.
# A closed room with three pieces of furniture has 1.11; a closed shell shows the same from both
# sides, and plants, tables and bunches of bananas show less from within: 0.84 to 1.
ROOM = 1.05
GLIMPSE = 0.1  # of the share that the best view shows: this much counts as shown


@dataclass(frozen=True)
class Plan:
    """Cameras that look at a scene, the most telling first, at the size of `candidates.SIZE`."""

    cameras: tuple[Camera, ...]
    inside: bool  # whether they look out from within
    # How much of what any candidate shows is seen by three of the cameras, 0..1, counted in
    # blending weights.
    covered: float

    def packed(self) -> Arrays:
        """The plan as arrays, for the cache."""
        return {
            "viewmats": np.array([camera.viewmat for camera in self.cameras]),
            "Ks": np.array([camera.K for camera in self.cameras]),
            "inside": np.array([self.inside]),
            "covered": np.array([self.covered]),
        }

    @classmethod
    def unpacked(cls, arrays: Arrays) -> Plan:
        """The plan that `packed` made arrays of."""
        pairs = zip(arrays["viewmats"], arrays["Ks"], strict=True)
        cameras = tuple(Camera(viewmat, K, *SIZE) for viewmat, K in pairs)
        return cls(cameras, bool(arrays["inside"][0]), float(arrays["covered"][0]))


def plan(gaussians: Gaussians, *, job: Job = SILENT) -> Plan:
    """Cameras from which nearly all that can be seen is seen three times.

    The evidence of a Gaussian is the sum of its blending weights over all candidates that count:
    those that show something, and have nothing right before the lens. Each time the candidate is
    taken that adds most evidence, until 99 % of it is of Gaussians that three views see, or all
    that can; at most `choose.MOST`. The same Gaussians give the same plan. Raises `EngineError`
    "bad_input" if nothing can be seen from anywhere.
    """
    ball = job.aside(lambda: bounds(gaussians))
    blobs = job.aside(lambda: merged(gaussians, 2 * ball.radius))
    outer, inner = around(ball), within(ball, blobs)
    outside = sightings(blobs, outer, AROUND_NEAREST * ball.radius, job=job)
    inside = sightings(blobs, inner, WITHIN_NEAREST * ball.radius, job=job)
    core = np.linalg.norm(blobs.means - ball.center, axis=1) <= ball.radius
    room = _is_room(outside.best[core], inside.best[core])
    cameras, found = (inner, inside) if room else (outer, outside)
    rows = _usable(found)
    choice = choose(seen(found.shares[rows]), found.weights[rows].sum(0))
    return Plan(tuple(cameras[rows[n]] for n in choice.rows), room, choice.covered)


def _is_room(outside: Float[Array, " M"], inside: Float[Array, " M"]) -> bool:
    """Whether more is seen from within; given how much of each Gaussian arrives at best."""
    least = GLIMPSE * np.maximum(outside, inside)
    counts = [int(((best >= least) & (best > 0)).sum()) for best in (outside, inside)]
    return counts[1] > ROOM * counts[0]


def _usable(found: Sightings) -> Int[Array, " W"]:
    """The views that are clear, or that show anything if none is, as in fog.

    Raises `EngineError` "bad_input" if none does.
    """
    for good in (found.clear, found.weights.any(1)):
        if good.any():
            return np.flatnonzero(good)
    views, count = found.weights.shape
    raise EngineError(
        "bad_input",
        f"Nothing can be seen of the splats ({count:,}) from any of {views} places around them: "
        "they are too faint, or too small.",
        ["Give cameras with photos, or check the file in a viewer of splats."],
    )
