"""What all camera files tell about a photo: its name, its pose and its intrinsics.

Camera models are COLMAP's, evaluated by pycolmap. The middle of the upper left pixel is at (0.5,
0.5), as in COLMAP, nerfstudio and gsplat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pycolmap

from ..arrays import Array, Float
from ..errors import EngineError


@dataclass(frozen=True)
class Intrinsics:
    """A camera model with its parameters, for a photo of `width` x `height` pixels.

    Raises `EngineError`: "bad_file" if they do not make a camera, "bad_input" for panoramas.
    Hashable, so that the photos of one camera share one undistortion map.
    """

    model: str  # COLMAP's name
    params: tuple[float, ...]  # in COLMAP's order
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.model == "EQUIRECTANGULAR":
            raise EngineError(
                "bad_input",
                "360 degree panoramas cannot be used.",
                ["Cut them into perspective photos, with COLMAP."],
            )
        if self.model not in pycolmap.CameraModelId.__members__ or self.model == "INVALID":
            raise _bad(f"The camera model {self.model} is not known")
        if self.width < 1 or self.height < 1 or not all(map(math.isfinite, self.params)):
            raise _bad(
                f"A {self.model} camera of {self.width}x{self.height} pixels "
                f"with parameters {self.params} is not valid"
            )
        camera = self.colmap()
        if not camera.verify_params():
            raise _bad(
                f"A {self.model} camera needs {camera.params_info}, "
                f"but has {len(self.params)} parameters"
            )
        if min(camera.focal_length_x, camera.focal_length_y) <= 0:
            raise _bad(
                f"A camera has the focal length {camera.focal_length_x:g} x "
                f"{camera.focal_length_y:g}"
            )

    def colmap(self) -> pycolmap.Camera:
        """This camera as an object of pycolmap, which evaluates the model."""
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


def viewmat_of(camera_to_world: Float[Array, "4 4"], name: str) -> Float[Array, "4 4"]:
    """World -> camera from a camera -> world pose with OpenCV axes.

    The columns of the pose may be scaled (those of Blender's cameras often are). Raises
    `EngineError` "bad_file" if the pose is not finite or not a rotation.
    """
    axes, center = camera_to_world[:3, :3], camera_to_world[:3, 3]
    lengths = np.linalg.norm(axes, axis=0)
    if not (np.isfinite(camera_to_world).all() and lengths.all()):
        raise _bad(f"The pose of {name} is not finite or has no direction")
    rotation = axes / lengths
    if np.abs(rotation.T @ rotation - np.eye(3)).max() > 1e-3 or np.linalg.det(rotation) < 0:
        raise _bad(f"The pose of {name} is not a rotation")
    viewmat = np.eye(4)
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


def _bad(message: str) -> EngineError:
    return EngineError("bad_file", f"{message}.", ["Export the cameras again."])
