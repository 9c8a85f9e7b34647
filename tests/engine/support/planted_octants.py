"""Clouds whose division into segments is known."""

from __future__ import annotations

import numpy as np

from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.graph.superpoints import Segments
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.uplifting import Uplifted
from scenes import random_gaussians


def planted(count=3000, noise=0.1, seed=0) -> tuple[Prepared, np.ndarray]:
    """Eight octants of one cloud, each with features of its own."""
    gaussians, rng = random_gaussians(count, seed), np.random.default_rng(seed)
    truth = (gaussians.means > 0) @ np.array([1, 2, 4])
    features = (rng.normal(size=(8, 20))[truth] + noise * rng.normal(size=(count, 20))).astype(
        np.float32
    )
    uplifted = Uplifted(features, np.ones(count, np.float32), np.ones(count, np.float32))
    graph = build(nearest(gaussians.means, 16)).with_features(features)
    return Prepared(gaussians, uplifted, graph, "planted"), truth


def everyone(x: np.ndarray, mass: np.ndarray | None = None) -> Segments:
    """All are neighbors of all: only then is Ward's tree the same as SciPy's."""
    a, b = np.triu_indices(len(x), 1)
    mass = np.ones(len(x), np.float32) if mass is None else mass
    return Segments(x, mass, a.astype(np.int32), b.astype(np.int32))
