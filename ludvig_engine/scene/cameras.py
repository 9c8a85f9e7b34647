"""Cameras, the views that a scene was photographed from, and their photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from ..arrays import Array, Bool, Float, Int
from ..errors import EngineError, nearest_name, plural

T = TypeVar("T")


@dataclass(frozen=True)
class Camera:
    """An ideal pinhole camera of `width` x `height` pixels."""

    viewmat: Float[Array, "4 4"]  # world -> camera, float64
    K: Float[Array, "3 3"]  # pixels, float64
    width: int
    height: int

    def __repr__(self) -> str:
        x, y, z = self.center
        return f"Camera({self.width}x{self.height} at {x:.3g}, {y:.3g}, {z:.3g})"

    def resized(self, width: int, height: int) -> Camera:
        """The same camera with other numbers of pixels. `K` is scaled too; nothing is cropped."""
        scale = np.diag([width / self.width, height / self.height, 1.0])
        return replace(self, K=scale @ self.K, width=width, height=height)

    def as_json(self) -> list[object]:
        """All that it is, for keys of what depends on it."""
        return [self.viewmat.tolist(), self.K.tolist(), self.width, self.height]

    @property
    def center(self) -> Float[Array, " 3"]:
        """Where the camera stands, in world space."""
        return -self.viewmat[:3, :3].T @ self.viewmat[:3, 3]

    def in_picture(
        self, points: Float[Array, "P 3"], near: float = 1e-6
    ) -> tuple[Int[Array, " Q"], Int[Array, " Q"], Int[Array, " Q"], Float[Array, " Q"]]:
        """The points that lie in the picture, whatever hides them: which, row, column and depth.

        `points` are in world space; depth is along the camera's axis, in scene units, and more than
        `near`.
        """
        local = points @ self.viewmat[:3, :3].T + self.viewmat[:3, 3]
        which = np.flatnonzero(local[:, 2] > near)
        x, y, z = (local[which] @ self.K.T).T
        column, row = np.floor(x / z), np.floor(y / z)
        inside = (column >= 0) & (column < self.width) & (row >= 0) & (row < self.height)
        return which[inside], row[inside].astype(int), column[inside].astype(int), z[inside]


@runtime_checkable
class Render(Protocol):
    """A picture of the splats that stands in for the photo of a view that has none."""

    def key(self) -> str:
        """Everything that the picture depends on, for cache keys."""

    def __call__(self) -> Photo:
        """Draw it, at the size of the view's camera."""


@dataclass(frozen=True)
class View:
    """A photo and the pinhole camera that the engine sees it with.

    `camera` has the photo's size in pixels, unless the photo is distorted (then there is a `lens`)
    or larger than the size limit it was loaded with.
    """

    # The photo's name in the camera file, without the folders that all photos have in common.
    name: str
    camera: Camera
    photo: Path | None = None
    photo_size: tuple[int, int] = (0, 0)  # width, height of the file, after `turn`
    lens: object | None = None  # io.lens.Lens when the photo is distorted
    # An image of the photo's shape that is 0 where the photo is to be ignored.
    mask: Path | None = None
    # The EXIF orientation that the photo is turned by; 1 leaves the pixels as they are stored.
    turn: int = 1
    # What stands in for the photo if there is none; None for views that have one.
    render: Render | None = field(default=None, repr=False, compare=False)

    @property
    def pictured(self) -> bool:
        """Whether there is a picture to take features from: a photo, or a render."""
        return self.photo is not None or self.render is not None

    def __repr__(self) -> str:
        size = f"{self.camera.width}x{self.camera.height}"
        picture = "" if self.photo else ", rendered" if self.render else ", no photo"
        return f"View({self.name}, {size}{picture})"


@dataclass(frozen=True)
class Photo:
    """The content of a view's photo, undistorted and at the size of the view's camera."""

    name: str  # the view's
    pixels: Float[Array, "H W 3"]  # float32, 0..1, sRGB as in the file
    # False where the photo has no content: where it is transparent or masked out, and beyond the
    # border of the lens's image. None: all pixels are valid.
    valid: Bool[Array, "H W"] | None = None


def evenly(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of the items, such as views along the way of a camera, at equal distances."""
    places = np.linspace(0, len(items) - 1, min(count, len(items)))
    return [items[n] for n in np.unique(places.round().astype(int))]


def find_view(views: Sequence[View], name: str) -> View:
    """The one of `views` called `name`, with or without its extension or folder.

    Raises `EngineError` "not_found" if there is none, or more than one.
    """
    for key in (lambda n: n, lambda n: Path(n).name, lambda n: Path(n).stem):
        found = [view for view in views if key(view.name) == name]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise EngineError(
                "not_found",
                f'{len(found)} views are called "{name}".',
                ["Give the whole name."],
            )
    raise EngineError(
        "not_found",
        f'No view is called "{name}".',
        [nearest_name(name, [v.name for v in views])],
    )


def counted(views: Sequence[View]) -> str:
    """How many views and photos there are, for people: "182 photos", or "182 views, 170 photos".

    Or "24 rendered views", of a scene without photos.
    """
    photos = sum(view.photo is not None for view in views)
    if any(view.render for view in views):
        return plural(len(views), "rendered view")
    if photos == len(views):
        return plural(photos, "photo")
    return f"{plural(len(views), 'view')}, {plural(photos, 'photo')}"
