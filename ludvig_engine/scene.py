"""What a scene is: Gaussians, cameras, photos. The conventions are stated here, once.

* Object space is the file's own space; whoever displays the scene converts axes.
* `quats` are wxyz and normalized, `scales` are linear standard deviations, `opacities` are 0..1.
  Logarithms and logits occur only in `io/`.
* `viewmat` is world -> camera with OpenCV axes (x right, y down, z forward). `K` is in pixels, and
  the middle of the upper left pixel is at (0.5, 0.5), as in COLMAP and gsplat. Prompts count
  differently: their pixels (`wire.methods.Prompt.pixels`, `io.photos.photo_point`) are indices, so
  that (0, 0) is the middle of the upper left pixel of the photo file; `photo_point` adds the 0.5.
* Inside the engine Gaussians are in Morton order: neighbors in space are neighbors in memory, which
  makes work on the graph 2 to 3 times faster. Everything that leaves the engine is in the file's
  order, through `Scene.to_file`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from .arrays import Array, Bool, Float, Int, Shaped, UInt
from .errors import EngineError, nearest_name, plural
from .raster import GSPLAT, Raster, usual_distance

Self = TypeVar("Self", bound="Gaussians")


@dataclass(frozen=True)
class Gaussians:
    """N anisotropic Gaussians with view-dependent colors, all float32.

    Raises ValueError if the shapes of the arrays disagree.
    """

    means: Float[Array, "N 3"]  # scene units
    quats: Float[Array, "N 4"]  # wxyz, normalized
    scales: Float[Array, "N 3"]  # scene units, standard deviations
    opacities: Float[Array, " N"]  # 0..1
    sh0: Float[Array, "N 1 3"]  # spherical harmonics of degree 0
    # Degrees 1 to 4: S = 0, 3, 8, 15 or 24 coefficients, for a highest degree of 0, 1, 2, 3 or 4.
    shN: Float[Array, "N S 3"]

    def __post_init__(self) -> None:
        n, s = len(self.means), self.shN.shape[1]
        expected = {
            "means": (n, 3),
            "quats": (n, 4),
            "scales": (n, 3),
            "opacities": (n,),
            "sh0": (n, 1, 3),
        }
        for name, shape in {**expected, "shN": (n, s, 3)}.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        if s not in (0, 3, 8, 15, 24):
            raise ValueError(f"shN has {s} coefficients, expected 0, 3, 8, 15 or 24")

    def __len__(self) -> int:
        return len(self.means)

    def __repr__(self) -> str:
        return f"Gaussians({len(self):,}, SH degree {self.sh_degree})"

    @property
    def sh_degree(self) -> int:
        """The highest degree of the spherical harmonics, 0 to 4."""
        return {0: 0, 3: 1, 8: 2, 15: 3, 24: 4}[self.shN.shape[1]]

    def take(self: Self, rows: Int[Array, " M"] | Bool[Array, " N"] | slice) -> Self:
        """The Gaussians of `rows` (indices, a mask or a slice), in that order."""
        return replace(
            self,
            **{f.name: np.ascontiguousarray(getattr(self, f.name)[rows]) for f in fields(self)},
        )


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

    @property
    def center(self) -> Float[Array, " 3"]:
        """Where the camera stands, in world space."""
        return -self.viewmat[:3, :3].T @ self.viewmat[:3, 3]


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

    def __repr__(self) -> str:
        size = f"{self.camera.width}x{self.camera.height}"
        return f"View({self.name}, {size}{'' if self.photo else ', no photo'})"


@dataclass(frozen=True)
class Photo:
    """The content of a view's photo, undistorted and at the size of the view's camera."""

    name: str  # the view's
    pixels: Float[Array, "H W 3"]  # float32, 0..1, sRGB as in the file
    # False where the photo has no content: where it is transparent or masked out, and beyond the
    # border of the lens's image. None: all pixels are valid.
    valid: Bool[Array, "H W"] | None = None


@dataclass(frozen=True)
class Scene:
    """Gaussians in Morton order, the row of the file each came from, and the views of them."""

    gaussians: Gaussians
    rows: Int[Array, " N"]  # row in the file of each Gaussian
    # The number of rows in the file, which is more than N if some were unusable.
    file_count: int
    views: tuple[View, ...] = ()
    path: Path | None = None
    raster: Raster = GSPLAT  # what its pictures are drawn with
    # What the user should know, such as how many rows were dropped.
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.gaussians)

    def __repr__(self) -> str:
        name = f"{self.path.name}, " if self.path else ""
        return f"Scene({name}{plural(len(self), 'splat')}, {counted(self.views)})"

    @property
    def distance(self) -> float:
        """The median distance from the cameras to the Gaussians, in scene units."""
        return usual_distance(self.gaussians.means, [view.camera.center for view in self.views])

    def to_file(self, values: Shaped[Array, "N ..."]) -> Shaped[Array, "F ..."]:
        """Values per Gaussian, brought into the file's order. Rows that were unusable get 0."""
        out = np.zeros((self.file_count, *values.shape[1:]), values.dtype)
        out[self.rows] = values
        return out

    def from_file(self, values: Shaped[Array, "F ..."]) -> Shaped[Array, "N ..."]:
        """Values per row of the file, brought into the engine's order.

        Raises `EngineError` "bad_input" if there are not as many values as rows in the file.
        """
        if len(values) != self.file_count:
            raise EngineError(
                "bad_input",
                f"There are {len(values):,} values, "
                f"but the splat file has {self.file_count:,} splats.",
                ["Use the result that was made from this file."],
            )
        return values[self.rows]

    def view(self, name: str) -> View:
        """The view called `name`, with or without its extension or folder.

        Raises `EngineError` "not_found" if no view, or more than one, has that name.
        """
        return find_view(self.views, name)


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
    """How many views and photos there are, for people: "182 photos", or "182 views, 170 photos"."""
    photos = sum(view.photo is not None for view in views)
    if photos == len(views):
        return plural(photos, "photo")
    return f"{plural(len(views), 'view')}, {plural(photos, 'photo')}"


def morton_order(points: Float[Array, "N 3"]) -> Int[Array, " N"]:
    """The permutation that sorts points along a Z-order curve of 2^21 cells per axis."""
    low, high = points.min(0, initial=np.inf), points.max(0, initial=-np.inf)
    # Percentiles rather than the bounds, because a few far floaters would otherwise squeeze the
    # whole scene into a handful of cells.
    if len(points) > 100:
        low, high = np.percentile(points, [1, 99], axis=0)
    span = np.maximum(high - low, 1e-12) * 1.5
    unit = np.clip((points - (low + high) / 2) / span + 0.5, 0, 1)
    cells = (unit * (2**21 - 1)).astype(np.uint64)
    code = np.zeros(len(points), np.uint64)
    for axis in range(3):
        code |= _spread(cells[:, axis]) << np.uint64(axis)
    return np.argsort(code, kind="stable")


def _spread(x: UInt[Array, " N"]) -> UInt[Array, " N"]:
    """Put two zero bits between the 21 bits of each number."""
    for shift, mask in ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F),
                        (4, 0x10C30C30C30C30C3), (2, 0x1249249249249249)):  # fmt: skip
        x = (x | (x << np.uint64(shift))) & np.uint64(mask)
    return x
