"""Views: cameras from whatever program wrote them, together with the photos they belong to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from ..errors import EngineError, Fix
from ..scene import Camera, View
from .cameras_json import read_cameras_json
from .colmap import model_suffix, read_colmap
from .files import read_json
from .lens import Lens
from .photo_files import find_photos, photo_size
from .shots import Shot, limited, same_shape
from .transforms import read_transforms

# Where a folder may keep its cameras, most likely place first. transforms.json comes before
# colmap/, in which nerfstudio keeps the COLMAP model that it made transforms.json from: that model
# is in another coordinate system than the splats.
_PLACES = [
    "[0-9]*",
    "sparse",
    "sparse/[0-9]*",
    "transforms.json",
    "colmap/sparse",
    "colmap/sparse/[0-9]*",
]
_PLACES += ["transforms_train.json", "cameras.json"]


def load_views(
    path: str | os.PathLike[str],
    *,
    photos: str | os.PathLike[str] | None = None,
    max_size: int | None = 1600,
    need_photos: bool = True,
) -> tuple[tuple[View, ...], tuple[str, ...]]:
    """The views of a scene, sorted by name, and notes on what the user should know about them.

    A view has the name of its photo, without the folders that all photos have in common.

    `path` is a COLMAP model, a transforms.json (nerfstudio, instant-ngp, Blender synthetic), a
    cameras.json (of 3D Gaussian Splatting viewers), or a dataset folder that has one of them.
    `photos` is the folder of the photos, by default one of the usual places nearby. `max_size`
    limits the long side of the views' cameras, in pixels.

    Cameras are scaled to the size of the photo file, whatever size they were computed for. If only
    some photos are missing, their views have no photo. Raises `EngineError`: "not_found" if there
    are no cameras, or no photos although they are needed; "bad_file" if a file is damaged;
    "bad_input" if a photo's shape does not fit its camera.
    """
    source, notes = _locate(Path(path).absolute())
    folders = _photo_folders(source) if photos is None else [Path(photos)]
    if photos is not None and not folders[0].is_dir():
        raise EngineError(
            "not_found",
            f"There is no folder {folders[0]}.",
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )
    shots, more = _read(source, folders)
    found, folder = find_photos([shot.name for shot in shots], folders)
    missing = [shot.name for shot in shots if shot.name not in found]
    if missing and not found and need_photos:
        raise _not_found(missing, folders)
    if missing and found:
        notes += [
            f"{len(missing)} of {len(shots)} photos are missing ({_few(missing)}): "
            "their cameras are kept."
        ]
    if photos is None and folder and folder.name.startswith("images_"):
        notes += [f"The photos are read from {folder}."]
    common = _common_folder([shot.name for shot in shots])
    views = [
        _view(replace(shot, name=shot.name[len(common) :]), found.get(shot.name), max_size)
        for shot in sorted(shots, key=lambda shot: shot.name)
    ]
    return tuple(views), tuple(notes + more)


def _common_folder(names: Sequence[str]) -> str:
    """The folders that all names begin with: transforms.json has images/a.jpg, COLMAP a.jpg."""
    levels = zip(*(name.split("/")[:-1] for name in names), strict=False)
    return "".join(
        f"{level[0]}/" for level in takewhile(lambda level: len(set(level)) == 1, levels)
    )


def _locate(path: Path) -> tuple[Path, list[str]]:
    """The COLMAP folder or JSON file that `path` leads to, and notes.

    `path` may also be any file of a COLMAP model.
    """
    if path.is_file() and path.suffix.lower() == ".json":
        return path, []
    path = path.parent if path.is_file() else path
    places = [path, *(place for pattern in _PLACES for place in sorted(path.glob(pattern)))]
    found = [place for place in places if place.suffix == ".json" or model_suffix(place)]
    if not found:
        raise EngineError(
            "not_found",
            f"There are no cameras in {path}: neither a COLMAP model (cameras.bin and images.bin, "
            "or .txt) in it or in its folder sparse/0, nor a transforms.json or cameras.json.",
            [
                Fix(
                    "Choose the folder with the cameras the splats were trained with.",
                    "import_cameras",
                )
            ],
        )
    others = [str(place.relative_to(path)) for place in found[1:]]
    note = (
        f"The cameras are read from {found[0].relative_to(path)}; "
        f"there are others in {_few(others)}."
    )
    return found[0], [note] if others else []


def _read(source: Path, folders: Sequence[Path]) -> tuple[list[Shot], list[str]]:
    if source.is_dir():
        return read_colmap(source), []
    content = read_json(source)
    if isinstance(content, list) and content:
        return read_cameras_json(content, source), []
    if isinstance(content, dict) and content.get("frames"):
        return read_transforms(content, source, lambda names: find_photos(names, folders)[0])
    raise EngineError(
        "bad_file", f"{source} has no cameras in it.", ["Choose another file, or a COLMAP folder."]
    )


def _photo_folders(source: Path) -> list[Path]:
    """Where the photos of a COLMAP folder or JSON file usually are, most likely place first."""
    root = source if source.is_dir() else source.parent
    while source.is_dir() and (root.name in ("sparse", "colmap") or root.name.isdecimal()):
        root = root.parent
    near = [
        root / "images",
        root,
        root.parent / "images",
        *(root / f"images_{n}" for n in (2, 4, 8)),
    ]
    return near if source.is_dir() else [root, *near]


def _view(shot: Shot, photo: Path | None, max_size: int | None) -> View:
    size = photo_size(photo) if photo else shot.intrinsics.size
    _check_shape(shot, size)
    if shot.intrinsics.is_pinhole:
        camera = Camera(shot.viewmat, shot.intrinsics.K, *shot.intrinsics.size).resized(
            *limited(size, max_size)
        )
        return View(shot.name, camera, photo, size)
    lens = Lens.covering(shot.intrinsics, size, max_size)
    return View(
        shot.name, Camera(shot.viewmat, lens.pinhole.K, *lens.pinhole.size), photo, size, lens
    )


def _check_shape(shot: Shot, size: tuple[int, int]) -> None:
    (width, height), (w, h) = size, shot.intrinsics.size
    if not same_shape(size, shot.intrinsics.size):
        raise EngineError(
            "bad_input",
            f"The photo {shot.name} is {width}x{height}, but its camera is for {w}x{h}, "
            "which has another aspect ratio.",
            ["Use the photos the cameras were computed from, not cropped or rotated."],
        )


def _not_found(missing: Sequence[str], folders: Sequence[Path]) -> EngineError:
    where = ", ".join(str(folder) for folder in dict.fromkeys(folders) if folder.is_dir())
    return EngineError(
        "not_found",
        f"{len(missing)} photos were not found: {_few(missing)}. Searched: {where or folders[0]}.",
        [Fix("Choose the folder of the photos.", "choose_photos")],
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
