"""Views: cameras from whatever program wrote them, together with the photos they belong to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from ..errors import EngineError, Fix
from ..scene import Camera, View
from .camera_places import locate, photo_folders
from .cameras_json import read_cameras_json
from .colmap import read_colmap
from .dataparser import to_splats
from .files import read_json
from .lens import Lens
from .photo_files import turned_size
from .photo_notes import about_photos
from .photo_search import decoded, find_photos
from .shots import Shot, camera_of, limited, same_shape
from .transforms import read_transforms
from .turns import stored_sizes, turns_of


def load_views(
    path: str | os.PathLike[str],
    *,
    photos: str | os.PathLike[str] | None = None,
    splats: str | os.PathLike[str] | None = None,
    max_size: int | None = 1600,
    need_photos: bool = True,
) -> tuple[tuple[View, ...], tuple[str, ...]]:
    """The views of a scene, sorted by name, and notes on what the user should know about them.

    A view has the name of its photo, without the folders that all photos have in common.

    `path` is a COLMAP model, a transforms.json (nerfstudio, instant-ngp, Blender synthetic), a
    cameras.json (of 3D Gaussian Splatting viewers), or a dataset folder that has one of them.
    `photos` is the folder of the photos, by default one of the usual places nearby. `splats` is the
    splat file, beside which nerfstudio may have left the space that it trained in. `max_size`
    limits the long side of the views' cameras, in pixels.

    Cameras are scaled to the size of the photo file, whatever size they were computed for. If only
    some photos are missing, their views have no photo; neither have cameras whose name is not
    unique, because one photo cannot belong to several. Raises `EngineError`: "not_found" if there
    are no cameras, or no photos although they are needed; "bad_file" if a file is damaged or a
    camera is none; "bad_input" if a photo's shape does not fit its camera.
    """
    source, notes = locate(Path(path).absolute())
    folders = photo_folders(source) if photos is None else [Path(photos)]
    if photos is not None and not folders[0].is_dir():
        raise EngineError(
            "not_found",
            f"There is no folder {folders[0]}.",
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )
    shots, more = _read(source, folders, Path(splats) if splats else None)
    names, encoding = decoded([shot.name for shot in shots], folders)
    shots = [replace(shot, name=name) for shot, name in zip(shots, names, strict=True)]
    if encoding:
        more.append(f"The photos' names are not in UTF-8; they are read as {encoding}.")
    found = find_photos(names, folders)
    told = about_photos(names, found, folders)
    if not found.photos and need_photos:
        raise EngineError(
            "not_found",
            " ".join(told),
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )
    notes += told
    if photos is None and found.folder and found.folder.name.startswith("images_"):
        notes += [f"The photos are read from {found.folder}."]
    files = stored_sizes(found.photos)
    turns, turned = turns_of(shots, files)
    common = _common_folder(names)
    views = []
    for shot in sorted(shots, key=lambda shot: shot.name):
        photo = found.photos.get(shot.name)
        turn = turns.get(shot.name, 1)
        size = turned_size(files[shot.name][0], turn) if photo else shot.intrinsics.size
        views.append(_view(shot, shot.name[len(common) :], photo, size, turn, max_size))
    return tuple(views), tuple(notes + more + turned)


def _common_folder(names: Sequence[str]) -> str:
    """The folders that all names begin with: transforms.json has images/a.jpg, COLMAP a.jpg."""
    levels = zip(*(name.split("/")[:-1] for name in names), strict=False)
    return "".join(
        f"{level[0]}/" for level in takewhile(lambda level: len(set(level)) == 1, levels)
    )


def _read(
    source: Path, folders: Sequence[Path], splats: Path | None
) -> tuple[list[Shot], list[str]]:
    if source.is_dir():
        return to_splats(read_colmap(source), source, splats, {})
    content = read_json(source)
    if isinstance(content, list) and content:
        return read_cameras_json(content, source), []
    if isinstance(content, dict) and content.get("frames"):
        shots, notes = read_transforms(
            content, source, lambda names: find_photos(list(dict.fromkeys(names)), folders).photos
        )
        shots, more = to_splats(shots, source, splats, content)
        return shots, notes + more
    raise EngineError(
        "bad_file", f"{source} has no cameras in it.", ["Choose another file, or a COLMAP folder."]
    )


def _view(
    shot: Shot,
    name: str,
    photo: Path | None,
    size: tuple[int, int],
    turn: int,
    max_size: int | None,
) -> View:
    _check_shape(shot, size)
    mask = shot.mask if photo else None
    if shot.intrinsics.is_pinhole:
        camera = Camera(shot.viewmat, shot.intrinsics.K, *shot.intrinsics.size).resized(
            *limited(size, max_size)
        )
        return View(name, camera, photo, size, mask=mask, turn=turn)
    with camera_of(shot.name):
        lens = Lens.covering(shot.intrinsics, size, max_size)
    camera = Camera(shot.viewmat, lens.pinhole.K, *lens.pinhole.size)
    return View(name, camera, photo, size, lens, mask=mask, turn=turn)


def _check_shape(shot: Shot, size: tuple[int, int]) -> None:
    (width, height), (w, h) = size, shot.intrinsics.size
    if not same_shape(size, shot.intrinsics.size):
        raise EngineError(
            "bad_input",
            f"The photo {shot.name} is {width}x{height}, but its camera is for {w}x{h}, "
            "which has another aspect ratio.",
            ["Use the photos the cameras were computed from, not cropped or rotated."],
        )
