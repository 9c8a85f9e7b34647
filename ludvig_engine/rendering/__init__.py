"""Alpha-blending weights of Gaussians: fold them into feature cells, apply them, render images."""

from ..io.sh import colours
from ..scene.raster import GSPLAT, Raster
from .cpu import adjoint, fold, render
from .cuda import usable
from .grid import upsample
from .project import project

__all__ = [
    "GSPLAT",
    "Raster",
    "adjoint",
    "colours",
    "fold",
    "project",
    "render",
    "upsample",
    "usable",
]
