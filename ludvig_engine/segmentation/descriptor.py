"""What a classifier is told about each Gaussian: its features, and softly where it is.

Position enters as random Fourier features [Rahimi and Recht 2007] of the mean: what looks the same
at the other end of the scene can then be told apart, without a border anywhere. Far away, where
captures are coarse, space is contracted as in mip-NeRF 360. N x (D + R) numbers are only made in
pieces. The R Fourier features depend on the scene alone, and are kept where memory allows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..arrays import Array, Float, Int
from ..machine.blas import single
from ..machine.memory import total_memory
from ..progress import SILENT, Job, chunks

WAVES = 60
FREQUENCIES = 0.7, 4.0  # the objects are some unknown fraction of what the photos show
RADIUS = 3.0  # median distances from the middle; what is farther is drawn in
PIECE = 32768
# The Fourier features, 240 MB for a million Gaussians, are kept up to this share of the memory.
# Without them, a click on a million takes a fifth longer.
SHARE = 1 / 16
_SEED = 0


@dataclass(frozen=True)
class Descriptor:
    """The features of a scene beside the places they are at."""

    features: Float[Array, "N D"]
    scale: float  # of the features: their root mean square length is divided out
    places: Float[Array, "N 3"]  # contracted, in median distances from the middle
    share: float  # length of the position's part beside the features' 1
    # The Fourier features of the pieces of `product`, by where they begin.
    _kept: dict[int, Float[Array, "M R"]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        features: Float[Array, "N D"],
        means: Float[Array, "N 3"],
        weights: Float[Array, " N"],
        share: float,
    ) -> Descriptor:
        """`weights` say how much the photos show of a Gaussian: the middle and the unit are those
        of what they show.
        """
        middle = np.array([_median(column, weights) for column in means.T])
        places = (means - middle).astype(np.float32)
        places /= max(_median(np.linalg.norm(places, axis=1), weights), 1e-12)
        distance = np.linalg.norm(places, axis=1, keepdims=True)
        far = np.maximum(distance, RADIUS)
        near = np.where(distance > RADIUS, places * (RADIUS * (2 - RADIUS / far) / far), places)
        squares = np.einsum("nd,nd->", features, features, dtype=np.float64)  # no copy
        scale = max(float(np.sqrt(squares / max(len(features), 1))), 1e-12)
        return cls(features, scale, near.astype(np.float32), share)

    def rows(self, which: Int[Array, " M"]) -> Float[Array, "M F"]:
        """The descriptors of some Gaussians."""
        waves = self._waves(which) * np.float32(self._amplitude)
        return np.concatenate([self.features[which] / np.float32(self.scale), waves], axis=1)

    def product(self, weights: Float[Array, " F"], *, job: Job = SILENT) -> Float[Array, " N"]:
        """`rows @ weights` of all Gaussians."""
        D = self.features.shape[1]
        of_features = (weights[:D] / self.scale).astype(np.float32)
        of_waves = (weights[D:] * self._amplitude).astype(np.float32)

        keep = len(self.places) * WAVES * np.float32().nbytes <= SHARE * total_memory()

        def one(part: slice) -> Float[Array, " M"]:
            waves = self._kept.get(part.start)
            if waves is None:
                waves = self._waves(part)
                if keep:
                    self._kept[part.start] = waves
            return self.features[part] @ of_features + waves @ of_waves

        with single():
            return np.concatenate(list(job.map(one, chunks(len(self.features), PIECE))))

    @property
    def _amplitude(self) -> float:
        return self.share * float(np.sqrt(2 / WAVES))

    def _waves(self, which: Int[Array, " M"] | slice) -> Float[Array, "M R"]:
        rng = np.random.default_rng(_SEED)
        frequencies = (rng.normal(size=(3, WAVES)) * np.geomspace(*FREQUENCIES, WAVES)).astype(
            np.float32
        )
        waves = self.places[which] @ frequencies
        waves += rng.uniform(0, 2 * np.pi, WAVES).astype(np.float32)
        return np.cos(waves, out=waves)


def _median(values: Float[Array, " N"], weights: Float[Array, " N"]) -> float:
    order = np.argsort(values)
    up_to = np.cumsum(weights[order], dtype=np.float64)
    return float(values[order[np.searchsorted(up_to, up_to[-1] / 2)]])
