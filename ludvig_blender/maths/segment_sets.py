"""Segments as sets, without losing their scores: after any of these the threshold still moves the border.

Scores above a threshold are in. `centered` puts every threshold at 0.5 and keeps scores clear of it, then the fuzzy
operations give the sets expected of them exactly, also of complements: s > 0.5 just if not 1 - s > 0.5.
"""

from __future__ import annotations

import numpy as np

HALF = np.float32(0.5)
CLEAR = np.float32(1e-4)  # of the threshold


def centered(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Scores (N,) as 0..1 with the threshold at 0.5; none is nearer to it than `CLEAR`."""
    below, above = np.float32(max(threshold, 1e-6)), np.float32(max(1 - threshold, 1e-6))
    inside = scores > np.float32(threshold)
    low = np.minimum(HALF * scores / below, HALF - CLEAR)
    high = np.clip(HALF + HALF * (scores - np.float32(threshold)) / above, HALF + CLEAR, 1)
    return np.where(inside, high, np.maximum(low, 0)).astype(np.float32)


def union(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.maximum(a, b)


def intersection(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.minimum(a, b)


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.minimum(a, 1 - b)


def attained(scores: np.ndarray, threshold: float, chosen: np.ndarray) -> np.ndarray:
    """Scores (N,) changed as little as it takes for exactly the `chosen` (N,) bool to exceed the threshold."""
    edge = np.float32(threshold)
    return np.where(
        chosen, np.maximum(scores, np.nextafter(edge, np.float32(2))), np.minimum(scores, edge)
    )


OPERATIONS = {"UNION": union, "DIFFERENCE": difference, "INTERSECT": intersection}
