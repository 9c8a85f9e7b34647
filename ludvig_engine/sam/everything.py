"""Segment everything: prompt SAM at every point of a grid, and keep its good masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..machine.device import import_torch
from ..progress import SILENT, Job, chunks
from ..stages import SEGMENT_EVERYTHING
from .segmenter import Segmenter

GRID = 32  # points along the longer side
# The next three are the thresholds of SAM's paper (Kirillov et al. 2023, appendix B): the IoU that
# the network predicts for its mask, the IoU of the mask cut one logit lower and one logit higher,
# and the IoU above which two masks count as the same.
LEAST_SCORE = 0.88
LEAST_STABILITY = 0.95
MOST_OVERLAP = 0.7
BATCH = 64  # points per call of the network


def everything(
    segmenter: Segmenter,
    *,
    grid: int = GRID,
    least_score: float = LEAST_SCORE,
    least_stability: float = LEAST_STABILITY,
    least_area: float = 1e-4,
    job: Job = SILENT,
) -> Iterator[Bool[Array, "H W"]]:
    """The masks of all things in the image that was set, and of their parts; the largest first.

    They come one by one, since all of them at once may not fit in memory. `least_area` is a share
    of the image: smaller masks are dropped. Raises `EngineError` "bad_input" if no image was set.
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
        photo = logits[:, :rows, :columns]  # without the padding
        large = (photo > 0).flatten(1).float().mean(1) >= least_area
        keep = (expected >= least_score) & (stability(photo) >= least_stability) & large
        found.append(logits[keep].cpu().numpy())
        scores.append(expected[keep].cpu().numpy())
    logits, torch = np.concatenate(found), import_torch()
    if not len(logits):
        return
    small = logits[:, :rows, :columns] > 0
    kept = distinct(small, np.concatenate(scores))
    order = kept[np.argsort(-small[kept].sum((1, 2)), kind="stable")]
    for i in order:
        yield frame.to_photo(torch.from_numpy(logits[None, [i]]))[0, 0].numpy() > 0


def grid_points(height: int, width: int, count: int) -> Float[Array, "N 2"]:
    """x, y in pixels of the centers of square cells, `count` of them along the longer side."""
    step = max(height, width) / count
    rows, columns = (max(round(side / step), 1) for side in (height, width))
    y, x = ((np.arange(n) + 0.5) * side / n for n, side in ((rows, height), (columns, width)))
    y, x = np.meshgrid(y, x, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], 1)


def stability(logits: Any) -> Any:
    """IoU of each map (B, s, s) cut at 1 and at −1; near 1 if the cut hardly matters."""
    inner, outer = ((logits > cut).flatten(1).sum(1) for cut in (1, -1))
    return inner / outer.clamp(min=1)


def distinct(masks: Bool[Array, "K H W"], scores: Float[Array, " K"]) -> Int[Array, " J"]:
    """Indices of masks without duplicates: of masks that overlap too much, the best one is kept.

    Masks are taken greedily, best score first (non-maximum suppression).
    """
    flat = masks.reshape(len(masks), -1).astype(np.float32)
    common, areas = flat @ flat.T, flat.sum(1)
    overlap = common / np.maximum(areas[:, None] + areas - common, 1)
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if not kept or overlap[i, kept].max() <= MOST_OVERLAP:
            kept.append(int(i))
    return np.array(kept, int)


def paint(masks: Iterable[Bool[Array, "H W"]], shape: tuple[int, int]) -> Int[Array, "H W"]:
    """Paint masks over each other as labels 1, 2, ...; later masks lie on top, 0 is no mask."""
    labels = np.zeros(shape, np.int32)
    for label, mask in enumerate(masks, 1):
        labels[mask] = label
    return labels
