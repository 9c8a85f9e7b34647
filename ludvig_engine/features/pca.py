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
from ..progress import SILENT, Job
from ..stages import READ_FEATURES

COMPONENTS = 40
# At most this many cells are used for fitting.
TOKENS = 500_000


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
        matrix = self.axes / self.std
        if self.weighted:
            matrix = matrix * self.singular_values[:, None]
        offset = matrix @ self.mean
        return (np.tensordot(matrix, feature_map, 1) - offset[:, None, None]).astype(np.float32)


def fit_pca(
    maps: Sequence[Float[Array, "D h w"]],
    *,
    components: int = COMPONENTS,
    tokens: int = TOKENS,
    weighted: bool = False,
    seed: int = 0,
    job: Job = SILENT,
) -> Reduction:
    """Fit on the cells of all maps, or on about `tokens` random cells if there are more.

    `maps` may load lazily; each is read once. Raises `EngineError` "bad_input" if maps differ in
    the number of channels.
    """
    rng = np.random.default_rng(seed)
    cells: list[Array] = []
    for feature_map in job.track(maps, READ_FEATURES):
        flat = feature_map.reshape(len(feature_map), -1)
        if cells and len(flat) != cells[0].shape[1]:
            raise EngineError(
                "bad_input",
                f"One feature map has {len(flat)} channels and another {cells[0].shape[1]}.",
                ["Give all maps the same number of channels."],
            )
        share = min(flat.shape[1], -(-tokens // len(maps)))
        cells.append(flat[:, rng.choice(flat.shape[1], share, replace=False)].T.astype(np.float32))
    return job.aside(lambda: _fit(np.concatenate(cells), components, weighted, seed))


def _fit(x: Float[Array, "M D"], components: int, weighted: bool, seed: int) -> Reduction:
    # Imported here, because it takes a second and 90 MB, which drawing pictures need not wait for.
    from sklearn.decomposition import PCA

    mean = x.mean(0, dtype=np.float64)
    std = x.std(0, dtype=np.float64, ddof=1) if len(x) > 1 else np.ones(x.shape[1])
    # A constant channel becomes 0.
    std = np.where(std > 1e-12, std, 1)
    x = ((x - mean) / std).astype(np.float32)
    pca = PCA(min(components, *x.shape), random_state=seed).fit(x)
    axes, values = pca.components_.astype(np.float32), pca.singular_values_.astype(np.float32)
    # `pca.mean_` is 0 up to rounding, since x is standardized, so it need not be kept.
    return Reduction(mean.astype(np.float32), std.astype(np.float32), axes, values, weighted)
