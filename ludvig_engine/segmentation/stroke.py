"""What one color of one paint touches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..arrays import Array, Bool, Float, Int
from .paint import Paint
from .painting import CLICK_RADIUS

# A click is agreed with if most of what it shows is; a longer stroke, if this share is.
AGREES = 0.8


@dataclass(frozen=True)
class Stroke:
    """What one color of one paint touches: rows of Gaussians, and how much of it each shows."""

    paint: Paint
    positive: bool
    rows: Int[Array, " M"]
    weights: Float[Array, " M"]
    key: bytes

    def held(self, selected: Bool[Array, " N"]) -> float:
        """The share that is selected, or for a negative stroke is not; 1 if it touches nothing."""
        total = float(self.weights.sum())
        right = selected[self.rows] == self.positive
        return float(self.weights[right].sum()) / total if total else 1.0

    def opposes(self, other: Stroke) -> bool:
        """Whether both touch the same Gaussians and say the opposite of them."""
        return self.positive != other.positive and bool(np.isin(self.rows, other.rows).any())

    def limit(self, toward: Float[Array, " N"], selected: Bool[Array, " N"]) -> float:
        """The highest limit of `toward` above which enough is changed to what the stroke says."""
        wrong = selected[self.rows] != self.positive
        order = np.argsort(-toward[self.rows[wrong]])
        gained = np.cumsum(self.weights[wrong][order]) / self.weights.sum() + self.held(selected)
        enough = np.flatnonzero(gained >= self.needed)
        return float(toward[self.rows[wrong][order[enough[0]]]]) if len(enough) else 0.0

    @cached_property
    def needed(self) -> float:
        """What must be `held` for the stroke to be agreed with."""
        painted = np.maximum(self.paint.positive, self.paint.negative)
        radius = CLICK_RADIUS * max(self.paint.camera.width, self.paint.camera.height) + 1
        return 0.5 if float(painted.sum()) < 3 * np.pi * radius**2 else AGREES
