"""The measures of the protocols, all in 0..1."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt
from skimage.filters import threshold_otsu

from ..arrays import Array, Bool, Float, Int


def iou(a: Bool[Array, "*shape"], b: Bool[Array, "*shape"]) -> float:
    """Intersection over union; 1 for two empty masks."""
    either = int((a | b).sum())
    return int((a & b).sum()) / either if either else 1.0


def boundary_iou(a: Bool[Array, "H W"], b: Bool[Array, "H W"], band: float = 0.02) -> float:
    """IoU of the inner rims of two masks, which the inside of large masks does not hide.

    A rim is what lies within `band` times the image's diagonal of the mask's outline (Cheng et al.,
    Boundary IoU, CVPR 2021, equation 2). Outside of the image counts as outside of the mask.
    """
    width = max(round(band * float(np.hypot(*a.shape))), 1)
    return iou(_rim(a, width), _rim(b, width))


def _rim(mask: Bool[Array, "H W"], width: int) -> Bool[Array, "H W"]:
    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    return mask & (depth <= width)


def accuracy(a: Bool[Array, "*shape"], b: Bool[Array, "*shape"]) -> float:
    """The share of pixels in which two masks agree."""
    return float((a == b).mean())


def mean(values: Iterable[float]) -> float:
    """The mean; NaN if there are no values."""
    values = list(values)
    return float(np.mean(values)) if values else float("nan")


def scaled(mask: Bool[Array, "h w"], height: int, width: int) -> Bool[Array, "H W"]:
    """Resample a ground truth to a prediction's size by the nearest pixel, as published."""
    if mask.shape == (height, width):
        return mask
    return np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))


def above_otsu(relevancy: Float[Array, "H W"], cutoff: float) -> Bool[Array, "H W"]:
    """The pixels above Otsu's threshold, which is that of pixels above `cutoff` times the maximum.

    If no pixel is above 0 the result is empty.
    """
    top = float(relevancy.max())
    if top <= 0:
        return np.zeros(relevancy.shape, bool)
    inside = relevancy > cutoff * top
    values = relevancy[inside]
    return inside if np.ptp(values) == 0 else relevancy > threshold_otsu(values)


def hits(relevancy: Float[Array, "H W"], boxes: Float[Array, "B 4"]) -> bool:
    """Whether a pixel with the maximal value lies in a box (left, top, right, bottom).

    The borders of a box belong to it.
    """
    rows, columns = np.nonzero(relevancy == relevancy.max())
    x, y = columns[:, None], rows[:, None]
    inside = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return bool(inside.any())


def class_scores(
    predicted: Int[Array, " N"], truth: Int[Array, " N"], classes: int
) -> tuple[float, float]:
    """Mean IoU and mean accuracy over the classes that occur in the truth.

    Elements whose truth is −1 are not counted. A predicted −1 is always wrong.
    """
    counted = truth >= 0
    t, p = truth[counted], np.where(predicted[counted] < 0, classes, predicted[counted])
    shape = classes, classes + 1
    pairs = np.bincount(t * (classes + 1) + p, minlength=classes * (classes + 1))
    confusion = pairs.reshape(shape)
    right = np.diag(confusion)
    real = confusion.sum(1)
    guessed = confusion[:, :classes].sum(0)
    present = real > 0
    overlap = right[present] / (real + guessed - right)[present]
    return mean(overlap), mean(right[present] / real[present])
