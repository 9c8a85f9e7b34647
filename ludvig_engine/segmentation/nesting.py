"""Nested groups of superpoints, from parts to the whole scene: what one click may mean.

The two groups merge first whose contact is weakest as a border: the mean feature distance of the
edges between them is small, or they touch along much of the smaller one. Unlike with Ward's
criterion, which compares mean features, shading and texture within a thing cost little, because
they change little from neighbor to neighbor. On seven scenes, the best group around a click has an
IoU of .86 on average, the best of Ward's tree .66 (on one scene).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, triu

from ..arrays import Array, Float, Int
from ..progress import SILENT, Job


@dataclass(frozen=True)
class Nesting:
    """The tree of S superpoints and M merges; group S + m is made by merge m."""

    pairs: Int[Array, "M 2"]  # the groups that each merge joins
    parent: Int[Array, " T"]  # of each of T = S + M groups; −1: none
    heights: Float[Array, " T"]  # what the merge cost that made a group; 0: a superpoint
    mass: Float[Array, " T"]  # share of what the photos show

    @classmethod
    def of(
        cls,
        distances: csr_matrix,
        contacts: csr_matrix,
        sizes: Float[Array, " S"],
        seen: Float[Array, " S"],
        *,
        compact: float,
        job: Job = SILENT,
    ) -> Nesting:
        """Merge until no two groups touch.

        `distances` are the sums over the edges between two superpoints, `contacts` the numbers of
        those edges, `sizes` the numbers of Gaussians, and `seen` how much the photos show of each.
        """
        pairs, costs = _merged(distances, contacts, sizes, compact, job)
        count, total = len(sizes), len(sizes) + len(pairs)
        parent = np.full(total, -1)
        mass = np.concatenate([seen / max(float(seen.sum()), 1e-12), np.zeros(len(pairs))])
        for made, (first, second) in enumerate(pairs, count):
            parent[first] = parent[second] = made
            mass[made] = mass[first] + mass[second]
        heights = np.concatenate([np.zeros(count), costs])
        return cls(pairs, parent, heights, mass)

    @property
    def count(self) -> int:
        """The number S of superpoints."""
        return len(self.parent) - len(self.pairs)

    def around(self, superpoint: int) -> Int[Array, " K"]:
        """The groups that hold a superpoint, from itself to the largest."""
        found = [superpoint]
        while self.parent[found[-1]] >= 0:
            found.append(int(self.parent[found[-1]]))
        return np.array(found)

    def ranks(self, groups: Int[Array, " K"]) -> Int[Array, " S"]:
        """The first of nested groups, from the smallest, that holds each superpoint; K: none."""
        rank = np.full(len(self.parent), len(groups))
        rank[groups] = np.arange(len(groups))
        every = np.arange(len(self.parent))
        # The nearest of the groups above each: the way to it halves with every step.
        above = np.where((rank < len(groups)) | (self.parent < 0), every, self.parent)
        while (above[above] != above).any():
            above = above[above]
        found: Array = rank[above[: self.count]]
        return found

    def lasts(self, around: Int[Array, " K"]) -> Float[Array, " K"]:
        """How long each of the groups around a superpoint lasts: log of how much dearer the merge
        is that ends it than the one that made it, both more than one median merge.
        """
        made = self.heights[self.count :]
        usual = max(float(np.median(made)) if len(made) else 0.0, 1e-9)
        begins = np.maximum.accumulate(self.heights[around])
        # What touches nothing else lasts as long as anything.
        ends = np.append(begins[1:], max(float(self.heights.max()), float(begins[-1])))
        found: Array = np.log((ends + usual) / (begins + usual))
        return found


def _merged(
    distances: csr_matrix,
    contacts: csr_matrix,
    sizes: Float[Array, " S"],
    compact: float,
    job: Job,
) -> tuple[Int[Array, "M 2"], Float[Array, " M"]]:
    """Pairs in the order in which they merge, and their costs.

    A heap holds every contact that there was; those of groups that are gone are skipped.
    """
    size = [float(one) for one in sizes]
    edges, numbers = triu(distances, 1).tocoo(), triu(contacts, 1).tocsr()
    around: list[dict[int, tuple[float, float]]] = [{} for _ in size]
    if edges.nnz:  # SciPy gives a sparse matrix of no elements otherwise
        number_of = np.asarray(numbers[edges.row, edges.col]).ravel()
        for a, b, total, number in zip(
            *(one.tolist() for one in (edges.row, edges.col, edges.data, number_of)), strict=True
        ):
            around[a][b] = around[b][a] = total, number

    def cost(a: int, b: int) -> float:
        total, number = around[a][b]
        return total / number * (min(size[a], size[b]) ** (2 / 3) / number) ** compact

    heap = [(cost(a, b), a, b) for a, near in enumerate(around) for b in near if a < b]
    heapq.heapify(heap)
    gone = [False] * len(size)
    pairs, costs = [], []
    while heap:
        price, a, b = heapq.heappop(heap)
        if gone[a] or gone[b]:
            continue
        job.check()
        gone[a] = gone[b] = True
        made = len(size)
        size.append(size[a] + size[b])
        gone.append(False)
        near: dict[int, tuple[float, float]] = {}
        for one in (a, b):
            for other, (total, number) in around[one].items():
                if other not in (a, b):
                    before = near.get(other, (0.0, 0.0))
                    near[other] = before[0] + total, before[1] + number
        around.append(near)
        for other, both in near.items():
            around[other].pop(a, None)
            around[other].pop(b, None)
            around[other][made] = both
            heapq.heappush(heap, (cost(other, made), other, made))
        pairs.append((a, b))
        costs.append(price)
    return np.array(pairs, np.int64).reshape(-1, 2), np.array(costs, float)
