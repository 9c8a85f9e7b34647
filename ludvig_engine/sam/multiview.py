"""One prompt, masks in every photo: LUDVIG's multi-view scheme for SAM (section 4.2).

The prompt is lifted to the Gaussians and rendered into each photo; where it shows most, points are drawn and given to
the segmenter, several times; the mean of its masks is what that photo says, and all of them together are uplifted.
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
from ..segmentation.painting import Paint
from ..stages import SEGMENT_PHOTOS
from .segmenter import Segmenter


@dataclass(frozen=True)
class Scheme:
    """The paper's numbers; `share` is a third of the published code's, whose uplifted prompts are a third of ours."""

    share: float = (
        1 / 3
    )  # of the summed heat: so many pixels are candidates (NVOS; SPIn-NeRF: 0.4 / 3)
    sets: int = 10  # prompts per photo
    points: int = 3  # of each
    multimask: bool = False  # keep three masks of different size as channels (SPIn-NeRF)


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
    """Uplifted masks 0..1, M = 3 if `scheme.multimask` else 1, and the weight Σ w they rest on.

    Only positive paint counts. A photo that does not show the prompted Gaussians says that all it shows is not the
    object. Raises `EngineError` "bad_input" if the prompts show no Gaussian.
    """
    heat = _lifted(gaussians, paints, raster, job)
    if not heat.any():
        raise EngineError(
            "bad_input", "No splat is visible under the prompts that say yes.", ["Click elsewhere."]
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
    """x, y of `sets` prompts of `points` pixels each, without repetition in a prompt, among the hottest pixels.

    As many pixels are candidates as the heat's sum times `share`; none if that is less than a prompt needs.
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
    """The mean over the prompts, divided by its largest value: 0..1."""
    mean = masks.mean(0, dtype=np.float32)
    return np.asarray(mean / max(float(mean.max()), 1e-12), np.float32)


def _lifted(
    gaussians: Gaussians, paints: Sequence[Paint], raster: Raster, job: Job
) -> Float[Array, "N 1"]:
    """Σ w m / Σ w over the whole image of every paint: what is not painted pulls down, unlike in `prompts.lift`."""
    sums, weights = np.zeros((len(gaussians), 1), np.float32), np.zeros(len(gaussians), np.float32)
    for paint in paints:
        part, total = adjoint(gaussians, paint.camera, paint.positive[None], raster=raster, job=job)
        sums += part
        weights += total
    return np.divide(sums, weights[:, None], out=np.zeros_like(sums), where=weights[:, None] > 0)
