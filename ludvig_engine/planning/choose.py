"""Which of many views are enough: until almost everything is seen three times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float, Int

TIMES = 3  # views that should see each Gaussian, or all that can if they are fewer
ENOUGH = 0.99  # of the evidence is seen so often
# Few views give few opinions on each Gaussian, however well they cover the scene, and many take
# long. Captures have 15 to 200 photos.
LEAST, MOST = 24, 64
# A view sees a Gaussian if it shows at least this part of the share of it that the best view
# shows. Less is a glimpse between leaves.
PART = 0.25


@dataclass(frozen=True)
class Choice:
    """The views chosen, the most telling first."""

    rows: Int[Array, " C"]
    covered: float  # of the evidence, 0..1, is seen by TIMES of them, or by all that can see it


def seen(shares: Float[Array, "V N"]) -> Bool[Array, "V N"]:
    """Which views see which Gaussians; `shares` is how much of each arrives in each view."""
    found: Bool[Array, "V N"] = (shares >= PART * shares.max(0, initial=0)) & (shares > 0)
    return found


def choose(sees: Bool[Array, "V N"], evidence: Float[Array, " N"]) -> Choice:
    """Views that see `evidence` often enough: each time the one that adds most of it.

    At least LEAST, or all there are, and at most MOST.
    """
    wanted = np.minimum(sees.sum(0), TIMES)
    counts = np.zeros(sees.shape[1], np.int64)
    left = np.ones(len(sees), bool)
    total = float(evidence[wanted > 0].sum())
    chosen: list[int] = []
    looks = sees.astype(np.float32)
    covered = 0.0
    while len(chosen) < min(MOST, len(sees)):
        if len(chosen) >= LEAST and covered >= ENOUGH:
            break
        # What is seen often enough already still counts a little, so that further views look at it.
        worth = evidence / (1 + counts) ** 2 * np.where(counts < wanted, 1.0, 0.01)
        gain = np.where(left, looks @ worth.astype(np.float32), -1)
        best = int(np.argmax(gain))
        chosen.append(best)
        left[best] = False
        counts += sees[best]
        covered = float(evidence[(counts >= wanted) & (wanted > 0)].sum()) / max(total, 1e-30)
    return Choice(np.array(chosen, np.int64), covered)
