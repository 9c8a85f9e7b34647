"""Draw Gaussians for people: colors, heat maps, masks, and features as colors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import Array, Bool, Float, Shaped
from ..features.pca import fit_pca
from ..io.atomic import atomic_write
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster, colours, render
from ..scene import Camera, Gaussians
from ..uplifting import Uplifted

# A perceptually even ramp from dark violet over red to light yellow; colors between these anchors
# are interpolated linearly.
_RAMP = np.array(
    [
        [4, 3, 18],
        [68, 15, 96],
        [140, 41, 99],
        [206, 66, 71],
        [246, 125, 21],
        [250, 201, 62],
        [252, 255, 180],
    ]
)


def rgb(
    gaussians: Gaussians, camera: Camera, *, raster: Raster = GSPLAT, job: Job = SILENT
) -> Float[Array, "H W 3"]:
    """The splats over black; colors in 0..1."""
    image, _ = render(gaussians, camera, colours(gaussians, camera.center), raster=raster, job=job)
    return np.clip(image, 0, 1).transpose(1, 2, 0)


def share(
    gaussians: Gaussians,
    camera: Camera,
    scores: Float[Array, " N"],
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Float[Array, "H W"]:
    """The mean score of what a pixel shows, Σ w score / Σ w; 0 where Σ w is below 0.001."""
    image, alpha = render(gaussians, camera, scores[:, None], raster=raster, job=job)
    return np.divide(image[0], alpha, out=np.zeros_like(alpha), where=alpha > 1e-3)


def over_gray(
    gaussians: Gaussians,
    camera: Camera,
    values: Float[Array, "N 3"],
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Float[Array, "H W 3"]:
    """The Gaussians in the colors `values`, over middle gray; colors in 0..1."""
    image, alpha = render(gaussians, camera, values, raster=raster, job=job)
    return np.clip(image + 0.5 * (1 - alpha), 0, 1).transpose(1, 2, 0)


def pca_colors(uplifted: Uplifted) -> Float[Array, "N 3"]:
    """The three principal components of the features as colors in 0..1.

    Gaussians that no photo sees are gray.
    """
    out = np.full((len(uplifted.features), 3), 0.5, np.float32)
    seen = uplifted.features[uplifted.seen]
    if len(seen) < 2:
        return out
    three = fit_pca([seen.T[:, :, None]], components=3)(seen.T[:, :, None])[:, :, 0].T
    low, high = np.percentile(three, [2, 98], axis=0)
    out[uplifted.seen, : three.shape[1]] = np.clip(
        (three - low) / np.maximum(high - low, 1e-9), 0, 1
    )
    return out


def heat(values: Float[Array, "H W"]) -> Float[Array, "H W 3"]:
    """Values in 0..1 as colors in 0..1, on a ramp from dark to light."""
    anchors = np.arange(len(_RAMP))
    position = np.clip(values, 0, 1) * (len(_RAMP) - 1)
    return np.stack([np.interp(position, anchors, _RAMP[:, c]) / 255 for c in range(3)], -1)


def tinted(
    picture: Float[Array, "H W 3"],
    mask: Bool[Array, "H W"],
    color: tuple[float, float, float] = (1, 0.45, 0.05),
) -> Float[Array, "H W 3"]:
    """The picture with the mask tinted in a color, and the rest darker."""
    inside = 0.45 * picture + 0.55 * np.array(color)
    return np.where(mask[..., None], inside, 0.55 * picture).astype(np.float32)


def save(path: Path, image: Shaped[Array, "H W ..."]) -> Path:
    """Write a PNG of booleans, which become 0 or 255, or of floats in 0..1; return the path."""
    if image.dtype == bool:
        pixels = image * np.uint8(255)
    else:
        pixels = (np.clip(image, 0, 1) * 255).round().astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")
    return path
