"""Turn clicks, boxes or scribbles on a photo into a mask, and the mask into paint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from skimage.filters import threshold_li, threshold_otsu

from ..arrays import Array, Bool, Float, Int
from ..errors import EngineError
from ..io.photos import photo_point, read_photo
from ..scene import View
from ..segmentation.paint import Paint
from ..segmentation.painting import mask
from .segmenter import Segmenter

# A scribble is turned into SETS random prompts of POINTS points each, as in the paper on NVOS.
SETS, POINTS = 10, 3


@dataclass(frozen=True)
class Pointing:
    """Clicks and a box on one photo, in pixels of its camera; pixel centers are at +0.5."""

    view: View
    points: Float[Array, "P 2"]
    labels: Int[Array, " P"]  # 1: on the object, 0: beside it
    box: Float[Array, " 4"] | None = None  # left, top, right, bottom


def pointing(
    view: View,
    clicks: Sequence[tuple[float, float, bool]],
    box: tuple[float, float, float, float] | None = None,
) -> Pointing:
    """Convert clicks and a box from pixels of the photo file, counted from 0, to the camera's.

    A click is x, y, and whether it is on the object. A box is two opposite corners. Raises
    `EngineError` "bad_input" for a point outside the photo.
    """
    points = np.array([photo_point(view, x, y) for x, y, _ in clicks]).reshape(-1, 2)
    labels = np.array([int(positive) for *_, positive in clicks], int)
    if box is None:
        return Pointing(view, points, labels)
    corners = np.array([photo_point(view, *box[:2]), photo_point(view, *box[2:])])
    return Pointing(view, points, labels, np.concatenate([corners.min(0), corners.max(0)]))


def to_paint(segmenter: Segmenter, pointed: Pointing) -> Paint:
    """The mask that the segmenter rates best, as paint on the photo's camera.

    A single click is ambiguous: it may mean a part, the thing or a group. Then the best rated of
    the network's three masks is taken; otherwise its single mask is. Raises `EngineError`
    "bad_input" if the mask is empty, or if there is neither a box nor a positive click.
    """
    if pointed.box is None and not (pointed.labels == 1).any():
        raise EngineError(
            "bad_input",
            f"No click on {pointed.view.name} is positive ({len(pointed.labels)} negative).",
            ["Click on the object, too."],
        )
    photo = read_photo(pointed.view)
    segmenter.set_image(photo.pixels)
    ambiguous = pointed.box is None and len(pointed.points) == 1
    masks, scores = segmenter.predict(
        pointed.points, pointed.labels, pointed.box, multimask=ambiguous
    )
    found = masks[int(np.argmax(scores))]
    if photo.valid is not None:
        found = found & photo.valid
    if not found.any():
        raise EngineError(
            "bad_input",
            f"{segmenter.name} finds nothing at your prompt on {pointed.view.name}.",
            ["Click in the middle of the object, or draw a box around it."],
        )
    return mask(pointed.view.camera, found)


def reference_mask(
    segmenter: Segmenter, view: View, paint: Paint, *, seed: int = 0
) -> Bool[Array, "H W"]:
    """The mask of the object under a scribble, on the scribble's own photo (NVOS, section 4.2).

    It is the mean mask of `SETS` random prompts of `POINTS` points, cut by Li's rule. Raises
    `EngineError` "bad_input" if the scribble has fewer than `POINTS` pixels.
    """
    stroke = paint.whole.positive > 0.5
    if stroke.sum() < POINTS:
        raise EngineError(
            "bad_input",
            f"The prompt on {view.name} has {stroke.sum()} pixels, but {POINTS} are needed.",
            ["Paint a longer stroke."],
        )
    segmenter.set_image(read_photo(view).pixels)
    return mean_of_draws(segmenter, stroke, sets=SETS, seed=seed, threshold=threshold_li)


def mean_of_draws(
    segmenter: Segmenter,
    region: Bool[Array, "H W"],
    *,
    sets: int,
    seed: int,
    threshold: Callable[[Array], float] = threshold_otsu,
) -> Bool[Array, "H W"]:
    """Prompt the image that was set with points of `region`, and cut the mean of the masks.

    `sets` prompts of `POINTS` pixels each are drawn from `region`; `threshold` maps the mean mask
    (H, W) to the cut. A region with fewer pixels than `POINTS` is returned as it is.
    """
    rows, columns = np.nonzero(region)
    if len(rows) < POINTS:
        return region
    rng = np.random.default_rng(seed)
    chosen = np.stack([rng.choice(len(rows), POINTS, replace=False) for _ in range(sets)])
    points = np.stack([columns[chosen], rows[chosen]], -1) + 0.5
    masks, _ = segmenter.predict_many(points, np.ones(chosen.shape, int), multimask=False)
    mean = masks[:, 0].mean(0, dtype=np.float32)
    return np.asarray(mean > threshold(mean) if np.ptp(mean) > 0 else mean > 0)
