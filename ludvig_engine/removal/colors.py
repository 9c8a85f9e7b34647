"""In which colors the views see a surface.

They are not those of its Gaussians from above: of a rough surface such as a carpet, the tips are on
top, but views from the side see the dark between them as well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..arrays import Array, Bool, Float
from .hole import Sheet
from .sightings import COVERED, Sighting

# Pixels of a sight that are nearer to the object than this took part of their color from it. With
# 1 or 4 in place of 2.5, `desk` (docs/removal.md) gets 0.01 or 0.02 dB better: that is chance.
STAINED = 2.5
# A view counts with the area that it shows a cell on to this power: nearly all of a color comes
# from the view that shows it best, because the mean of many is blurred where a surface is rough.
# `desk` has 23.79 dB with 1, 23.86 with 2, 23.89 with 4 and 23.88 with 8.
BEST = 4


def seen_colors(
    sheet: Sheet, sights: Sequence[Sighting], off: float
) -> tuple[Float[Array, "h w 3"], Bool[Array, "h w"]]:
    """What the sights show of each cell beside the object, in 0..1, and which cells they show.

    A sight shows a cell if what it sees there is within `off` of the plane, in scene units.
    """
    points = sheet.points()
    normal = sheet.plane.axes[2]
    sums, total = np.zeros((len(points), 3), np.float32), np.zeros(len(points), np.float32)
    for sight in sights:
        inside, rows, columns, depth = sight.camera.in_picture(points)
        steep = ((sight.camera.center - points[inside]) @ normal) / depth
        near = ndimage.distance_transform_edt(sight.share <= COVERED) <= STAINED
        below = (sight.depth[rows, columns] - depth) * steep
        shown = ~near[rows, columns] & (np.abs(below) <= off) & (steep > 0)
        inside = inside[shown]
        area = steep[shown] * sight.camera.K[0, 0] * sight.camera.K[1, 1] / depth[shown] ** 2
        weight = ((area * sheet.cell**2) ** BEST).astype(np.float32)
        sums[inside] += weight[:, None] * sight.picture[:, rows[shown], columns[shown]].T
        total[inside] += weight
    shape = sheet.height, sheet.width
    found = sums / np.maximum(total, 1e-30)[:, None]
    return found.reshape(*shape, 3), (total > 0).reshape(shape)
