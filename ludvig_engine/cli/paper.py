"""`ludvig segment --config`: run one of the paper's experiments on your own scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..arrays import Array, Float
from ..cache.store import Cache
from ..errors import EngineError
from ..paper.configs import Foreground, Masks
from ..paper.masks import find_by_masks
from ..paper.one_view import find_foreground, prepare_pruned
from ..progress import Job
from ..rendering import Raster
from ..sam.prompted import reference_mask
from ..scene import Scene
from ..segmentation.paint import Paint, merged
from ..segmentation.segment import Segment
from .learned import Models


def foreground(
    scene: Scene,
    config: Foreground | Masks,
    paints: Sequence[Paint],
    *,
    extractor: str,
    models: Models,
    raster: Raster,
    cache: Cache | None,
    job: Job,
) -> Segment:
    """Find the object as the experiment does; the scores (N) are in the engine's order.

    An empty `extractor` stands for the experiment's own. Raises `EngineError` "bad_input" if the
    prompts are not all on one photo.
    """
    together = merged(paints)
    if len(together) != 1:
        raise EngineError(
            "bad_input",
            f"This configuration needs prompts on exactly one photo, but they are on "
            f"{len(together)}.",
            ["Give one --mask or --scribble."],
        )
    paint = together[0]
    if isinstance(config, Masks):
        segmenter = models.segmenter(config.segmenter)
        found, rows = find_by_masks(scene, paint, segmenter, config, raster=raster, job=job)
        return replace(found.segment, scores=whole(scene, found.segment.scores, rows))
    config = replace(config, recipe=replace(config.recipe, raster=raster))
    loaded, reference = models.features(extractor or config.extractor), None
    if config.segmenter:
        view = next(view for view in scene.views if view.camera is paint.camera)
        reference = reference_mask(models.segmenter(config.segmenter), view, paint)
    prepared, rows = prepare_pruned(scene, loaded, config, cache=cache, job=job)
    found = find_foreground(prepared, paint, config, reference=reference, job=job)
    return replace(found.segment, scores=whole(scene, found.segment.scores, rows))


def whole(scene: Scene, values: Float[Array, "M ..."], rows: Array) -> Float[Array, "N ..."]:
    """Extend values to all Gaussians; those that were pruned get 0."""
    out = np.zeros((len(scene), *values.shape[1:]), np.float32)
    out[rows] = values
    return out
