"""The states g_t of the paper's diffusion while prompts spread on the graph, to look at.

    g_{t+1} = A g_t,    A_ij = W_ij / Σ_l W_il,    W_ij = 1[j ∈ N(i)] S_f(f_i, f_j) √(P(f_i) P(f_j))

This is the equation of the paper (LUDVIG, section 3.3) with each row of A divided by its sum: the
new value of a Gaussian is the mean over its neighbors, by how alike they are and by how much they
look like the seeds. It is the normalized diffusion of `diffusions.diffuse` in other units, since
D^-½ Ã^t D^½ = A^t. In these units a state never leaves the range of g_0: the value of a Gaussian is
the mean of g_0 where random walks of t steps from it end.

g_0 is the paint of the prompts, uplifted: Σ w m / Σ w over the pictures with such paint. P is
the similarity to the mean feature of the seeds, as on NVOS (`unary.to_mean`).

The product's own answers come from another diffusion, with restart, whose limit is solved for
instead of iterated (`graph/walk.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError
from ..graph.neighbors import Graph, unit
from ..graph.similarity import similarities
from ..machine.operator import Operator
from ..machine.sparse import operator
from ..progress import SILENT, Job
from ..rendering import adjoint
from ..segmentation.paint import Paint, merged
from ..segmentation.painting import Evidence, lift_paint, shown
from ..segmentation.prepared import Prepared
from ..stages import DIFFUSE, READ_PROMPTS
from .diffusions import seed_median
from .unary import to_mean

# Those of the paper's (`configs.py`) that keep to borders best: from a click on the chair of the
# shipped scene, 500 steps with 2 and 8 reach all of the table, and with these a part of its rim.
BANDWIDTH = 0.5  # of the feature similarities, in squared median distances
UNARY_BANDWIDTH = 4.0  # of P, likewise
SEEDS = 0.1  # the share of the painted Gaussians that P and the median are taken from
# Below this, √P counts as this, so that no row of A is empty.
LEAST_ROOT = 1e-12


@dataclass(frozen=True)
class Spreading:
    """g_t at some times t; the background has a diffusion of its own, from negative prompts."""

    times: tuple[int, ...]
    foreground: Float[Array, "N T"] | None  # None: there are no positive prompts
    background: Float[Array, "N T"] | None  # None: there are no negative prompts

    def sides(self) -> dict[str, Float[Array, "N T"]]:
        """The states that there are, by the names of their sides."""
        both = {"foreground": self.foreground, "background": self.background}
        return {name: states for name, states in both.items() if states is not None}


def spread(
    prepared: Prepared,
    paints: Sequence[Paint],
    *,
    times: Sequence[int],
    placed: Evidence | None = None,
    job: Job = SILENT,
) -> Spreading:
    """Spread the paint of prompts over a scene's graph; `times` are steps, in any order.

    `placed` is the evidence of prompts in space, of which g_0 takes what is below 1.

    Raises `EngineError` "bad_input" if no prompt touches a visible Gaussian, or for other times
    than whole numbers from 0 on.
    """
    if not times or min(times) < 0:
        raise EngineError(
            "bad_input",
            f"The times {list(times)} are not steps of a diffusion.",
            ["Give whole numbers from 0 on."],
        )
    painted = _uplifted(prepared, [paint for paint in paints if not paint.through], job)
    through = [paint for paint in paints if paint.through]
    if through:  # what lies under this paint has no picture to be uplifted from
        under = lift_paint(prepared.gaussians, through, raster=prepared.raster, job=job)
        placed = under if placed is None else placed + under
    if placed is not None:
        beside = np.stack([placed.positive, placed.negative], 1)
        painted = np.maximum(painted, np.minimum(beside, 1))
    if not painted.any():
        raise EngineError(
            "bad_input",
            "None of your prompts touches a visible splat.",
            ["Prompt on a part of the scene that the splats show."],
        )
    found = [
        _spread_one(prepared, start, times, job) if start.any() else None for start in painted.T
    ]
    return Spreading(tuple(times), found[0], found[1])


def averaging(graph: Graph, similar: Float[Array, " E"], unary: Float[Array, " N"]) -> Operator:
    """The row-normalized A. √P_i is in all of row i, so it cancels."""
    root = np.maximum(np.sqrt(unary), LEAST_ROOT)
    values = similar * root[graph.indices]
    row = np.repeat(np.arange(len(graph)), np.diff(graph.indptr))
    sums = np.bincount(row, values, len(graph))  # not 0: S_ii is 2
    return operator(graph.matrix((values / sums[row]).astype(np.float32)))


def _uplifted(prepared: Prepared, paints: Sequence[Paint], job: Job) -> Float[Array, "N 2"]:
    """g_0 of the foreground and of the background."""
    sums = np.zeros((len(prepared.gaussians), 2), np.float32)
    weights = np.zeros_like(sums)
    for paint in job.track(merged(paints), READ_PROMPTS):
        whole = paint.whole
        image = np.stack([whole.positive, whole.negative]).astype(np.float32)
        seen = shown(prepared.gaussians, paint.visible)
        found = adjoint(seen, paint.camera, image, raster=prepared.raster, job=job)
        sums += found[0]
        # A picture with paint of the other kind alone says nothing.
        weights += found[1][:, None] * image.any((1, 2))
    return np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)


def _spread_one(
    prepared: Prepared, start: Float[Array, " N"], times: Sequence[int], job: Job
) -> Float[Array, "N T"]:
    painted = start > 0
    seeds = painted & (start >= np.quantile(start[painted], 1 - SEEDS))
    scale = max(seed_median(prepared.graph, seeds), 1e-6)
    unary = to_mean(unit(prepared.uplifted.features), seeds, bandwidth=UNARY_BANDWIDTH)
    step = averaging(prepared.graph, similarities(prepared.graph, BANDWIDTH, scale), unary)
    states = np.empty((len(start), len(times)), np.float32)
    g: Array = start.astype(np.float32)[:, None]
    for t in job.track(range(max(times) + 1), DIFFUSE):
        if t:
            g = step(g, job=job)
        for column in np.flatnonzero(np.asarray(times) == t):
            states[:, column] = g[:, 0]
    return states
