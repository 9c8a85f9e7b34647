"""What a SAM proposes for the clicks and the box on one picture: masks, lifted to the Gaussians."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..errors import EngineError
from ..io.photos import photo_point
from ..progress import Job
from ..rendering import Raster, adjoint
from ..scene import View
from ..segmentation.paint import Paint, key_of
from ..segmentation.painting import shown, surface
from ..segmentation.prepared import Prepared
from .looks import Looks, Picture


@dataclass(frozen=True)
class Mark:
    """One prompt on a picture: a click, or a box around the object."""

    picture: Picture
    # x, y in pixels of the picture's camera, whose centers are at +0.5. A box has two corners.
    places: Float[Array, "P 2"]
    positive: bool = True
    box: bool = False
    # What a click touches, which is in or out whatever the SAM says; None: a box.
    paint: Paint | None = field(default=None, repr=False)


def click_on(view: View, x: float, y: float, paint: Paint) -> Mark:
    """A click on pixel (x, y) of a view's photo file, with its paint."""
    place = np.array([photo_point(view, x, y)])
    return Mark(Picture.of_view(view), place, bool(paint.positive.any()), paint=paint)


def box_on(view: View, x0: float, y0: float, x1: float, y1: float) -> Mark:
    """A box between two pixels of a view's photo file."""
    corners = np.array([photo_point(view, x0, y0), photo_point(view, x1, y1)])
    return Mark(Picture.of_view(view), corners, box=True)


@dataclass(frozen=True)
class Pointed:
    """What goes to a SAM together: the clicks on one picture and at most one box."""

    picture: Picture
    clicks: tuple[Mark, ...]
    box: Mark | None = None

    @cached_property
    def points(self) -> Float[Array, "P 2"]:
        """Where the clicks are."""
        return np.concatenate([np.zeros((0, 2)), *(mark.places for mark in self.clicks)])

    @cached_property
    def labels(self) -> Int[Array, " P"]:
        """1 for clicks on the object, 0 for those beside it."""
        return np.repeat(
            [int(mark.positive) for mark in self.clicks], [len(mark.places) for mark in self.clicks]
        ).astype(int)

    @property
    def corners(self) -> Float[Array, " 4"] | None:
        """Left, top, right, bottom of the box."""
        if self.box is None:
            return None
        return np.concatenate([self.box.places.min(0), self.box.places.max(0)])

    @property
    def hopeful(self) -> bool:
        """Whether it says where the object is."""
        return self.box is not None or bool(self.labels.any())

    @property
    def key(self) -> bytes:
        """The same for the same prompts on the same picture."""
        images = self.points, self.labels, self.corners
        return key_of(self.picture.camera, images, self.picture.key)


def together(marks: Sequence[Mark]) -> list[Pointed]:
    """The prompts of each picture: one for each box, the first of which has the picture's clicks.

    Those that say where the object is come first, in the order of their first mark.
    """
    of: dict[bytes, list[Mark]] = {}
    for mark in marks:
        of.setdefault(mark.picture.key, []).append(mark)
    found = []
    for some in of.values():
        clicks = tuple(mark for mark in some if not mark.box)
        boxes = [mark for mark in some if mark.box]
        found.append(Pointed(some[0].picture, clicks, boxes[0] if boxes else None))
        found += [Pointed(some[0].picture, (), box) for box in boxes[1:]]
    return sorted(found, key=lambda pointed: not pointed.hopeful)


@dataclass(frozen=True)
class Proposal:
    """The masks of one picture, from the smallest to the largest, as the Gaussians show them."""

    weights: Float[Array, " N"]  # pixels of each Gaussian, as far as it lies on a surface
    shares: Float[Array, "K N"]  # of these pixels, the share in each mask
    # The mask that the SAM rates best of those that follow the clicks.
    best: int


def proposed(
    prepared: Prepared, looks: Looks, pointed: Pointed, *, raster: Raster, job: Job
) -> Proposal:
    """What the SAM proposes. Raises `EngineError` "bad_input" if all of its masks are empty."""
    masks, scores, valid = masks_of(looks, pointed, job)
    picture = pointed.picture
    image = np.concatenate([masks & valid, valid[None]]).astype(np.float32)
    gaussians = shown(prepared.gaussians, picture.visible)
    sums, total = adjoint(gaussians, picture.camera, image, raster=raster, job=job)
    inside, counts = sums[:, :-1], sums[:, -1]
    weights = surface(gaussians, picture.camera, raster=raster, job=job)
    weights = weights * counts / np.maximum(total, 1e-12)
    shares = np.ascontiguousarray((inside / np.maximum(counts, 1e-12)[:, None]).T)
    return Proposal(weights, shares, best(masks, scores, pointed))


def masks_of(
    looks: Looks, pointed: Pointed, job: Job
) -> tuple[Bool[Array, "K H W"], Float[Array, " K"], Bool[Array, "H W"]]:
    """The masks by size, how the SAM rates them, and where the picture counts."""
    look = looks.at(pointed.picture, job)
    job.check()
    looks.segmenter.look(look.seen)
    masks, scores = looks.segmenter.predict(pointed.points, pointed.labels, pointed.corners)
    valid = np.ones(masks.shape[1:], bool) if look.valid is None else look.valid
    sizes = (masks & valid).sum((1, 2))
    order = [int(n) for n in np.argsort(sizes, kind="stable") if sizes[n]]
    if not order:
        raise EngineError(
            "bad_input",
            f"{looks.segmenter.name} finds nothing at your prompts.",
            ["Click in the middle of the object, or draw a box around it."],
        )
    return masks[order], scores[order], valid


def best(masks: Bool[Array, "K H W"], scores: Float[Array, " K"], pointed: Pointed) -> int:
    """The mask that is rated best, of those that follow most of the clicks."""
    columns, rows = pointed.points.astype(int).T
    followed = (masks[:, rows, columns] == (pointed.labels == 1)).sum(1)
    return max(range(len(masks)), key=lambda k: (followed[k], scores[k]))
