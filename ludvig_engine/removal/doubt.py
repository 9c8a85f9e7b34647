"""What the views have hardly seen as long as the object was before it.

Under an object and in its inside are Gaussians of any color: they shone through a little, or stood
in for the object where no view looked. What will be seen of each once the object is gone, compared
with what has been seen, says whether its color can be believed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..rendering import adjoint
from ..scene import Gaussians
from ..scene.raster import Raster
from ..stages import FIND_HOLES
from .footprints import around, close
from .sightings import Sighting

# A Gaussian of which less than this share has been seen is in doubt.
SEEN = 0.5


def doubted(
    left: Gaussians,
    evidence: Float[Array, " M"],
    object_points: Float[Array, "P 3"],
    sights: Sequence[Sighting],
    raster: Raster,
    job: Job = SILENT,
) -> Bool[Array, " M"]:
    """Which of those left around the object have been seen too little. Raises `Cancelled`.

    `evidence` is what the sights showed of each while the object was there: Σ w in pixels.
    """
    shown = np.zeros(len(left), np.float32)
    for sight in job.track(sights, FIND_HOLES):
        region = around(sight.share > 0.5)
        one = np.ones((1, *region.shape), np.float32)
        shown += adjoint(left, sight.camera, one, valid=region, raster=raster, job=job)[1]
    found: Array = close(left.means, object_points) & (evidence < SEEN * shown)
    return found
