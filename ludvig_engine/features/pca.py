"""Reduce channels before uplifting: standardize, then PCA (LUDVIG, section 4.1).

Both are fitted on all photos of a scene together, because statistics per photo would give one
surface different features in different photos. PCA and uplifting are both linear, so they commute:
reducing the small 2-D maps first keeps the memory for N Gaussians x D channels small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError
from ..machine.blas import single
from ..progress import SILENT, Job
from ..stages import READ_FEATURES

COMPONENTS = 40
# At most this many cells are used for fitting, of at most this many maps. The maps are few enough
# that each of many machines can afford to have them all, and fit the same axes by itself.
TOKENS = 500_000
MAPS = 64


@dataclass(frozen=True)
class Reduction:
    """Projects (x − mean) / std on the principal axes: (D, h, w) -> (K, h, w)."""

    mean: Float[Array, " D"]
    std: Float[Array, " D"]
    axes: Float[Array, "K D"]  # rows are unit vectors
    singular_values: Float[Array, " K"]
    # Whether to multiply by the singular values, which strongly favors the leading channels.
    weighted: bool = False

    def __call__(self, feature_map: Float[Array, "D h w"]) -> Float[Array, "K h w"]:
        # In C order, because BLAS rounds differently in another.
        matrix = np.ascontiguousarray(self.axes / self.std)
        if self.weighted:
            matrix = matrix * self.singular_values[:, None]
        offset = matrix @ self.mean
        with single():  # as for fitting
            return (
                np.tensordot(matrix, np.ascontiguousarray(feature_map), 1) - offset[:, None, None]
            ).astype(np.float32)


def fit_pca(
    maps: Sequence[Float[Array, "D h w"]],
    *,
    components: int = COMPONENTS,
    tokens: int = TOKENS,
    weighted: bool = False,
    seed: int = 0,
    job: Job = SILENT,
) -> Reduction:
    """Fit on the cells of the `sampled` maps, or on about `tokens` random ones if there are more.

    `maps` may load lazily; each is read once. BLAS has one thread, because with another number the
    last bits would be others. Raises `EngineError` "bad_input" if maps differ in the number of
    channels.
    """
    rng = np.random.default_rng(seed)
    cells: list[Array] = []
    chosen = sampled(len(maps))
    for n in job.track(chosen, READ_FEATURES):
        feature_map = maps[n]
        flat = feature_map.reshape(len(feature_map), -1)
        if cells and len(flat) != cells[0].shape[1]:
            raise EngineError(
                "bad_input",
                f"One feature map has {len(flat)} channels and another {cells[0].shape[1]}.",
                ["Give all maps the same number of channels."],
            )
        share = min(flat.shape[1], -(-tokens // len(chosen)))
        cells.append(flat[:, rng.choice(flat.shape[1], share, replace=False)].T.astype(np.float32))
    return job.aside(lambda: _fit(np.concatenate(cells), components, weighted))


def sampled(count: int) -> list[int]:
    """Which of `count` maps the axes are fitted on: all, or MAPS of them at equal distances."""
    return [n * count // MAPS for n in range(MAPS)] if count > MAPS else list(range(count))


def _fit(x: Float[Array, "M D"], components: int, weighted: bool) -> Reduction:
    mean = x.mean(0, dtype=np.float64)
    x -= mean.astype(np.float32)
    # `x.std` would make a copy of x in float64, the largest thing in memory by far.
    squares = np.einsum("md,md->d", x, x, dtype=np.float64)
    std = np.sqrt(squares / (len(x) - 1)) if len(x) > 1 else np.ones(x.shape[1])
    # A constant channel becomes 0.
    std = np.where(std > 1e-12, std, 1)
    x /= std.astype(np.float32)
    with single():
        # As scikit-learn's PCA does it for few channels; to import that takes a second and 55 MB.
        squares, axes = np.linalg.eigh(x.T @ x / np.float32(max(len(x) - 1, 1)))
    # From the largest down, with the sign that makes the largest part of each axis positive.
    kept = min(components, *x.shape)
    axes, squares = axes.T[::-1][:kept], np.maximum(squares[::-1][:kept], 0)
    largest = np.abs(axes).argmax(1)
    axes = axes * np.sign(axes[np.arange(kept), largest])[:, None]
    values = np.sqrt(squares * np.float32(max(len(x) - 1, 1)))
    return Reduction(mean.astype(np.float32), std.astype(np.float32), axes, values, weighted)
