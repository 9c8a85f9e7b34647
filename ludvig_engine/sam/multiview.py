"""One prompt gives masks in every photo: LUDVIG's multi-view scheme for SAM (section 4.2).

The prompt is lifted to the Gaussians and rendered into each photo as a heat map. Points are drawn
at random from its hottest pixels and given to the segmenter, several times. The mean of the masks
is the feature map of that photo, and the maps of all photos are uplifted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..io.photos import read_photo
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster, adjoint, render
from ..scene import Gaussians, View
from ..segmentation.paint import Paint
from ..stages import SEGMENT_PHOTOS
from .segmenter import Segmenter


@dataclass(frozen=True)
class Scheme:
    """The paper's settings for NVOS by default; those for SPIn-NeRF are `SPIN`."""

    # The number of candidate pixels is this share of the sum of the heat map. It is a third of the
    # published code's number, because uplifted prompts are a third of ours there.
    share: float = 1 / 3
    sets: int = 10  # prompts per photo
    points: int = 3  # points per prompt
    # Whether to keep the network's three masks, of different size, as channels.
    multimask: bool = False


NVOS = Scheme()
SPIN = Scheme(share=0.4 / 3, multimask=True)


def multiview(
    gaussians: Gaussians,
    views: Sequence[View],
    paints: Sequence[Paint],
    segmenter: Segmenter,
    *,
    scheme: Scheme = NVOS,
    seed: int = 0,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> tuple[Float[Array, "N M"], Float[Array, " N"]]:
    """Uplifted masks in 0..1, and the sum of the blending weights Σ w of each Gaussian.

    M is 3 if `scheme.multimask`, else 1. Only positive paint counts. A photo that does not show the
    prompted Gaussians gets an empty mask: all it shows counts as background. Raises `EngineError`
    "bad_input" if no Gaussian is visible under positive paint.
    """
    heat = _lifted(gaussians, paints, raster, job)
    if not heat.any():
        raise EngineError(
            "bad_input",
            "None of your positive prompts touches a visible splat.",
            ["Click on a part of the object that the splats show."],
        )
    rng = np.random.default_rng(seed)
    sums = np.zeros((len(gaussians), 3 if scheme.multimask else 1), np.float32)
    weights = np.zeros(len(gaussians), np.float32)
    for view in job.track(views, SEGMENT_PHOTOS.of(segmenter.name)):
        image, _ = render(gaussians, view.camera, heat, raster=raster, job=job)
        photo = read_photo(view)
        allowed = image[0] if photo.valid is None else image[0] * photo.valid
        chosen = draw_points(allowed, scheme, rng)
        found = np.zeros((sums.shape[1], *allowed.shape), np.float32)
        if len(chosen):
            segmenter.set_image(photo.pixels)
            masks, _ = segmenter.predict_many(
                chosen, np.ones(chosen.shape[:2], int), multimask=scheme.multimask
            )
            found = mean_mask(masks)
        part, total = adjoint(
            gaussians, view.camera, found, valid=photo.valid, raster=raster, job=job
        )
        sums += part
        weights += total
    return np.divide(
        sums, weights[:, None], out=np.zeros_like(sums), where=weights[:, None] > 0
    ), weights


def draw_points(
    heat: Float[Array, "H W"], scheme: Scheme, rng: np.random.Generator
) -> Float[Array, "B P 2"]:
    """Draw `scheme.sets` prompts of `scheme.points` distinct pixels each from the hottest pixels.

    Returns x, y in pixels, centers at +0.5. The number of candidate pixels is the sum of the heat
    times `scheme.share`; if that is less than a prompt needs, no prompt is drawn (B = 0).
    """
    count = min(int(scheme.share * float(heat.sum())), int((heat > 0).sum()))
    if count < scheme.points:
        return np.zeros((0, scheme.points, 2))
    hottest = np.argpartition(heat.ravel(), -count)[-count:]
    chosen = np.stack(
        [rng.choice(hottest, scheme.points, replace=False) for _ in range(scheme.sets)]
    )
    rows, columns = np.divmod(chosen, heat.shape[1])
    return np.stack([columns, rows], -1) + 0.5


def mean_mask(masks: Bool[Array, "B M H W"]) -> Float[Array, "M H W"]:
    """The mean over the B prompts, divided by its maximum over all channels; 0..1."""
    mean = masks.mean(0, dtype=np.float32)
    return np.asarray(mean / max(float(mean.max()), 1e-12), np.float32)


def _lifted(
    gaussians: Gaussians, paints: Sequence[Paint], raster: Raster, job: Job
) -> Float[Array, "N 1"]:
    """Σ w m / Σ w over all pixels of every painted image, with m the positive paint.

    Unlike in `painting.lift`, pixels without paint count as 0 and lower the mean.
    """
    sums, weights = np.zeros((len(gaussians), 1), np.float32), np.zeros(len(gaussians), np.float32)
    for paint in paints:
        image = paint.whole.positive[None]
        part, total = adjoint(gaussians, paint.camera, image, raster=raster, job=job)
        sums += part
        weights += total
    return np.divide(sums, weights[:, None], out=np.zeros_like(sums), where=weights[:, None] > 0)
