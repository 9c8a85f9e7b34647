"""Prompts as paint on images: clicks, scribbles, masks and boxes all become the same thing.

Paint is lifted to the Gaussians like any feature, by the blending weights of the camera it was
painted in. So a clicked pixel means what it *shows*, the visible surface first. This needs no
photo; any camera will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..io.masks import read_prompt_mask
from ..io.photos import photo_point
from ..io.scribbles import read_scribble
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians, View
from ..scene.raster import GSPLAT, Raster
from ..stages import READ_PROMPTS
from .paint import Paint, cropped

if TYPE_CHECKING:
    from ..rendering.project import Ellipses

# A Gaussian of which this share of the footprint is visible counts as lying on a surface. Most
# Gaussians that do lie on one show at least as much.
IN_FRONT = 0.3
# The radius of a click, as a share of the image's longer side: about 2 pixels of a 720-pixel photo.
CLICK_RADIUS = 0.003
# A mask of more than this share of a picture may be an inverted one.
MOST = 0.5


@dataclass(frozen=True)
class Evidence:
    """Paint lifted to the Gaussians: summed weights of positive, negative and "perhaps" pixels."""

    positive: Float[Array, " N"]
    negative: Float[Array, " N"]
    perhaps: Float[Array, " N"]

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(
            self.positive + other.positive,
            self.negative + other.negative,
            self.perhaps + other.perhaps,
        )

    @property
    def total(self) -> Float[Array, " N"]:
        """Summed weights of the pixels that say yes or no."""
        return self.positive + self.negative

    @property
    def share(self) -> Float[Array, " N"]:
        """The positive share of the paint that each Gaussian shows; 0 where there is no paint."""
        return np.divide(
            self.positive, self.total, out=np.zeros_like(self.positive), where=self.total > 0
        )


def lift_paint(
    gaussians: Gaussians, paints: Sequence[Paint], *, raster: Raster = GSPLAT, job: Job = SILENT
) -> Evidence:
    """The evidence of all paint together."""
    # Imported here, because prompts are read, and wrong ones refused, without what draws.
    from ..rendering import adjoint, project

    sums = np.zeros((len(gaussians), 3), np.float32)
    for paint in job.track(paints, READ_PROMPTS):
        size = paint.camera.height, paint.camera.width
        image, painted = np.zeros((3, *size), np.float32), np.zeros(size, bool)
        for layer, part in zip(image, (paint.positive, paint.negative, paint.perhaps), strict=True):
            if part is not None:
                layer[paint.place] = part
                painted[paint.place] |= part > 0
        seen = shown(gaussians, paint.visible)
        if paint.through:
            sums += _under(seen, paint.camera, image, raster)
        else:
            found = adjoint(seen, paint.camera, image, valid=painted, raster=raster, job=job)[0]
            if paint.complete:
                ellipses = project(seen, paint.camera, raster, job=job, threads=0)
                found *= in_front(ellipses, found.sum(1))[:, None]
            sums += found
    return Evidence(*np.ascontiguousarray(sums.T))


def shown(gaussians: Gaussians, visible: Bool[Array, " N"] | None) -> Gaussians:
    """The Gaussians as they look while some are hidden: those get opacity 0."""
    if visible is None:
        return gaussians
    return replace(gaussians, opacities=np.where(visible, gaussians.opacities, np.float32(0)))


def click(
    camera: Camera,
    x: float,
    y: float,
    *,
    positive: bool = True,
    radius: float = 0.0,
    through: bool = False,
) -> Paint:
    """A small disc around (x, y), in continuous pixels of the camera: centers are at +0.5."""
    radius = radius or max(CLICK_RADIUS * max(camera.width, camera.height), 0.75)
    return line(
        camera, np.array([[x, y]], float), radius=radius, positive=positive, through=through
    )


def line(
    camera: Camera,
    points: Float[Array, "P 2"],
    *,
    radius: float,
    positive: bool = True,
    through: bool = False,
) -> Paint:
    """A stroke through points, `radius` pixels to either side, with a soft rim of half a pixel."""
    pieces = list(zip(points, points[1:] if len(points) > 1 else points, strict=False))
    return stroke(camera, pieces, radius=radius, positive=positive, through=through)


def stroke(
    camera: Camera,
    pieces: Sequence[tuple[Float[Array, "2"], Float[Array, "2"]]],
    *,
    radius: float,
    positive: bool = True,
    through: bool = False,
) -> Paint:
    """Straight pieces from a start to an end, which are discs where both are the same."""
    left, top, right, bottom = _around(np.reshape(pieces, (-1, 2)), radius, camera)
    painted = np.zeros((bottom - top, right - left), np.float32)
    for start, end in pieces:
        # Only the pixels around a piece: a stroke may have thousands.
        x0, y0, x1, y1 = _around(np.stack([start, end]), radius, camera)
        rows, columns = np.mgrid[y0:y1, x0:x1].astype(np.float32) + np.float32(0.5)
        step = end - start
        along = ((columns - start[0]) * step[0] + (rows - start[1]) * step[1]) / max(
            float(step @ step), 1e-12
        )
        along = np.clip(along, 0, 1)
        near = np.hypot(columns - start[0] - along * step[0], rows - start[1] - along * step[1])
        part = painted[y0 - top : y1 - top, x0 - left : x1 - left]
        np.maximum(part, np.clip(radius + 0.5 - near.astype(np.float32), 0, 1), out=part)
    nothing = np.zeros_like(painted)
    sides = (painted, nothing) if positive else (nothing, painted)
    return Paint(camera, *sides, through, corner=(left, top))


def _around(ends: Float[Array, "P 2"], radius: float, camera: Camera) -> tuple[int, int, int, int]:
    """The pixels that a brush touches between these ends: x0 <= x < x1, y0 <= y < y1."""
    size = camera.width, camera.height
    low = np.floor(ends.min(0) - radius - 1).clip(0, size)
    high = np.ceil(ends.max(0) + radius + 1).clip(low, size)
    x0, y0, x1, y1 = (int(side) for side in (*low, *high))
    return x0, y0, x1, y1


def box(camera: Camera, x0: float, y0: float, x1: float, y1: float) -> Paint:
    """Outside the box is not the object; `segment` finds what inside differs from outside."""
    outside = np.ones((camera.height, camera.width), np.float32)
    x0, x1 = sorted((x0, x1))
    y0, y1 = sorted((y0, y1))
    inside = (
        slice(max(round(y0), 0), max(round(y1), 0)),
        slice(max(round(x0), 0), max(round(x1), 0)),
    )
    if outside[inside].size < 4 or outside[inside].size == outside.size:
        raise EngineError(
            "bad_input", "The box is empty or the whole picture.", ["Draw it around the object."]
        )
    outside[inside] = 0
    return Paint(camera, np.zeros_like(outside), outside, perhaps=1 - outside)


def mask(
    camera: Camera, values: Float[Array, "H W"] | Bool[Array, "H W"], name: str = "mask"
) -> Paint:
    """The object as the camera sees it, 0..1; every other pixel is not the object.

    A mask that covers the corners and most of the picture is as likely inverted as not, and said.
    """
    values = values.astype(np.float32)
    share = float(values.mean())
    corners = values[:: max(len(values) - 1, 1), :: max(values.shape[1] - 1, 1)]
    if share > MOST and corners.min() > 0.5:
        note = (
            f"The {name} covers {share:.0%} of the photo, with all its corners. "
            "If the object is the rest of the photo, invert the mask."
        )
        return Paint(camera, values, 1 - values, notes=(note,))
    return Paint(camera, values, 1 - values)


def photo_click(
    view: View, x: float, y: float, *, positive: bool = True, through: bool = False
) -> Paint:
    """A click on pixel (x, y) of the photo file."""
    return click(view.camera, *photo_point(view, x, y), positive=positive, through=through)


def photo_box(view: View, x0: float, y0: float, x1: float, y1: float) -> Paint:
    """A box between two pixels of the photo file."""
    return box(view.camera, *photo_point(view, x0, y0), *photo_point(view, x1, y1))


def photo_scribble(view: View, path: str | PathLike[str]) -> Paint:
    """Strokes painted on the photo: green and white on the object, red beside it."""
    strokes = read_scribble(path, view)
    positive, negative = (part.astype(np.float32) for part in (strokes.positive, strokes.negative))
    return cropped(Paint(view.camera, positive, negative, notes=strokes.notes))


def photo_mask(view: View, path: str | PathLike[str], *, value: int | None = None) -> Paint:
    """A mask of the photo; `value` is the id of the object in it, where it has several."""
    return mask(view.camera, read_prompt_mask(path, view, value=value), f"mask {Path(path).name}")


def surface(
    gaussians: Gaussians, camera: Camera, *, raster: Raster = GSPLAT, job: Job = SILENT
) -> Float[Array, " N"]:
    """How much a camera shows of each Gaussian, in pixels, as far as it lies on a surface."""
    from ..rendering import adjoint, project  # local as in `lift_paint`

    one = np.ones((1, camera.height, camera.width), np.float32)
    weights: Array = adjoint(gaussians, camera, one, raster=raster, job=job)[1]
    ellipses = project(gaussians, camera, raster, job=job, threads=0)
    return weights * in_front(ellipses, weights)


def in_front(ellipses: Ellipses, weights: Float[Array, " N"]) -> Float[Array, " N"]:
    """1 for Gaussians on a surface, less for those seen only through a semi-transparent surface.

    Few surfaces are wholly opaque: through the object, large Gaussians of a wall behind it may get
    a twentieth of every pixel's weight, which sums to more than any Gaussian of the object has.
    """
    front = np.zeros(len(weights), np.float32)
    front[ellipses.index] = np.minimum(weights[ellipses.index] / (IN_FRONT * ellipses.footprint), 1)
    return front


def _under(
    gaussians: Gaussians, camera: Camera, image: Float[Array, "3 H W"], raster: Raster
) -> Float[Array, "N 3"]:
    """Opacity times the paint over each center, whatever is in front of it."""
    which, row, column, _ = camera.in_picture(gaussians.means, raster.near)
    sums = np.zeros((len(gaussians), 3), np.float32)
    sums[which] = image[:, row, column].T * gaussians.opacities[which, None]
    return sums
