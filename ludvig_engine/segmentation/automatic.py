"""Divides a whole scene into segments, without prompts, at all levels of detail at once.

1. Gaussians are grouped into superpoints (graph/superpoints.py), and views are looked at for what
   touches what (surfaces.py, regions.py).
2. Shreds, which fill next to nothing of any picture, join the neighbor that they are most likely
   one thing with (sameness.py). What is left are the leaves.
3. All pairs of regions that are each other's likeliest partner merge at once, until none touch.
4. At detail 0.5, merges hold that are likely enough that things come out whole; at others, the less
   or the more likely ones too. A merge never holds without those it is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from ..arrays import Array, Float, Int
from ..cache.store import Arrays
from ..graph.superpoints import cheapest
from ..progress import SILENT, Job, Shared
from ..stages import MERGE
from ..wire import hierarchy
from .masked import Masked
from .prepared import Prepared
from .regions import Regions, superpoints
from .sameness import logit
from .surfaces import Surfaces

# The share of the views below which a region is a shred: 180 pixels of a photo of 960 x 640.
LEAST = 3e-4
# Merges hold down to logit 0 at detail 0.5, and down to −SPAN and SPAN at details 0 and 1.
SPAN = 6.0


@dataclass(frozen=True)
class Hierarchy:
    """S leaves, numbered by size, and how they merge; `wire/hierarchy.py` says what the nodes are.

    Gaussians that belong to no leaf, which are floaters, have leaf −1.
    """

    leaves: Int[Array, " N"]
    merges: Int[Array, "M 2"]
    levels: Float[Array, " M"]  # the highest detail at which each merge holds; any number
    features: Float[Array, "S D"]  # means, in standard deviations of the scene's features

    @property
    def logits(self) -> Float[Array, " M"]:
        """How likely each merge, with those it is made of, joins one thing: ln(p / (1 − p))."""
        return (self.levels - np.float32(0.5)) * np.float32(2 * SPAN)

    def sum(self, values: Float[Array, " N"]) -> Float[Array, " S"]:
        """Over the Gaussians of each leaf."""
        held = self.leaves >= 0
        return np.bincount(self.leaves[held], values[held], len(self.features)).astype(np.float32)

    def cut(self, detail: float = 0.5) -> tuple[Int[Array, " N"], int]:
        """The segment of each Gaussian, 0 the largest and −1 none, and how many there are.

        `detail` goes from 0 (few segments) to 1 (many). Segments of a higher detail each lie within
        one of a lower detail.
        """
        nodes = hierarchy.roots(self.merges, self.levels, len(self.features), detail)
        labels: tuple[Array, int] = hierarchy.labels(nodes, self.leaves)
        return labels


def divide(
    prepared: Prepared,
    *,
    look: Callable[[Int[Array, " N"]], Masked] | None = None,
    job: Job = SILENT,
) -> Hierarchy:
    """The segments of a scene. Raises `Cancelled`.

    `look` tells what a SAM's masks hold of superpoints, of which it is given the number of each
    Gaussian (sam/dividing.py).
    """
    if prepared.views:
        surfaces = Surfaces.seen(prepared.gaussians, prepared.fronts(job=job), job=job)
    else:
        surfaces = Surfaces.unseen(prepared.gaussians, prepared.graph)
    labels, regions = superpoints(prepared, surfaces, job=job)
    if look is not None:
        regions = replace(regions, masked=look(labels))
    for round_ in rounds(regions, _shreds, job=job):
        labels, regions = round_.into[labels], round_.regions
    leaf, count = _by_share(regions)
    regions = regions.merged(np.where(leaf < 0, count, leaf), count + 1).first(count)
    found = list(rounds(regions.touching(), logit, job=job))
    merges, logits = _nodes(found, count)
    return Hierarchy(
        leaf[labels],
        merges,
        0.5 + _lowest(merges, logits, count) / np.float32(2 * SPAN),
        (regions.features / np.maximum(regions.count[:, None], 1)).astype(np.float32),
    )


def divided(prepared: Prepared, *, job: Job = SILENT) -> Hierarchy:
    """`divide`, computed when it is first asked for and kept with the scene and on disk."""
    return begun(prepared, job=job).result(job=job)


def begun(prepared: Prepared, *, job: Job = SILENT) -> Shared[Hierarchy]:
    """`divided` in a helper thread."""

    def make(job: Job) -> Hierarchy:
        def arrays() -> Arrays:
            found = divide(prepared, job=job)
            return {field.name: getattr(found, field.name) for field in fields(found)}

        gaussians = prepared.gaussians
        params = [[view.camera.as_json() for view in prepared.views], repr(prepared.raster)]
        kept = prepared.kept_on_disk(
            *("segments", params, arrays),
            *(gaussians.quats, gaussians.scales, gaussians.opacities, gaussians.sh0),
            job=job,
        )
        return Hierarchy(**kept)

    return prepared.start("hierarchy", make, job)


@dataclass(frozen=True)
class Round:
    """Regions after pairs of them have merged."""

    pairs: Int[Array, "P 2"]  # numbers of the regions before
    scores: Float[Array, " P"]
    into: Int[Array, " S"]  # the region that each of those before is part of
    regions: Regions


def rounds(
    regions: Regions,
    score: Callable[[Regions], Float[Array, " E"]],
    *,
    job: Job = SILENT,
) -> Iterator[Round]:
    """Merge all pairs that are each other's best partner, again and again, until no pair is left.

    Pairs with a score of −inf never merge. Raises `Cancelled`.
    """
    start = len(regions)
    while True:
        job.check()
        job.report(MERGE, start - len(regions), start)
        scores = score(regions)
        best = cheapest(regions.a, regions.b, -scores, len(regions))
        own = np.arange(len(scores))
        chosen = (best[regions.a] == own) & (best[regions.b] == own) & np.isfinite(scores)
        if not chosen.any():
            return
        pairs = np.stack([regions.a[chosen], regions.b[chosen]], 1)
        kept = np.delete(np.arange(len(regions)), pairs[:, 1])
        into = np.empty(len(regions), np.int64)
        into[kept] = np.arange(len(kept))
        into[pairs[:, 1]] = into[pairs[:, 0]]
        regions = regions.merged(into, len(kept))
        yield Round(pairs, scores[chosen], into, regions)


def _shreds(regions: Regions) -> Float[Array, " E"]:
    """Scores by which shreds merge: by likelihood if they touch, else by edges of the graph."""
    edges = np.log1p(regions.contact[:, 4]) - 1e3  # behind all that touch
    scores = np.where(regions.contact[:, 0] > 0, logit(regions), edges)
    shred = regions.share < LEAST
    return np.where(shred[regions.a] | shred[regions.b], scores, -np.inf)


def _by_share(regions: Regions) -> tuple[Int[Array, " S"], int]:
    """Numbers by the share of the views, −1 for floaters, and how many are none."""
    floats = regions.share < LEAST  # shreds are left only where they have no neighbor
    order = np.argsort(-np.where(floats, -1, regions.share), kind="stable")
    count = int((~floats).sum())
    number = np.full(len(regions), -1, np.int32)
    number[order[:count]] = np.arange(count)
    return number, count


def _nodes(found: Sequence[Round], count: int) -> tuple[Int[Array, "M 2"], Float[Array, " M"]]:
    """The merges as pairs of nodes, and their logits."""
    node = np.arange(count)
    merges, logits = [np.empty((0, 2), np.int64)], [np.empty(0)]
    for round_ in found:
        made = count + sum(map(len, logits)) + np.arange(len(round_.pairs))
        merges.append(node[round_.pairs])
        logits.append(round_.scores)
        now = np.empty(len(round_.regions), np.int64)
        now[round_.into] = node
        now[round_.into[round_.pairs[:, 0]]] = made
        node = now
    return np.concatenate(merges).astype(np.int32), np.concatenate(logits)


def _lowest(
    merges: Int[Array, "M 2"], logits: Float[Array, " M"], count: int
) -> Float[Array, " M"]:
    """The lowest of the logits of each merge and of all merges that it is made of."""
    out = np.concatenate([np.full(count, np.inf), logits])
    for number, pair in enumerate(merges, count):
        out[number] = min(out[number], *out[pair])
    return out[count:].astype(np.float32)
