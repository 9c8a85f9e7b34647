"""What the masks of all things in some views say of regions: which of them are one thing.

A mask holds a share of what its view shows of a region. Two regions are one thing as far as masks
that hold one of them hold the other too. A part and its neighbor may have a mask each and one
together, so this is a matter of degree, and the granularity decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float, Int

PAIRS = 4096  # that are compared at once: 8 MB for 500 masks


@dataclass(frozen=True)
class Masked:
    """K masks of V views, and what they hold of S regions."""

    held: Float[Array, "S K"]  # pixels of the region in the mask
    shown: Float[Array, "S V"]  # pixels of the region in the view
    view: Int[Array, " K"]  # the view that a mask is of

    def merged(self, into: Int[Array, " S"], count: int) -> Masked:
        """Of `count` regions: region i becomes part of number into[i]."""
        held = np.zeros((count, self.held.shape[1]))
        shown = np.zeros((count, self.shown.shape[1]))
        np.add.at(held, into, self.held)
        np.add.at(shown, into, self.shown)
        return Masked(held, shown, self.view)

    def first(self, count: int) -> Masked:
        """Of the first `count` regions."""
        return Masked(self.held[:count], self.shown[:count], self.view)

    def together(self, a: Int[Array, " E"], b: Int[Array, " E"]) -> Float[Array, " E"]:
        """How far the regions of each pair share their masks: 0 none, 1 all; ½ if none is known.

        It is Σ w p q / Σ w (p + q − p q) over the masks, with the shares p and q of both regions
        that a mask holds, and as weight w the pixels of the one that its view shows less of.
        """
        share = self.held / np.maximum(self.shown[:, self.view], 1)
        out = np.empty(len(a))
        for start in range(0, len(a), PAIRS):
            one, other = a[start : start + PAIRS], b[start : start + PAIRS]
            weight = np.minimum(self.shown[one], self.shown[other])[:, self.view]
            both = share[one] * share[other]
            either = (weight * (share[one] + share[other] - both)).sum(1)
            found = (weight * both).sum(1) / np.maximum(either, 1e-12)
            out[start : start + PAIRS] = np.where(either > 0, found, 0.5)
        return out
