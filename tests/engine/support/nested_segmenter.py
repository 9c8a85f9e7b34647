"""A segmenter whose masks are known: of things of one hue each, on gray."""

from __future__ import annotations

import numpy as np
from skimage.measure import label

from region_segmenter import RegionSegmenter


class NestedSegmenter(RegionSegmenter):
    """Its masks are the upper half of the thing under the clicks, the thing, and all things."""

    def __init__(self, scores=(0.5, 0.9, 0.2), *, obeys=True):
        super().__init__()
        self.scores, self.obeys = np.array(scores), obeys

    def predict(self, points=None, labels=None, box=None, *, multimask=True):
        points, labels = np.zeros((0, 2)) if points is None else points, np.array(labels, int)
        if box is not None:
            points = np.concatenate([[(box[:2] + box[2:]) / 2], points])
            labels = np.concatenate([[1], labels])
        colored = np.ptp(self.pixels, axis=-1) > 0.2
        things = label(np.where(colored, 1 + self.pixels.argmax(-1), 0), connectivity=1)
        columns, rows = points.astype(int).T
        thing = np.isin(things, things[rows, columns][labels == 1][:1])
        if not colored[rows, columns][labels == 1][:1].all():
            return np.zeros((3, *thing.shape), bool), self.scores
        middle = np.nonzero(thing)[0].mean()
        upper = thing & (np.arange(len(thing)) < middle)[:, None]
        masks = np.stack([upper, thing, colored])
        if self.obeys:
            masks &= ~np.isin(things, things[rows, columns][labels == 0])
        return masks, self.scores
