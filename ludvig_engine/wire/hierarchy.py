"""Cuts a hierarchy of segments: what a slider of granularity does, without asking the engine again.

A hierarchy has S leaves, the smallest segments, and M merges, each of which joins two nodes to one.
Nodes 0..S-1 are the leaves, and node S + m is the result of merge m. Merge m holds at a detail of
at most levels[m], which is never above the levels of the merges that it joins. So the segments at
one detail are unions of those at any higher one.

Standard library and NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array


def roots(merges: Array, levels: Array, leaves: int, detail: float) -> Array:
    """The node that each of the S leaves belongs to at this detail, 0..1: (S,) int."""
    up = np.arange(leaves + len(merges))
    held = np.flatnonzero(levels >= np.float32(detail))
    up[merges[held]] = (leaves + held)[:, None]
    while True:
        further = up[up]
        if np.array_equal(further, up):
            return up[:leaves]
        up = further


def labels(of_leaf: Array, leaves: Array) -> tuple[Array, int]:
    """Numbers of segments by their size: for each Gaussian (N,) int32, and how many there are.

    `of_leaf` (S,) is the node of each leaf, as `roots` gives it, and `leaves` (N,) the leaf of each
    Gaussian. 0 is the segment with most Gaussians; −1 is left out, as in `leaves`.
    """
    nodes, group = np.unique(of_leaf, return_inverse=True)
    sizes = np.bincount(leaves + 1, minlength=len(of_leaf) + 1)[1:]
    order = np.argsort(-np.bincount(group, sizes, len(nodes)), kind="stable")
    number = np.empty(len(nodes), np.int32)
    number[order] = np.arange(len(nodes))
    return np.append(number[group], np.int32(-1))[leaves], len(nodes)
