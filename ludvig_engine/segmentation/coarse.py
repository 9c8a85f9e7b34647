"""The scene as a few thousand superpoints, on which self-training runs.

This is a hundred times less work per click. It also finds more: a superpoint keeps together what
belongs together, so a click on one of its Gaussians is evidence for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float, Int
from ..graph.contraction import contracted, sums_of
from ..graph.neighbors import Graph
from ..graph.similarity import similarities
from ..graph.walk import Walk
from ..machine.sparse import operator
from ..uplifting import Uplifted
from .descriptor import Descriptor

# Superpoints of a scene; 8000 found the same or less.
FEW = 3000


@dataclass(frozen=True)
class Coarse:
    """S superpoints of N Gaussians."""

    labels: Int[Array, " N"]  # the superpoint of each Gaussian
    size: Float[Array, " S"]  # Gaussians in each
    seen: Float[Array, " S"]  # how many of them the photos show well
    descriptor: Descriptor
    members: Descriptor  # of all Gaussians
    walk: Walk

    @classmethod
    def of(
        cls,
        graph: Graph,
        uplifted: Uplifted,
        descriptor: Descriptor,
        labels: Int[Array, " N"],
        bandwidth: float,
    ) -> Coarse:
        """The superpoints that `superpoints` has found, with the graph contracted to them."""
        size = np.bincount(labels).astype(np.float32)

        def mean(values: Float[Array, "N D"]) -> Float[Array, "S D"]:
            return (sums_of(values, labels, len(size)) / size[:, None]).astype(np.float32)

        similar = similarities(graph, bandwidth, graph.median_distance)
        matrix = contracted(graph, similar, labels)
        walk = Walk(operator(matrix), np.asarray(matrix.sum(1), np.float32)[:, 0])
        few = Descriptor(
            mean(descriptor.features), descriptor.scale, mean(descriptor.places), descriptor.share
        )
        weights = uplifted.weights
        seen = weights / (weights + max(float(np.median(weights)), 1e-12))
        return cls(
            labels,
            size,
            np.bincount(labels, seen, len(size)).astype(np.float32),
            few,
            descriptor,
            walk,
        )

    def sum(self, values: Float[Array, " N"]) -> Float[Array, " S"]:
        """Over the members of each superpoint."""
        return np.bincount(self.labels, values, len(self.size)).astype(np.float32)
