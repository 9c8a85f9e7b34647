"""One object from one view by masks alone: the rows "SAM" of the paper on NVOS and SPIn-NeRF."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Int
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster, render
from ..sam.multiview import multiview
from ..sam.segmenter import Segmenter
from ..scene import Scene
from ..segmentation.paint import Paint
from ..segmentation.segment import Segment
from .configs import Masks
from .cuts import CUTS, agreements, li, to_unit_range
from .one_view import Found, heaviest


def find_by_masks(
    scene: Scene,
    paint: Paint,
    segmenter: Segmenter,
    config: Masks,
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> tuple[Found, Int[Array, " M"]]:
    """Uplift SAM's masks of all photos, and cut them as `config` says (LUDVIG, section 4.2).

    Returns what was found, whose scores (M) are those of the kept Gaussians, and the indices of
    these; scenes that are not large keep all. Raises `EngineError` "bad_input" if the prompt shows
    no Gaussian.
    """
    views = [view for view in scene.views if view.pictured]
    masks, weights = multiview(
        scene.gaussians, views, [paint], segmenter, scheme=config.scheme, raster=raster, job=job
    )
    rows = heaviest(weights, config.keep)
    gaussians, masks = scene.gaussians.take(rows), masks[rows]
    image = render(gaussians, paint.camera, masks, raster=raster, job=job)[0]
    target = paint.whole.positive > 0.5
    agreeing = np.stack([agreements(to_unit_range(channel), target) for channel in image])
    if config.cut is None:
        channel, n = (int(k) for k in np.unravel_index(np.argmax(agreeing), agreeing.shape))
        how = f"found by agreement with the reference view, IoU {agreeing[channel, n]:.3f}"
    else:
        wanted = li(to_unit_range(image[0])) if config.cut == "li" else float(config.cut)
        channel, n = 0, int(np.argmin(np.abs(CUTS - wanted)))
        how = "Li's threshold" if config.cut == "li" else "fixed by the experiment"
    cut, chosen = float(CUTS[n]), image[channel]
    level = float(chosen.min() + cut * np.ptp(chosen))
    value = float(agreeing[channel, n])
    parameters = {"cut": cut, "mask": float(channel)}
    segment = Segment(masks[:, channel].copy(), level, how, parameters, {"agreement": value})
    return Found(segment, None if config.cut == "li" else cut, value), rows
