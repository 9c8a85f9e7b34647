"""What the protocols count, 0..1."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image
from skimage.filters import threshold_otsu

from ..arrays import Array, Bool, Float, Int


def iou(a: Bool[Array, "*shape"], b: Bool[Array, "*shape"]) -> float:
    """Intersection over union; of two empty masks 1."""
    either = int((a | b).sum())
    return int((a & b).sum()) / either if either else 1.0


def accuracy(a: Bool[Array, "*shape"], b: Bool[Array, "*shape"]) -> float:
    """Share of pixels that agree."""
    return float((a == b).mean())


def mean(values: Iterable[float]) -> float:
    """NaN of nothing."""
    values = list(values)
    return float(np.mean(values)) if values else float("nan")


def scaled(mask: Bool[Array, "h w"], height: int, width: int) -> Bool[Array, "H W"]:
    """A ground truth at a prediction's size: the nearest pixel, as the published evaluation does."""
    if mask.shape == (height, width):
        return mask
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))


def above_otsu(relevancy: Float[Array, "H W"], cutoff: float) -> Bool[Array, "H W"]:
    """Pixels above Otsu's threshold of those that reach more than `cutoff` of the maximum; none if none is above 0."""
    top = float(relevancy.max())
    if top <= 0:
        return np.zeros(relevancy.shape, bool)
    inside = relevancy > cutoff * top
    values = relevancy[inside]
    return inside if np.ptp(values) == 0 else relevancy > threshold_otsu(values)


def hits(relevancy: Float[Array, "H W"], boxes: Float[Array, "B 4"]) -> bool:
    """Whether any of the largest pixels lies in any box (left, top, right, bottom), borders included."""
    rows, columns = np.nonzero(relevancy == relevancy.max())
    x, y = columns[:, None], rows[:, None]
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return bool(inside.any())


def class_scores(
    predicted: Int[Array, " N"], truth: Int[Array, " N"], classes: int
) -> tuple[float, float]:
    """Mean IoU and mean accuracy over the classes in the truth, where −1 is not counted; a predicted −1 is wrong."""
    counted = truth >= 0
    t, p = truth[counted], np.where(predicted[counted] < 0, classes, predicted[counted])
    confusion = np.bincount(t * (classes + 1) + p, minlength=classes * (classes + 1)).reshape(
        classes, classes + 1
    )
    right = np.diag(confusion)
    real = confusion.sum(1)
    said = confusion[:, :classes].sum(0)
    present = real > 0
    return mean(right[present] / (real + said - right)[present]), mean(
        right[present] / real[present]
    )
