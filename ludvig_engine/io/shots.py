"""What all camera files tell about a photo: its name, its pose and its intrinsics.

Camera models are COLMAP's, evaluated by pycolmap. The middle of the upper left pixel is at (0.5,
0.5), as in COLMAP, nerfstudio and gsplat.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import Array, Float
from ..errors import EngineError
from .lens_models import PARAMETERS

if TYPE_CHECKING:
    import pycolmap

# Photos and cameras have at most this many pixels: phones make 200 megapixels and medium format
# backs 151. Decoding takes 4 bytes of memory per pixel.
MAX_PIXELS = 500_000_000
# Focal lengths in long sides of the photo: 0.01 is a view of 179 degrees, and 10,000 is far beyond
# any telescope.
_FOCAL = (0.01, 1e4)
# Principal points of cropped photos may be outside, but not this many long sides from the corner.
_CENTER = 100
# Published lenses have coefficients up to some thousands, in rational models.
_COEFFICIENT = 1e6
# Cameras further from the origin than that, in scene units, have no digits left to tell pixels.
_FAR = 1e15
# Longer names are not names of files: 1024 is the shortest limit on paths, that of macOS.
_NAME = 1024


class UnusableCamera(EngineError):
    """No camera is like that. The reason is kept, for `camera_of` to name the photo beside it."""

    def __init__(self, reason: str, fix: str = "Export the cameras again.") -> None:
        super().__init__("bad_file", f"A camera cannot be used: {reason}.", [fix])
        self.reason = reason


@contextmanager
def camera_of(name: str) -> Iterator[None]:
    """Name the photo in errors about its camera."""
    try:
        yield
    except UnusableCamera as error:
        raise EngineError(
            error.kind,
            f"The camera of {shown(name)} cannot be used: {error.reason}.",
            error.fixes,
        ) from error


def shown(name: str) -> str:
    """A name from a file as a message may have it: in one line, and not longer than 60 letters."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in name[:61])
    return plain if len(name) <= 60 else f"{plain[:57]}..."


def check_model(model: str, known: Iterable[str] = PARAMETERS) -> None:
    """Raise `EngineError` if `model`, as a file calls it, is none of `known`."""
    if model == "EQUIRECTANGULAR":
        raise UnusableCamera(
            "it shows a 360 degree panorama (EQUIRECTANGULAR)",
            "Cut panoramas into perspective photos, with COLMAP.",
        )
    if model not in known:
        raise UnusableCamera(
            f"its lens model {shown(model)} is not known",
            f"Undistort the photos, or use one of {', '.join(known)}.",
        )


@dataclass(frozen=True)
class Intrinsics:
    """A camera model with its parameters, for a photo of `width` x `height` pixels.

    Raises `EngineError` "bad_file" if no camera has such values: sizes that are not positive or
    beyond `MAX_PIXELS`, focal lengths that are no lens's, numbers that are not finite, unknown
    models. Hashable, so that the photos of one camera share one undistortion map.
    """

    model: str  # COLMAP's name
    params: tuple[float, ...]  # in COLMAP's order
    width: int
    height: int

    def __post_init__(self) -> None:
        check_model(self.model)
        size = f"its size {self.width}x{self.height}"
        if min(self.size) < 1:
            raise UnusableCamera(f"{size} is not positive")
        if self.width * self.height > MAX_PIXELS:
            raise UnusableCamera(f"{size} exceeds {MAX_PIXELS // 10**6} megapixels")
        names = PARAMETERS[self.model]
        if len(self.params) != len(names):
            raise UnusableCamera(
                f"{self.model} needs {', '.join(names)}, but there are {len(self.params)} numbers"
            )
        for name, value in zip(names, self.params, strict=True):
            self._check(name, value)

    def _check(self, name: str, value: float) -> None:
        side = max(self.size)
        if not math.isfinite(value):
            raise UnusableCamera(f"its {name} is {value}")
        if name in ("f", "fx", "fy") and not _FOCAL[0] <= value / side <= _FOCAL[1]:
            raise UnusableCamera(
                f"its focal length {name} is {value:g} pixels for {self.width}x{self.height} pixels"
            )
        limit = _CENTER * side if name in ("cx", "cy") else _COEFFICIENT
        if name not in ("f", "fx", "fy") and abs(value) > limit:
            raise UnusableCamera(f"its {name} is {value:g}")

    def colmap(self) -> pycolmap.Camera:
        """This camera as an object of pycolmap, which evaluates the model."""
        # Imported here, so that unusable cameras are refused without its 60 MB.
        import pycolmap

        return pycolmap.Camera(
            model=self.model, width=self.width, height=self.height, params=self.params
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height

    @property
    def is_pinhole(self) -> bool:
        """Whether straight lines are straight in the photo.

        pycolmap alone does not tell: it also calls a fisheye with zero coefficients undistorted.
        """
        return self.colmap().is_undistorted() and "FISHEYE" not in self.model

    @property
    def K(self) -> Float[Array, "3 3"]:  # noqa: N802 - the field's name
        """The intrinsic matrix in pixels, without the distortion."""
        return self.colmap().calibration_matrix()


@dataclass(frozen=True)
class Shot:
    """One photo of a camera file."""

    # The photo's path, relative to the folder of photos.
    name: str
    viewmat: Float[Array, "4 4"]  # world -> camera, OpenCV axes, float64
    intrinsics: Intrinsics
    # An image of the photo's shape that is 0 where the photo is to be ignored.
    mask: Path | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        with camera_of(self.name):
            _check_pose(self.viewmat)


def _check_name(name: str) -> None:
    problem = f"is longer than {_NAME} letters" if len(name) > _NAME else ""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        problem = "has control characters in it"
    if problem:
        raise EngineError(
            "bad_file", f"A photo's name {problem}: {shown(name)}.", ["Export the cameras again."]
        )


def _check_pose(viewmat: Float[Array, "4 4"]) -> None:
    rotation, shift = viewmat[:3, :3], viewmat[:3, 3]
    if not np.isfinite(viewmat).all():
        raise UnusableCamera("its pose is not finite")
    # 1e-3 is what five printed digits leave of a rotation, and mirrored axes are off by 2.
    if np.abs(rotation @ rotation.T - np.eye(3)).max() > 1e-3 or np.linalg.det(rotation) < 0:
        raise UnusableCamera("its pose is not a rotation")
    if np.abs(shift).max() > _FAR:
        raise UnusableCamera(f"it is {np.abs(shift).max():.0e} scene units from the origin")


def viewmat_of(camera_to_world: Float[Array, "4 4"]) -> Float[Array, "4 4"]:
    """World -> camera from a camera -> world pose with OpenCV axes.

    The columns of the pose may be scaled (those of Blender's cameras often are): the scale of a
    camera's own axes changes no picture, so it is divided out. A pose that is none gives a matrix
    that `Shot` refuses.
    """
    axes, center = camera_to_world[:3, :3], camera_to_world[:3, 3]
    viewmat = np.eye(4)
    with np.errstate(all="ignore"):
        rotation = axes / np.linalg.norm(axes, axis=0)
        viewmat[:3, :3] = rotation.T
        viewmat[:3, 3] = -rotation.T @ center
    return viewmat


def limited(size: tuple[int, int], max_size: int | None) -> tuple[int, int]:
    """`size`, scaled down if its long side exceeds `max_size`.

    The sides are rounded, never truncated, and at least 1.
    """
    scale = min(1.0, (max_size or max(size)) / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def same_shape(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two sizes have the same aspect ratio.

    They may differ by 1 %, or by the pixel that rounding a small thumbnail costs.
    """
    return abs(a[0] * b[1] - a[1] * b[0]) <= max(0.01 * a[0] * b[1], *a, *b)
