"""Gaussians whose own colors cannot be believed: they take those that go on around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from ..arrays import Array, Bool
from ..scene import Gaussians

NEIGHBORS = 8
# Means over neighbors, one after the other; colors come so many neighbors far.
ROUNDS = 40
# What is farther from its neighbors than this many of its own standard deviations, and of their
# usual distances, is no part of what is around it.
FAR = 3.0


def recolored(gaussians: Gaussians, doubtful: Bool[Array, " N"]) -> Gaussians:
    """The doubtful ones in colors that go on smoothly from their neighbors that are not."""
    rows = np.flatnonzero(doubtful)
    if not len(rows) or len(gaussians) - len(rows) <= NEIGHBORS:
        return gaussians
    distance, beside = _tree(gaussians.means).query(gaussians.means[rows], NEIGHBORS + 1)
    distance, beside = distance[:, 1:], beside[:, 1:]
    scale = np.median(distance, axis=1, keepdims=True)
    weight = 1 / (distance**2 + 0.1 * scale**2 + 1e-12)
    weight = (weight / weight.sum(1, keepdims=True)).astype(np.float32)
    colors = np.concatenate([gaussians.sh0, gaussians.shN], 1)
    # From the rim inwards, so that nothing of the colors in doubt is left.
    known = ~doubtful
    for _ in range(ROUNDS):
        share = weight * known[beside]
        total = share.sum(1)
        found = total > 0
        mean = np.einsum("rk,rkcd->rcd", share[found], colors[beside[found]])
        colors[rows[found]] = mean / total[found, None, None]
        known[rows[found]] = True
    return replace(gaussians, sh0=colors[:, :1], shN=colors[:, 1:])


def adrift(gaussians: Gaussians, doubtful: Bool[Array, " N"]) -> Bool[Array, " N"]:
    """The doubtful ones in the air, which nothing goes on around: they stood in for the object."""
    rows, firm = np.flatnonzero(doubtful), gaussians.means[~doubtful]
    found = np.zeros(len(gaussians), bool)
    if len(rows) and len(firm) > NEIGHBORS:
        tree = _tree(firm)
        distance, beside = tree.query(gaussians.means[rows], NEIGHBORS)
        usual = np.median(tree.query(firm[beside.ravel()], NEIGHBORS + 1)[0][:, -1])
        own = gaussians.scales[rows].max(1)
        found[rows] = distance[:, -1] > FAR * np.maximum(usual, own)
    return found


def _tree(points: Array) -> cKDTree:
    """Built for a few questions: a balanced tree of a million points takes three times as long."""
    return cKDTree(points, balanced_tree=False, compact_nodes=False)
