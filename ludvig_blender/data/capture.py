"""Where a splat object comes from: its file, its cameras, its photos. Kept in the .blend, with paths relative to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, PointerProperty, StringProperty

from . import paths

# Where programs keep cameras, seen from a splat file: beside it, or three folders up as 3DGS trainers do.
PLACES = ("cameras.json", "transforms.json", "sparse", "colmap")
LEVELS = 3
RELATIVE = {"options": {"PATH_SUPPORTS_BLEND_RELATIVE"}}


def _photos_shown(own: Any, _context: Any) -> None:
    from . import photo_cameras

    photo_cameras.follow(own)


class LudvigCapture(bpy.types.PropertyGroup):
    """What a splat object was made from. The splat file itself is `ludvig.source`."""

    views: StringProperty(
        name="Cameras",
        description="The photos' cameras: a COLMAP folder, transforms.json or cameras.json",
        subtype="FILE_PATH",
        **RELATIVE,
    )
    photos: StringProperty(
        name="Photos",
        description="Their folder, if the cameras do not say where",
        subtype="DIR_PATH",
        **RELATIVE,
    )
    cameras: PointerProperty(type=bpy.types.Collection, description="The cameras made of them")
    show_photos: BoolProperty(
        name="Photos", description="Show each camera's photo when looking through it", default=True,
        update=_photos_shown,
    )  # fmt: skip
    photo_opacity: FloatProperty(
        name="Opacity", description="How much a photo covers the splats", min=0, max=1, default=0.5, subtype="FACTOR",
        update=_photos_shown,
    )  # fmt: skip
    notes: StringProperty(
        description="What the engine has to say of cameras and photos, one to a line"
    )
    verdict: StringProperty(description="What the newest comparison with the photos has found")
    fits: BoolProperty(description="Whether it has found that the cameras fit")
    untouched: StringProperty(
        description="Digest of the splats and of the file's size and time, when it was read"
    )


def folders(thing: Any) -> tuple[str, str]:
    """Cameras and photos of a splat object, absolute; "" where there are none."""
    own = thing.ludvig_capture
    return paths.absolute(own.views), paths.absolute(own.photos)


def source(thing: Any) -> str:
    """The splat file, absolute; "" if it is unknown or gone."""
    path = paths.absolute(thing.ludvig.source)
    return path if path and Path(path).is_file() else ""


def suggest(path: Path) -> str:
    """Cameras that probably belong to a splat file; "" if there are none nearby."""
    folder = path.parent
    for _ in range(LEVELS):
        for name in PLACES:
            if (folder / name).exists():
                return str(folder / name if (folder / name).is_file() else folder)
        folder = folder.parent
    return ""


def stamp(path: str) -> str:
    """Changes when the file is written again."""
    status = Path(path).stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def remember(thing: Any, path: str) -> None:
    """Note that these are the splats of this file, so that the engine can read them from there. 80 ms per million."""
    from . import attributes, splats

    cloud = thing.data
    values = {name: attributes.get(cloud, name) for name in splats.SCHEMA}
    thing.ludvig_capture.untouched = look(values) + stamp(path)


def look(values: Any) -> str:
    """A digest of the splats with their colours."""
    import hashlib

    from . import splats

    return splats.digest(values) + hashlib.blake2b(values[splats.BASE], digest_size=16).hexdigest()


def register() -> None:
    bpy.utils.register_class(LudvigCapture)
    bpy.types.Object.ludvig_capture = PointerProperty(type=LudvigCapture)


def unregister() -> None:
    del bpy.types.Object.ludvig_capture
    bpy.utils.unregister_class(LudvigCapture)
