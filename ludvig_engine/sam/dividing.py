"""Divides a whole scene with the help of a SAM, which segments everything in some views.

A superpoint counts to a mask by the pixels in which its Gaussians are the visible surface.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..arrays import Array, Bool, Int
from ..progress import SILENT, Job, Step
from ..rendering.front import front
from ..scene import evenly
from ..segmentation import automatic
from ..segmentation.automatic import Hierarchy
from ..segmentation.fronts import reduced
from ..segmentation.masked import Masked
from ..segmentation.prepared import Prepared
from ..segmentation.trail import recent
from ..stages import SEGMENT_EVERYTHING
from .everything import everything
from .looks import Looks, Picture
from .segmenter import Segmenter
from .segmenting import KEPT

# Views that the SAM is shown, spread evenly. Each takes it a minute or more on a CPU.
VIEWS = 8


def divided(prepared: Prepared, segmenter: Segmenter | None, *, job: Job = SILENT) -> Hierarchy:
    """The segments of a scene, without a SAM if there is none. Raises `Cancelled`.

    Those that were found last are kept.
    """
    if segmenter is None:
        return automatic.divided(prepared, job=job)
    looks = Looks.of(prepared, segmenter, job)

    def make() -> Hierarchy:
        look = partial(looked, prepared, looks, job=job)
        return automatic.divide(prepared, look=look, job=job)

    # Not `Prepared.keep`, which would go on for minutes after the job is canceled.
    found: Hierarchy = recent(looks.proposals, b"hierarchy", make, KEPT)
    return found


def looked(
    prepared: Prepared, looks: Looks, labels: Int[Array, " N"], *, job: Job = SILENT
) -> Masked:
    """What the masks of everything in some views hold of each superpoint; `labels` number them."""
    views, count = evenly(prepared.views, VIEWS), int(labels.max()) + 1
    shown = list[Array]()
    held, of = [np.zeros((0, count))], list[int]()
    for number, view in enumerate(views):
        seeing, masking = (
            Step(job, SEGMENT_EVERYTHING, 2 * number + half, 2 * len(views)) for half in (0, 1)
        )
        camera = reduced(view.camera)
        place = front(prepared.gaussians, camera, raster=prepared.raster, job=job)
        region = np.where(place < 0, -1, labels[place])
        look = looks.at(Picture.of_view(view), seeing)
        if look.valid is not None:
            region[~fitted(look.valid, region.shape)] = -1
        shown.append(np.bincount(region[region >= 0], minlength=count))
        looks.segmenter.look(look.seen)
        for mask in everything(looks.segmenter, job=masking):
            inside = region[fitted(mask, region.shape) & (region >= 0)]
            held.append(np.bincount(inside, minlength=count).astype(float)[None])
            of.append(number)
    return Masked(np.concatenate(held).T, np.stack(shown, 1).astype(float), np.array(of, int))


def fitted(mask: Bool[Array, "H W"], shape: tuple[int, int]) -> Bool[Array, "h w"]:
    """A mask of another size, each pixel as in the middle of its place."""
    rows, columns = (
        ((np.arange(n) + 0.5) * side / n).astype(int)
        for n, side in zip(shape, mask.shape, strict=True)
    )
    return mask[np.ix_(rows, columns)]
