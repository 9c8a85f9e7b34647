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

# A view has seen a Gaussian if it showed this share of what it will show of it,
SEEN = 0.5
# and a Gaussian that so many views have seen is not in doubt, however many others have not. What is
# in front of an object is hidden by it in all views from behind.
ENOUGH = 4
LITTLE = 0.1  # a view that shows less than this of a Gaussian, in pixels, says nothing about it


def doubted(
    left: Gaussians,
    evidence: Float[Array, "V M"],
    object_points: Float[Array, "P 3"],
    sights: Sequence[Sighting],
    raster: Raster,
    job: Job = SILENT,
) -> Bool[Array, " M"]:
    """Which of those left around the object have been seen too little. Raises `Cancelled`.

    `evidence` is what each sight showed of each while the object was there: Σ w in pixels.
    """
    saw, show = np.zeros((2, len(left)), np.int32)
    for sight, before in job.track(list(zip(sights, evidence, strict=True)), FIND_HOLES):
        region = around(sight.share > 0.5)
        one = np.ones((1, *region.shape), np.float32)
        shown = adjoint(left, sight.camera, one, valid=region, raster=raster, job=job)[1]
        show += shown > LITTLE
        saw += (shown > LITTLE) & (before > SEEN * shown)
    found: Array = close(left.means, object_points) & (saw < np.minimum(show, ENOUGH))
    return found
