"""`ludvig segment --sam`: a SAM turns clicks and boxes into masks first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..progress import Job
from ..rendering import Raster
from ..sam import Segmenter
from ..sam.multiview import SPIN, multiview
from ..sam.prompted import pointing, to_paint
from ..sam.proposing import Mark, box_on, click_on
from ..scene import Scene
from ..segmentation import painting
from ..segmentation.agreement import agreement
from ..segmentation.paint import Paint
from ..segmentation.segment import Segment
from .prompts import Box, Click

_THRESHOLDS = np.linspace(0.05, 0.95, 19)


def of_prompts(segmenter: Segmenter, clicks: Sequence[Click], boxes: Sequence[Box]) -> list[Paint]:
    """One mask per box, which also uses the clicks on its photo; else one per photo with clicks."""
    on: dict[str, list[Click]] = {}
    for click in clicks:
        on.setdefault(click[0].name, []).append(click)
    prompts = [
        pointing(view, [c[1:] for c in on.pop(view.name, ())], (x0, y0, x1, y1))
        for view, x0, y0, x1, y1 in boxes
    ]
    prompts += [pointing(some[0][0], [c[1:] for c in some]) for some in on.values()]
    return [to_paint(segmenter, prompt) for prompt in prompts]


def marks(clicks: Sequence[Click], boxes: Sequence[Box]) -> list[Mark]:
    """Clicks and boxes as a SAM takes them."""
    of_clicks = (
        click_on(view, x, y, painting.photo_click(view, x, y, positive=positive))
        for view, x, y, positive in clicks
    )
    return [*of_clicks, *(box_on(*box) for box in boxes)]


def all_photos(
    scene: Scene, segmenter: Segmenter, paints: Sequence[Paint], *, raster: Raster, job: Job
) -> Segment:
    """Run the multi-view scheme of LUDVIG, section 4.2, on all photos.

    The mask, out of three, and the threshold are those that agree best with the prompts.
    """
    views = [view for view in scene.views if view.pictured]
    scores, weights = multiview(
        scene.gaussians, views, paints, segmenter, scheme=SPIN, raster=raster, job=job
    )
    found = agreement(
        scene.gaussians, scores, paints, thresholds=_THRESHOLDS, raster=raster, job=job
    )
    channel, n = np.unravel_index(np.argmax(found), found.shape)
    return Segment(
        scores[:, channel],
        float(_THRESHOLDS[n]),
        f"found by agreement with the prompts, IoU {found[channel, n]:.2f}",
        {"mask": float(channel)},
        {"agreement": float(found[channel, n]), "seen": float((weights > 0).mean())},
    )
