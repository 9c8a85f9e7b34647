"""The peer in `bench lift`: uplifting in plain torch, without a kernel of its own.

After EWA projection, each tile of 16 x 16 pixels takes its Gaussians in the order of depth. The
transmittance is a cumulative product, and the sums are a matrix product of the tile's weights with
its pixels. It is measured on one CPU thread.
"""

from __future__ import annotations

import numpy as np
import torch

from ..arrays import Array, Float
from ..rendering.project import project
from ..scene import Camera, Gaussians
from ..scene.raster import GSPLAT

TILE = 16
# Gaussians of a tile that are blended at once.
BATCH = 8192


def lift_with_torch(
    gaussians: Gaussians, camera: Camera, image: Float[Array, "D H W"]
) -> Float[Array, "N D"]:
    """Σ w F over the pixels of one view."""
    torch.set_num_threads(1)
    ellipses = project(gaussians, camera, GSPLAT)
    geometry = torch.from_numpy(ellipses.geometry)
    source = torch.from_numpy(image)
    out = torch.zeros(len(gaussians), len(image))
    index = torch.from_numpy(ellipses.index).long()
    for top in range(0, camera.height, TILE):
        row = _touching(ellipses.bounds, 2, top)
        for left in range(0, camera.width, TILE):
            members = torch.from_numpy(row[_touching(ellipses.bounds[row], 0, left)])
            pixels = source[:, top : top + TILE, left : left + TILE]
            y = torch.arange(top, top + pixels.shape[1]) + 0.5
            x = torch.arange(left, left + pixels.shape[2]) + 0.5
            rows, columns = torch.meshgrid(y, x, indexing="ij")
            flat, T = pixels.flatten(1).T, torch.ones(rows.numel())
            for part in members.split(BATCH):
                weights, T = _blend(geometry[part], columns.flatten(), rows.flatten(), T)
                out.index_add_(0, index[part], weights @ flat)
                if not (T > 0).any():
                    break
    return out.numpy()


def _touching(bounds: Array, axis: int, start: int) -> Array:
    return np.flatnonzero((bounds[:, axis] < start + TILE) & (bounds[:, axis + 1] > start))


def _blend(
    g: torch.Tensor, x: torch.Tensor, y: torch.Tensor, T: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The weights (G, P) of G sorted Gaussians at P pixels, and the transmittance behind them.

    The latter is 0 where a pixel is finished.
    """
    dx, dy = x[None] - g[:, 0, None], y[None] - g[:, 1, None]
    power = 0.5 * (g[:, 2, None] * dx * dx + g[:, 4, None] * dy * dy) + g[:, 3, None] * dx * dy
    alpha = (g[:, 5, None] * torch.exp(-power)).clamp(max=GSPLAT.alpha_clamp)
    alpha = torch.where(alpha >= GSPLAT.min_alpha, alpha, 0)
    after = T * torch.cumprod(1 - alpha, 0)
    before = torch.cat([T[None], after[:-1]])
    goes_on = after > GSPLAT.stop
    last = torch.where(goes_on, after, torch.inf).min(0).values.clamp(max=1)
    return torch.where(goes_on, alpha * before, 0), torch.where(goes_on[-1], last, 0)
