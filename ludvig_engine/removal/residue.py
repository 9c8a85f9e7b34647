"""What only existed to draw an object: faint copies before it, its inside, its unselected edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Array, Bool, Float
from ..scene import Gaussians
from .footprints import Footprints, close
from .sightings import Sighting

# What draws the object with at least this share of its weight goes with it.
SHARE = 0.5
# What no view shows: less than this, summed over all pictures, in pixels.
UNSEEN = 0.3


def residue(
    gaussians: Gaussians,
    selected: Bool[Array, " N"],
    seen: Footprints,
    sights: Sequence[Sighting],
) -> Bool[Array, " N"]:
    """Unselected Gaussians that would be left of an object that is gone.

    Nothing that pictures show outside the silhouettes goes: of each, most of the weight is inside.
    """
    near = ~selected & close(gaussians.means, gaussians.means[selected])
    found: Array = near & (seen.share > SHARE) & (seen.inside > UNSEEN)
    rows = np.flatnonzero(near & (seen.inside + seen.outside <= UNSEEN))
    found[rows] = _enclosed(gaussians.means[rows], sights)
    return found


def _enclosed(points: Float[Array, "P 3"], sights: Sequence[Sighting]) -> Bool[Array, " P"]:
    """What is behind the object in every picture that it is in, and in three at least."""
    behind, shown = np.zeros((2, len(points)), np.int32)
    for sight in sights:
        which, row, column, _ = sight.camera.in_picture(points)
        shown[which] += 1
        behind[which] += sight.share[row, column] > 0.5
    found: Array = (behind >= 3) & (behind == shown)
    return found
