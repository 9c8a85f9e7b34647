"""2-D features beside the 3-D ones that were lifted from them, in the same colors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..arrays import Array, Float
from ..progress import SILENT, Job
from ..rendering import GSPLAT, Raster
from ..scene import Camera, Gaussians
from ..uplifting import Uplifted
from . import draw
from .grid import fit, grid
from .palette import GRAY, Palette


@dataclass(frozen=True)
class Pair:
    """Something that a photo shows in 2-D, and the same uplifted and rendered back."""

    name: str
    flat: Float[Array, "h w 3"]  # a color per cell of the photo's feature map
    deep: Float[Array, "H W 3"]


def features(
    name: str,
    feature_map: Float[Array, "D h w"],
    uplifted: Uplifted,
    gaussians: Gaussians,
    camera: Camera,
    *,
    palette: Palette | None,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Pair:
    """Features in the colors of a palette, which was fitted on the uplifted ones.

    Rendered features are the mean of what a pixel shows; where it shows nothing they are gray, and
    so is all if there is no palette.
    """
    image, shown = draw.means(gaussians, camera, uplifted.features, raster=raster, job=job)
    if palette is None:
        flat, deep = (np.full((*one.shape[1:], 3), GRAY) for one in (feature_map, image))
        return Pair(name, flat, deep)
    return Pair(name, palette(feature_map), np.where(shown[..., None], palette(image), GRAY))


def relevancy(
    name: str,
    cells: Float[Array, "h w"],
    scores: Float[Array, " N"],
    gaussians: Gaussians,
    camera: Camera,
    *,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Pair:
    """Relevancy of a text as heat: dark where a negative fits as well (0.5), bright at the top.

    The top is the largest value of a Gaussian, for both. If none is above 0.5 all is dark.
    """
    top = max(float(scores.max(initial=0)), 0.5 + 1e-3)
    image = draw.share(gaussians, camera, scores, raster=raster, job=job)
    flat, deep = (draw.heat((one - 0.5) / (top - 0.5)) for one in (cells, image))
    return Pair(f"{name}, 0.5 to {top:.2f}", flat, deep)


def feature_sheet(
    photo: Float[Array, "H W 3"], splats: Float[Array, "H W 3"], pairs: Sequence[Pair]
) -> Image.Image:
    """The photo, 2-D and 3-D in a row; of several pairs, 2-D above 3-D."""
    size = photo.shape[:2]
    flat = [(f"{one.name}, 2-D", fit(covering(one.flat, size))) for one in pairs]
    deep = [(f"{one.name}, uplifted", fit(one.deep)) for one in pairs]
    if len(pairs) == 1:
        return grid([[("photo", fit(photo)), *flat, *deep]])
    return grid([[("photo", fit(photo)), *flat], [("splats", fit(splats)), *deep]])


def covering(cells: Float[Array, "h w 3"], size: tuple[int, ...]) -> Float[Array, "H W 3"]:
    """Cells, with their edges, as an image of (H, W) pixels that they cover."""
    rows, columns = ((np.arange(n) + 0.5) * cells.shape[k] / n for k, n in enumerate(size))
    return cells[rows.astype(int)[:, None], columns.astype(int)]
