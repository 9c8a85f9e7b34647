"""A segmenter without a network: the region of similar color around what was pointed at."""

from __future__ import annotations

import numpy as np
from skimage.measure import label

from ludvig_engine.sam import Segmenter
from ludvig_engine.sam.segmenter import Frame, Seen


class RegionSegmenter(Segmenter):
    """Its three masks differ in tolerance; the middle one has the best score."""

    TOLERANCES = (0.02, 0.25, 3.0)

    def __init__(self):
        self.name = self.key = "regions"
        self.licence = ""
        self.pictures = []  # that the encoder was shown

    def encode(self, pixels):
        self.pictures.append(pixels)
        return Seen(Frame(*pixels.shape[:2], max(pixels.shape), padded=False), pixels)

    @property
    def images(self):
        return len(self.pictures)

    def look(self, seen):
        self.pixels = seen.embedding

    def predict(self, points=None, labels=None, box=None, *, multimask=True):
        if box is not None:
            points, labels = (
                np.array([[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]]),
                np.ones(1, int),
            )
        masks = self._masks(points[labels == 1])
        for x, y in points[labels == 0].astype(int):
            masks &= ~self._masks(np.array([[x, y]]))
        return (masks, np.array([0.5, 0.9, 0.2])) if multimask else (masks[1:2], np.array([0.9]))

    def predict_many(self, points, labels, *, multimask=True):
        answers = [
            self.predict(p, s, multimask=multimask) for p, s in zip(points, labels, strict=True)
        ]
        return np.stack([masks for masks, _ in answers]), np.stack(
            [scores for _, scores in answers]
        )

    def _masks(self, points):
        masks = np.zeros((3, *self.pixels.shape[:2]), bool)
        columns, rows = np.asarray(points).astype(int).T
        distance = np.abs(self.pixels - np.median(self.pixels[rows, columns], axis=0)).sum(-1)
        for mask, tolerance in zip(masks, self.TOLERANCES, strict=True):
            regions = label(distance <= tolerance)
            mask |= np.isin(regions, regions[rows, columns]) & (regions > 0)
        return masks
