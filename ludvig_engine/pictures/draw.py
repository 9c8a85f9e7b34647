"""Draw Gaussians for people: colors, heat maps and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..arrays import Array, Bool, Float, Shaped
from ..io.atomic import atomic_write
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster, colours, render
from ..scene import Camera, Gaussians

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

LEAST = 1e-3  # alpha below which a pixel shows nothing


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
    """The mean score of what a pixel shows, Σ w score / Σ w; 0 where Σ w is below `LEAST`."""
    return means(gaussians, camera, scores[:, None], raster=raster, job=job)[0][0]


def means(
    gaussians: Gaussians,
    camera: Camera,
    values: Float[Array, "N D"],
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> tuple[Float[Array, "D H W"], Bool[Array, "H W"]]:
    """The mean values of what a pixel shows, and whether it shows anything (`LEAST`); else 0."""
    image, alpha = render(gaussians, camera, values, raster=raster, job=job)
    shown = alpha > LEAST
    where = np.broadcast_to(shown, image.shape)
    return np.divide(image, alpha, out=np.zeros_like(image), where=where), shown


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


def eight_bit(image: Shaped[Array, "H W ..."]) -> Image.Image:
    """Booleans, which become 0 or 255, or floats in 0..1, as a picture of 8 bits."""
    return Image.fromarray((np.clip(image, 0, 1) * 255).round().astype(np.uint8))


def save(path: Path, image: Shaped[Array, "H W ..."] | Image.Image) -> Path:
    """Write a PNG of booleans, which become 0 or 255, or of floats in 0..1; return the path."""
    picture = image if isinstance(image, Image.Image) else eight_bit(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        picture.save(temporary, format="PNG")
    return path
