"""Requests about a scene: open it, compare it with its photos, take away floaters and objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from numpy import ndarray as Array

from .request import Request, exactly_one


@dataclass(frozen=True)
class Cloud:
    """N Gaussians as an editor holds them, with activated values: linear scales, opacities 0..1."""

    means: Annotated[Array, "F32", "N 3"]  # scene units, object space
    quats: Annotated[Array, "F32", "N 4"]  # wxyz
    scales: Annotated[Array, "F32", "N 3"]  # scene units, standard deviations
    opacities: Annotated[Array, "F32", "N"]  # 0..1
    sh0: Annotated[Array, "F32", "N 1 3"]  # spherical harmonics of degree 0
    shN: Annotated[Array, "F32", "N S 3"]  # higher degrees; S = 0, 3, 8, 15 or 24


@dataclass(frozen=True)
class Viewport:
    """A camera without a photo, such as the 3D viewport of an editor."""

    # World -> camera, with OpenCV axes; the world is the object space of the splats.
    viewmat: Annotated[Array, "F64", "4 4"]
    # In pixels, with the middle of the upper left pixel at (0.5, 0.5).
    K: Annotated[Array, "F64", "3 3"]
    width: int  # pixels
    height: int


@dataclass(frozen=True)
class Settings:
    """What a scene is drawn with: the usual, or what its photos show that it was trained with."""

    near: float  # scene units; nearer Gaussians are not drawn
    alpha_clamp: float
    blur: float  # px², added to every ellipse
    antialiased: bool  # whether opacities make up for the blur
    # How many tan(fov/2) beyond the border a center may be; None: any number.
    cull: float | None = None


@dataclass(frozen=True)
class SceneOpened:
    # The scene's name in later requests. The same input always gets the same name.
    scene: str
    count: int  # N, the rows of the file or cloud
    # Rows that are finite and can be drawn; the other rows get score 0.
    usable: int
    sh_degree: int
    # The lowest and the highest mean on each axis, in scene units and object space.
    bounds: Annotated[Array, "F32", "2 3"]
    names: tuple[str, ...]  # of the C views
    # Paths of the photo files on the engine's machine; "" for a view without one.
    photos: tuple[str, ...]
    # World -> camera, with OpenCV axes (x right, y down, z forward).
    viewmats: Annotated[Array, "F64", "C 4 4"]
    Ks: Annotated[Array, "F64", "C 3 3"]  # in pixels of `sizes`
    sizes: Annotated[Array, "I32", "C 2"]  # width, height of the pinhole cameras
    photo_sizes: Annotated[Array, "I32", "C 2"]  # width, height of the photo files
    raster: Settings | None = None
    notes: tuple[str, ...] = ()  # what the user should know


@dataclass(frozen=True)
class OpenScene(Request[SceneOpened], method="scene/open"):
    """Load splats and the views of them. Paths are absolute, on the engine's machine.

    Where no photo is found, the splats are rendered at the views instead. Without views, they are
    planned from the splats, and called view_01, view_02, ...
    """

    splats: str = ""  # a splat file; either this
    cloud: Cloud | None = None  # or the edited Gaussians themselves
    views: str = ""  # a COLMAP folder, transforms.json or cameras.json
    # The folder of the photos, if it is not where `views` says.
    photos: str = ""
    # Instead of `views`: an editor's own cameras. They are called camera_01, camera_02, ...
    cameras: tuple[Viewport, ...] = ()
    # The near plane in scene units; None: the scene's size and photos decide.
    near: float | None = None
    # The file that a cloud was read from. nerfstudio leaves beside it how it moved the cameras.
    source: str = ""

    def __post_init__(self) -> None:
        exactly_one(self, "splats", "cloud")
        if self.views and self.cameras:
            exactly_one(self, "views", "cameras")


@dataclass(frozen=True)
class SplatsRead:
    splats: Cloud  # all N rows of the file, in its order
    # False for rows with values that no scan has, which `splats` has as they are.
    valid: Annotated[Array, "BOOL", "N"]
    notes: tuple[str, ...] = ()  # what the user should know


@dataclass(frozen=True)
class ReadSplats(Request[SplatsRead], method="splats/read"):
    """Read a splat file of any format, without opening a scene: for editors that have no reader.

    The path is absolute, on the engine's machine.
    """

    splats: str


@dataclass(frozen=True)
class SceneChecked:
    names: tuple[str, ...]  # of the V views compared
    psnr: Annotated[Array, "F32", "V"]  # dB, of each rendered view against its photo
    # One sentence for people: the cameras fit, or what is likely wrong.
    verdict: str
    fits: bool  # the verdict, for programs
    view: str  # the view that the pictures show
    photo: Annotated[Array, "U8", "H W 3"]  # sRGB
    rendered: Annotated[Array, "U8", "H W 3"]


@dataclass(frozen=True)
class CheckScene(Request[SceneChecked], method="scene/check"):
    """Compare rendered views with their photos, to see whether the cameras belong to the splats."""

    scene: str
    views: tuple[str, ...] = ()  # names; none: a few, evenly spread
    # The view to return pictures of; "" for the one of median PSNR.
    picture: str = ""


@dataclass(frozen=True)
class Floaters:
    # How likely each Gaussian is a floater, 0..1. Chosen are those above 1 - strength, for any
    # strength in 0..1.
    scores: Annotated[Array, "F32", "N"]
    strength: float  # the usual one
    timings: dict[str, float]  # seconds by the ids of stages.py


@dataclass(frozen=True)
class FindFloaters(Request[Floaters], method="scene/floaters"):
    """Find Gaussians that float in the air and belong to no surface."""

    scene: str


@dataclass(frozen=True)
class ObjectRemoved:
    """How a scene of N Gaussians becomes one without the object."""

    removed: Annotated[Array, "BOOL", "N"]
    cut: Annotated[Array, "BOOL", "N"]  # of which a part stays, or whose color changes
    parts: Cloud  # what takes their place, in the order of the Gaussians that were cut
    filled: Cloud  # new ones, where nothing was behind the object
    timings: dict[str, float]  # seconds by the ids of stages.py
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemoveObject(Request[ObjectRemoved], method="scene/remove"):
    """Take an object out of a scene, and continue the surfaces behind it. The scene stays open."""

    scene: str
    selected: Annotated[Array, "BOOL", "N"]
    boundary: bool = True  # whether Gaussians across the border are cut
    residue: bool = True  # whether what only drew the object's edge and inside goes too
    fill: bool = True
    replaces: str = ""
