"""Alpha-blending weights of Gaussians: fold them into feature cells, apply them, render with them."""

from .cpu import adjoint, fold, render
from .grid import upsample
from .project import GSPLAT, Raster
from .sh import colours

__all__ = ["GSPLAT", "Raster", "adjoint", "colours", "fold", "render", "upsample"]
