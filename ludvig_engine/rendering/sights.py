"""What is lifted, and what a back end gives back."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays import Array, Bool, Float
from ..scene import Camera


@dataclass(frozen=True)
class Sight:
    """A feature map and the camera it belongs to. Pixels where `valid` is False are ignored."""

    camera: Camera
    # The map covers the whole image, at any resolution.
    feature_map: Float[Array, "D h w"]
    valid: Bool[Array, "H W"] | None = None


@dataclass(frozen=True)
class Sums:
    """Sums over all pixels of some views."""

    features: Float[Array, "N D"]  # Σ w F
    weights: Float[Array, " N"]  # Σ w
    squares: Float[Array, " N"]  # Σ_d W_d², with W_d the Σ w of view d
