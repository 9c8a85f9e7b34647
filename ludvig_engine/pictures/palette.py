"""Features as colors: their three principal components become red, green and blue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from ..features.pca import Reduction, fit_pca
from ..uplifting import Uplifted

# The color of what has no feature.
GRAY = 0.5
# The percentiles of the components that become 0 and 1, so that a few odd features do not make all
# others gray.
RANGE = (2, 98)


@dataclass(frozen=True)
class Palette:
    """A basis and a range, fitted on uplifted features, that color any features of that kind.

    So 2-D features and those that were lifted from them can be compared: equal ones have equal
    colors.
    """

    basis: Reduction
    low: Float[Array, " K"]
    high: Float[Array, " K"]

    @classmethod
    def of(cls, uplifted: Uplifted) -> Palette | None:
        """The palette of the Gaussians that a photo sees; None if these are fewer than two."""
        seen = uplifted.features[uplifted.seen]
        if len(seen) < 2:
            return None
        basis = fit_pca([seen.T[:, :, None]], components=3)
        low, high = np.percentile(basis(seen.T[:, :, None])[:, :, 0], RANGE, axis=1)
        return cls(basis, low.astype(np.float32), high.astype(np.float32))

    def __call__(self, features: Float[Array, "D h w"]) -> Float[Array, "h w 3"]:
        """The colors of a feature map, 0..1; fewer than three channels leave the others gray."""
        parts = self.basis(features).transpose(1, 2, 0)
        out = np.full((*parts.shape[:2], 3), GRAY, np.float32)
        span = np.maximum(self.high - self.low, 1e-9)
        out[..., : parts.shape[2]] = np.clip((parts - self.low) / span, 0, 1)
        return out


def pca_colors(uplifted: Uplifted) -> Float[Array, "N 3"]:
    """The three principal components of the features as colors in 0..1.

    Gaussians that no photo sees are gray.
    """
    out = np.full((len(uplifted.features), 3), GRAY, np.float32)
    palette = Palette.of(uplifted)
    if palette:
        seen = uplifted.features[uplifted.seen]
        out[uplifted.seen] = palette(seen.T[:, :, None])[:, 0]
    return out
