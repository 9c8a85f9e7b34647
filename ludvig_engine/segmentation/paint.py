"""Paint: what a prompt says of the pixels of a camera."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..arrays import Array, Bool, Float
from ..scene import Camera

IMAGES = ("positive", "negative", "perhaps")


@dataclass(frozen=True)
class Paint:
    """Strokes in one camera, 0..1 per pixel; an unpainted pixel means nothing.

    With a `corner`, the images are a piece of the picture, beside which nothing is painted: a click
    on a large photo then takes no more time and memory than one on a small photo.
    """

    camera: Camera
    positive: Float[Array, "h w"]  # the object
    negative: Float[Array, "h w"]  # not the object
    through: bool = False  # whether it also means what lies behind the visible surface
    # The object is somewhere in here, but not all of this is the object: the inside of a box.
    perhaps: Float[Array, "h w"] | None = None
    # The Gaussians that were shown when it was painted; None: all of them.
    visible: Bool[Array, " N"] | None = None
    # What the user should know about how it was read.
    notes: tuple[str, ...] = ()
    # The reading that was shown when it was painted (`readings.py`); None: the one asked for now.
    reading: int | None = None
    # x, y of the images' first pixel in the picture; None: they are the whole picture.
    corner: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        size = self._size if self.corner is None else self.positive.shape
        for name, image in self._images():
            if image.shape != size:
                raise ValueError(f"{name} is not as large as its camera's image, or its piece")
        if not all(
            0 <= part.start and part.stop <= side
            for part, side in zip(self.place, self._size, strict=True)
        ):
            raise ValueError("the images reach beyond their camera's image")

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns of the picture that the images are."""
        (x, y), (height, width) = self.corner or (0, 0), self.positive.shape
        return slice(y, y + height), slice(x, x + width)

    @property
    def whole(self) -> Paint:
        """The same with images of the whole picture."""
        if self.corner is None:
            return self

        def whole(image: Float[Array, "h w"]) -> Float[Array, "H W"]:
            found = np.zeros(self._size, image.dtype)
            found[self.place] = image
            return found

        return self._with(whole, None)

    @cached_property
    def complete(self) -> bool:
        """Whether every pixel is painted: a mask, whose agreement with a selection is their IoU."""
        painted = np.count_nonzero(self.positive + self.negative > 0.5)
        return bool(self.positive.any() and painted > 0.99 * self._size[0] * self._size[1])

    @cached_property
    def middle(self) -> tuple[float, float]:
        """x, y of the painted pixel that is nearest to the mean of all."""
        painted = np.maximum(self.positive, self.negative)
        rows, columns = np.nonzero(painted >= painted.max() - 1e-6)
        rows, columns = rows + self.place[0].start, columns + self.place[1].start
        nearest = np.hypot(rows - rows.mean(), columns - columns.mean()).argmin()
        return float(columns[nearest]) + 0.5, float(rows[nearest]) + 0.5

    @cached_property
    def key(self) -> bytes:
        """The same for paint that means the same: same camera, images, and what was shown."""
        images = self.positive, self.negative, self.perhaps, self.visible
        about = self.corner, self.positive.shape, self.through, self.reading
        return key_of(self.camera, images, about)

    @property
    def nbytes(self) -> int:
        """The bytes of the images."""
        return sum(image.nbytes for _, image in self._images())

    @property
    def _size(self) -> tuple[int, int]:
        return self.camera.height, self.camera.width

    def _with(self, change: Callable[[Array], Array], corner: tuple[int, int] | None) -> Paint:
        """The same with all images changed, at another corner."""
        return replace(
            self,
            positive=change(self.positive),
            negative=change(self.negative),
            perhaps=None if self.perhaps is None else change(self.perhaps),
            corner=corner,
        )

    def _images(self) -> list[tuple[str, Float[Array, "h w"]]]:
        images = ((name, getattr(self, name)) for name in IMAGES)
        return [(name, image) for name, image in images if image is not None]


def key_of(camera: Camera, images: Sequence[Array | None], about: object) -> bytes:
    """The same for the same camera, arrays and other facts."""
    content = hashlib.blake2b(repr((camera.width, camera.height, about)).encode())
    for array in (camera.viewmat, camera.K, *images):
        content.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    return content.digest()


def cropped(paint: Paint) -> Paint:
    """The same with images of the smallest piece of the picture that holds all that is painted."""
    painted = np.maximum.reduce([image for _, image in paint._images()]) > 0
    if not painted.any():
        return paint
    rows, columns = (np.flatnonzero(painted.any(axis)) for axis in (1, 0))
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    top, left = (whole.start for whole in paint.place)
    corner = left + int(columns[0]), top + int(rows[0])
    # Copies, because a view of an image keeps all of it in memory.
    return paint._with(lambda image: image[part].copy(), corner)


def merged(paints: Sequence[Paint]) -> list[Paint]:
    """Merge paint on the same picture; where both colors were used, the stronger one stays."""
    together: list[Paint] = []
    for paint in paints:
        for n, other in enumerate(together):
            if other.through == paint.through and _same(other, paint):
                together[n] = _joined(other.whole, paint.whole)
                break
        else:
            together.append(paint)
    return together


def notes_of(paints: Sequence[Paint]) -> tuple[str, ...]:
    """What users should know about how their paint was read, each note once."""
    return tuple(dict.fromkeys(note for paint in paints for note in paint.notes))


def _joined(one: Paint, other: Paint) -> Paint:
    positive = np.maximum(one.positive, other.positive)
    negative = np.maximum(one.negative, other.negative)
    clear = positive * (positive >= negative), negative * (negative > positive)
    inside = [image for image in (one.perhaps, other.perhaps) if image is not None]
    perhaps = np.maximum.reduce(inside) if inside else None
    notes = (*one.notes, *other.notes)
    return Paint(one.camera, *clear, one.through, perhaps, one.visible, notes)


def _same(a: Paint, b: Paint) -> bool:
    """Whether both are painted on the same picture: same camera, same Gaussians shown."""
    one, other = a.camera, b.camera
    same_pose = np.array_equal(one.viewmat, other.viewmat) and np.array_equal(one.K, other.K)
    same_size = (one.width, one.height) == (other.width, other.height)
    both = a.visible is not None and b.visible is not None and np.array_equal(a.visible, b.visible)
    return same_pose and same_size and (both or a.visible is b.visible is None)
