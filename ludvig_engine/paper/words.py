"""The paper's way from a text's seeds to a segment (LUDVIG, section 4.3, and object removal).

The unary P is a logistic regression with the seeds as labels, and the seeds are spread by
normalized diffusion. In scenes with several things this finds only pieces of them, so the product
goes another way (`words/find.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.filters import threshold_otsu

from ..arrays import Array, Bool, Float
from ..graph.neighbors import unit
from ..graph.similarity import similarities
from ..progress import SILENT, Job
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment
from ..uplifting import Uplifted
from ..words import text
from ..words.find import Relevancy, Spread, among_seen, parted, stretched
from .diffusions import diffuse, seed_median
from .unary import logistic, to_weighted_mean


@dataclass(frozen=True)
class Transient(Spread):
    """Power iteration from the seeds; the result is the transient after `steps`."""

    bandwidth: float = 4.0  # of the feature similarities, in squared median distances
    C: float = 0.001  # inverse regularization of the logistic regression
    # Exponent of its probability, 1 / b in the paper.
    power: float = 4.0
    steps: int = 200
    # "logistic", or "mean": by the distance to the relevancy-weighted mean feature of the seeds.
    unary: str = "logistic"

    def answer(
        self, prepared: Prepared, lifted: Uplifted, relevancy: Relevancy, *, job: Job = SILENT
    ) -> Segment:
        """The best guess, whether the scene shows the text or not."""
        measure = among_seen(relevancy.sharp, lifted.seen)
        seeds = text.seeds(measure) > 0
        if not self.diffusion or not seeds.any():
            return parted(stretched(measure))
        start = np.where(seeds, relevancy.sharp, 0).astype(np.float32)
        return parted(self._diffused(prepared, lifted, start, job))

    def among(
        self, prepared: Prepared, lifted: Uplifted, relevancy: Float[Array, "N P"]
    ) -> Transient:
        """The same with the scale m of each Gaussian's similarities.

        It is the median distance around what the text that fits the Gaussian best stands out in.
        """
        if not self.diffusion or not lifted.seen.any():
            return self
        columns = [among_seen(column, lifted.seen) for column in relevancy.T]
        medians = [seed_median(prepared.graph, outstanding(column)) for column in columns]
        scales = np.array(medians, np.float32)[relevancy.argmax(1)] + np.float32(1e-8)
        return _Scaled(**{**vars(self), "scales": scales})

    def _diffused(
        self, prepared: Prepared, lifted: Uplifted, start: Float[Array, " N"], job: Job
    ) -> Float[Array, " N"]:
        """The transient of the diffusion, divided by its maximum; 0..1."""
        x = unit(prepared.uplifted.features)
        if self.unary == "mean":
            P = to_weighted_mean(x, start, bandwidth=1 / self.power)
        else:
            weights = lifted.weights / lifted.weights[lifted.seen].mean()
            P = logistic(x, start > 0, weights, C=self.C) ** self.power
        adjacency = similarities(prepared.graph, self.bandwidth, self._scale(prepared, start))
        columns = start[:, None]
        score = diffuse(prepared.graph, adjacency, P, columns, steps=self.steps, job=job)[:, 0]
        return np.asarray(np.clip(score / max(float(score.max()), 1e-12), 0, 1), np.float32)

    def _scale(self, prepared: Prepared, start: Float[Array, " N"]) -> float | Float[Array, " N"]:
        """The scale m of a single text: the median distance around its seeds."""
        return max(seed_median(prepared.graph, start > 0), 1e-6)


@dataclass(frozen=True)
class _Scaled(Transient):
    """With m_i for each Gaussian, from all texts (`Transient.among`)."""

    scales: Float[Array, " N"] | None = None

    def _scale(self, prepared: Prepared, start: Float[Array, " N"]) -> float | Float[Array, " N"]:
        assert self.scales is not None
        return self.scales


def outstanding(relevancy: Float[Array, " N"]) -> Bool[Array, " N"]:
    """Where a text stands out: above Otsu's threshold of the upper half of the range."""
    share = stretched(relevancy)
    upper = share[share > 0.5]
    return share > threshold_otsu(upper) if np.ptp(upper) > 0 else share > 0.5
