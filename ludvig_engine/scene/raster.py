"""The rasterizer's settings: what a scene's pictures are drawn with, as its trainer drew them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float

# The near plane is at most this share of the usual distance between cameras and Gaussians. In
# COLMAP's units that distance is 4 to 12 (4.9 and 12.1 in our captures), so 3DGS's 0.2 stays.
NEAR_SHARE = 0.05
SAMPLE = 10_000  # Gaussians whose distance is measured: the median is good to 1 %


@dataclass(frozen=True)
class Raster:
    """The rasterizer's constants. The defaults are those of gsplat 1.6 and of 3DGS itself."""

    # In scene units. 3DGS trains with 0.2; gsplat's own default is 0.01.
    near: float = 0.2
    alpha_clamp: float = 0.99  # 0.999 in gsplat 1.5
    min_alpha: float = 1 / 255
    # A pixel ends before the Gaussian that would bring its transmittance down to this.
    stop: float = 1e-4
    blur: float = 0.3  # px², added to the 2-D covariance's diagonal
    # The Jacobian is taken at most this many tan(fov/2) beyond the border of the image.
    margin: float = 0.3
    # Gaussians whose center is more than this many tan(fov/2) beyond the border are left out. Some
    # trainers do so with 0.3; 3DGS and gsplat do not.
    cull: float = math.inf
    # Whether opacities are multiplied by sqrt(det Σ / det(Σ + blur I)), so that the blur makes
    # nothing more opaque: gsplat's rasterize_mode="antialiased", as in Mip-Splatting.
    antialiased: bool = False

    def listed(self) -> dict[str, float | bool | None]:
        """What may differ from scene to scene, for programs; None stands for no culling."""
        cull = None if math.isinf(self.cull) else self.cull
        return {
            "near": self.near,
            "alpha_clamp": self.alpha_clamp,
            "blur": self.blur,
            "cull": cull,
            "antialiased": self.antialiased,
        }


GSPLAT = Raster()


def reduced_blur(blur: float, reduction: float) -> float:
    """The blur in px² of pictures whose sides are `reduction` times as long as those trained on.

    The trainer's blur shrinks with the pixels. Reduced photos also have the means of the pixels
    that they were, and the variance of a pixel's square is 1/12 px², of which their own size
    already had its part.
    """
    return blur * reduction**2 + (1 - reduction**2) / 12


def usual_near(distance: float) -> float:
    """3DGS's near plane, or a nearer one where the scene's units are so large that 0.2 is far.

    `distance` is `usual_distance`, in scene units; a single Gaussian has an extent of 0.
    """
    return min(GSPLAT.near, NEAR_SHARE * distance) if distance > 0 else GSPLAT.near


def usual_distance(means: Float[Array, "N 3"], centers: Sequence[Float[Array, " 3"]]) -> float:
    """The median distance from cameras to Gaussians, in scene units; `means` must be finite.

    `centers` are where the cameras stand; without any, it is the extent of the Gaussians.
    """
    some = means[:: max(len(means) // SAMPLE, 1)].astype(np.float64)
    if len(centers):
        far = [np.median(np.linalg.norm(some - center, axis=1)) for center in centers]
        return float(np.median(far))
    low, high = np.percentile(some, [5, 95], axis=0)
    return float(np.linalg.norm(high - low))
