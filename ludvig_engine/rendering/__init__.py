"""Alpha-blending weights of Gaussians: sums of maps under them, and images of any values.

`lift`, `residual`, `adjoint` and `render` run on the GPU where that is faster.
"""

from ..io.sh import colours
from ..scene.raster import GSPLAT, Raster
from .back_end import adjoint, lift, render, residual
from .grid import upsample
from .project import project
from .sights import Sight, Sums

__all__ = [
    "GSPLAT",
    "Raster",
    "Sight",
    "Sums",
    "adjoint",
    "colours",
    "lift",
    "project",
    "render",
    "residual",
    "upsample",
]
