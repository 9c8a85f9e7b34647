"""A click or a box on a photo becomes a mask of it, and the mask paint like any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from skimage.filters import threshold_li, threshold_otsu

from ..arrays import Array, Bool, Float, Int
from ..errors import EngineError
from ..io.photos import photo_point, read_photo
from ..scene import View
from ..segmentation.painting import Paint, mask
from .segmenter import Segmenter

SETS, POINTS = 10, 3  # of random prompts in a scribble


@dataclass(frozen=True)
class Pointing:
    """What was pointed at on one photo, in pixels of its camera, centres at +0.5."""

    view: View
    points: Float[Array, "P 2"]
    labels: Int[Array, " P"]  # 1 on the object, 0 beside it
    box: Float[Array, " 4"] | None = None  # left, top, right, bottom


def pointing(
    view: View,
    clicks: Sequence[tuple[float, float, bool]],
    box: tuple[float, float, float, float] | None = None,
) -> Pointing:
    """Clicks (x, y, whether on the object) and corners in pixels of the photo file, counted from 0."""
    points = np.array([photo_point(view, x, y) for x, y, _ in clicks]).reshape(-1, 2)
    labels = np.array([int(positive) for *_, positive in clicks], int)
    if box is None:
        return Pointing(view, points, labels)
    corners = np.array([photo_point(view, *box[:2]), photo_point(view, *box[2:])])
    return Pointing(view, points, labels, np.concatenate([corners.min(0), corners.max(0)]))


def to_paint(segmenter: Segmenter, pointed: Pointing) -> Paint:
    """The mask of the photo that the segmenter expects to be best.

    A single click is ambiguous (a part, the thing, the group): the best of three answers is taken. With more said, the
    network's single answer is. Raises `EngineError` "bad_input" if the mask is empty or nothing says yes.
    """
    if pointed.box is None and not (pointed.labels == 1).any():
        raise EngineError(
            "bad_input", f"No click on {pointed.view.name} says yes.", ["Click on the object, too."]
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
            f"{segmenter.name} finds nothing there on {pointed.view.name}.",
            ["Click in the middle of the object, or draw a box around it."],
        )
    return mask(pointed.view.camera, found)


def reference_mask(
    segmenter: Segmenter, view: View, paint: Paint, *, seed: int = 0
) -> Bool[Array, "H W"]:
    """What a scribble means on its own photo (NVOS).

    Raises `EngineError` "bad_input" if the scribble has too few pixels.
    """
    stroke = paint.positive > 0.5
    if stroke.sum() < POINTS:
        raise EngineError(
            "bad_input",
            f"The prompt on {view.name} has {stroke.sum()} pixels.",
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
    """Masks of the image that was set, of `sets` prompts of three points each drawn from `region`; their mean, cut.

    A region of fewer pixels than points is returned as it is.
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
