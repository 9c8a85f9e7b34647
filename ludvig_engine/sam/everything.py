"""Segment everything: a click on every point of a grid, the sure masks kept, as one map of labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..machine.device import import_torch
from ..progress import SILENT, Job, chunks
from ..stages import SEGMENT_EVERYTHING
from .segmenter import Segmenter

GRID = 32  # points along the longer side
LEAST_SCORE = 0.88  # the thresholds of the paper (Kirillov et al. 2023, appendix B)
LEAST_STABILITY = 0.95  # IoU of the mask cut one logit lower and one higher
MOST_OVERLAP = 0.7  # IoU of two masks that are taken for the same
BATCH = 64


def segment_everything(
    segmenter: Segmenter,
    *,
    grid: int = GRID,
    least_score: float = LEAST_SCORE,
    least_stability: float = LEAST_STABILITY,
    least_area: float = 1e-4,
    job: Job = SILENT,
) -> Int[Array, "H W"]:
    """Labels 1, 2, ... of the image that was set, large masks first, small ones on top; 0 where there is none.

    `least_area` is a share of the image.
    """
    frame = segmenter.frame
    points = grid_points(frame.height, frame.width, grid)
    found: list[Array] = []
    scores: list[Array] = []
    for part in job.track(chunks(len(points), BATCH), SEGMENT_EVERYTHING):
        batch = points[part, None]
        answers, quality = segmenter.logits(batch, np.ones(batch.shape[:2], int), None, True)
        rows, columns = (-(-shown * answers.shape[-1] // frame.side) for shown in frame.shown)
        logits, expected = answers.flatten(0, 1), quality.flatten()
        photo = logits[:, :rows, :columns]  # without what is padding
        large = (photo > 0).flatten(1).float().mean(1) >= least_area
        keep = (expected >= least_score) & (stability(photo) >= least_stability) & large
        found.append(logits[keep].cpu().numpy())
        scores.append(expected[keep].cpu().numpy())
    logits, torch = np.concatenate(found), import_torch()
    if not len(logits):
        return np.zeros((frame.height, frame.width), np.int32)
    small = logits[:, :rows, :columns] > 0
    kept = distinct(small, np.concatenate(scores))
    order = kept[np.argsort(-small[kept].sum((1, 2)), kind="stable")]
    masks = (frame.to_photo(torch.from_numpy(logits[None, [i]]))[0, 0].numpy() > 0 for i in order)
    return paint(masks, (frame.height, frame.width))


def grid_points(height: int, width: int, count: int) -> Float[Array, "N 2"]:
    """x, y of points in the middle of square cells, `count` of them along the longer side."""
    step = max(height, width) / count
    rows, columns = (max(round(side / step), 1) for side in (height, width))
    y, x = ((np.arange(n) + 0.5) * side / n for n, side in ((rows, height), (columns, width)))
    y, x = np.meshgrid(y, x, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], 1)


def stability(logits: Any) -> Any:
    """IoU of each (s, s) map cut at 1 and at −1: near 1 if the mask hardly depends on the cut."""
    inner, outer = ((logits > cut).flatten(1).sum(1) for cut in (1, -1))
    return inner / outer.clamp(min=1)


def distinct(masks: Bool[Array, "K H W"], scores: Float[Array, " K"]) -> Int[Array, " J"]:
    """The masks that are no worse copy of another: greedily from the best, by IoU."""
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    common, areas = flat @ flat.T, flat.sum(1)
    overlap = common / np.maximum(areas[:, None] + areas - common, 1)
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if not kept or overlap[i, kept].max() <= MOST_OVERLAP:
            kept.append(int(i))
    return np.array(kept, int)


def paint(masks: Iterable[Bool[Array, "H W"]], shape: tuple[int, int]) -> Int[Array, "H W"]:
    """A map of labels 1, 2, ...: later masks lie on top of earlier ones. One at a time, as they are large."""
    labels = np.zeros(shape, np.int32)
    for label, mask in enumerate(masks, 1):
        labels[mask] = label
    return labels
