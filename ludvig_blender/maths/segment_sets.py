"""Set operations on segments that keep scores, so that the threshold still moves the border.

Splats with scores above the threshold are in the set. `centered` maps every threshold to 0.5 and
keeps scores away from it. Then the fuzzy operations give exactly the expected sets, also for
complements: s > 0.5 if and only if not 1 - s > 0.5.
"""

from __future__ import annotations

import numpy as np

HALF = np.float32(0.5)
CLEAR = np.float32(1e-4)  # least distance of scores from the threshold


def centered(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Scores (N,) mapped to 0..1 with the threshold at 0.5, and at least `CLEAR` away from it."""
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
    """Scores (N,) with the least change so that exactly the `chosen` (N,) exceed the threshold."""
    edge = np.float32(threshold)
    above = np.nextafter(edge, np.float32(2))
    return np.where(chosen, np.maximum(scores, above), np.minimum(scores, edge))


def mirrored(scores: np.ndarray, threshold: float, chosen: np.ndarray) -> np.ndarray:
    """Scores (N,) so that exactly the `chosen` (N,) exceed the threshold.

    Those that change sides are as far beyond it as they were before: changing back restores them.
    """
    edge = np.float32(threshold)
    below, above = np.maximum(edge, np.float32(1e-6)), np.maximum(1 - edge, np.float32(1e-6))
    inside = scores > edge
    entering = np.where(chosen & ~inside, edge + above * (edge - scores) / below, scores)
    moved = np.where(inside & ~chosen, edge - below * (scores - edge) / above, entering)
    return attained(moved.astype(np.float32), threshold, chosen)


OPERATIONS = {"UNION": union, "DIFFERENCE": difference, "INTERSECT": intersection}


def combined(action: str, before: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The selection (N,) bool after these splats are selected, or added to `before`, and so on."""
    return {
        "SET": own,
        "ADD": before | own,
        "SUBTRACT": before & ~own,
        "INTERSECT": before & own,
    }[action]
