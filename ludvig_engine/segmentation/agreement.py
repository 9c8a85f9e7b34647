"""How well does a selection, rendered, agree with what was painted?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Array, Float
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster, render
from ..scene import Gaussians
from ..stages import COMPARE_PROMPTS
from .paint import Paint
from .painting import shown

_EPS = 1e-6  # alpha below which a pixel shows nothing


def agreement(
    gaussians: Gaussians,
    scores: Float[Array, "N C"],
    paints: Sequence[Paint],
    *,
    thresholds: Float[Array, " T"],
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Float[Array, "C T"]:
    """IoU of the positive pixels and those whose mean score is above each threshold.

    Unpainted pixels do not count. The mean over a pixel's Gaussians stands for the rendered
    selection: to render every selection would cost T times as much and chooses no better.
    """
    both, either = np.zeros((2, scores.shape[1], len(thresholds)))
    for paint in (paint.whole for paint in job.track(paints, COMPARE_PROMPTS)):
        image, alpha = render(
            shown(gaussians, paint.visible), paint.camera, scores, raster=raster, job=job
        )
        painted = paint.positive + paint.negative > 0
        yes, no = paint.positive[painted], paint.negative[painted]
        for n, channel in enumerate(image):
            mean = (channel / np.maximum(alpha, _EPS))[painted]
            level = np.searchsorted(thresholds, mean)  # how many thresholds are below it
            inside, outside = (
                np.bincount(level, w, len(thresholds) + 1)[::-1].cumsum()[::-1][1:]
                for w in (yes, no)
            )
            both[n] += inside
            either[n] += yes.sum() + outside
    return both / np.maximum(either, _EPS)
