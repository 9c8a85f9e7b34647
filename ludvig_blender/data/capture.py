"""A splat object's file, cameras and photos, stored in the .blend with relative paths."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np
from bpy.props import (
    BoolProperty,
    FloatProperty,
    FloatVectorProperty,
    PointerProperty,
    StringProperty,
)

from ..maths.lens import USUAL, Trained
from . import changes, paths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...ludvig_engine.wire.methods import Settings
    from . import types

# Where programs keep cameras: beside the splat file, or up to three folders above it as 3DGS
# trainers do.
PLACES = ("cameras.json", "transforms.json", "sparse", "colmap")
LEVELS = 3
RELATIVE = {"options": {"PATH_SUPPORTS_BLEND_RELATIVE"}}


def _followed(own: types.Capture, _context: bpy.types.Context) -> None:
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
    cameras: PointerProperty(
        type=bpy.types.Collection, description="The Blender cameras made from these"
    )
    show_cameras: BoolProperty(
        name="Cameras", description="Show the cameras in the viewport", update=_followed
    )
    show_photos: BoolProperty(
        name="Photos", description="Show each camera's photo when looking through it",
        default=True, update=_followed,
    )  # fmt: skip
    photo_opacity: FloatProperty(
        name="Opacity", description="How much a photo covers the splats",
        min=0, max=1, default=0.5, subtype="FACTOR", update=_followed,
    )  # fmt: skip
    notes: StringProperty(description="The engine's notes on cameras and photos, one per line")
    verdict: StringProperty(description="The result of the newest comparison with the photos")
    fits: BoolProperty(description="Whether that comparison found that the cameras fit")
    near: FloatProperty(
        name="Near Plane",
        description="What is closer to a photo's camera than this is not drawn, in the splats' "
        "units. 0 lets the scene's size and photos decide",
        min=0, default=0, precision=4,
    )  # fmt: skip
    trained: FloatVectorProperty(
        description="What the engine found that the splats were trained with: compensated "
        "opacities, culling, blur and largest alpha",
        size=4, default=USUAL.texel,
    )  # fmt: skip
    rendered_at: StringProperty(
        description="Blender's cameras that splats without photos are rendered at, as JSON; "
        "empty: views are planned from the splats"
    )
    upright: FloatVectorProperty(
        description="The turn, as a quaternion wxyz in world space, by which the import made the "
        "splats stand upright. Exports take it back, so that files keep their frame",
        size=4, default=(1, 0, 0, 0),
    )  # fmt: skip
    origin: FloatVectorProperty(
        description="Where the object's origin is in the frame of the splat file, which the "
        "cameras and the prompts are in: see data/frame.py",
        size=3, precision=6,
    )  # fmt: skip
    untouched: StringProperty(
        description="Digest of the splats, and of the file's size and time, when it was read"
    )


def folders(thing: types.SplatObject) -> tuple[str, str]:
    """The paths of a splat object's cameras and photos, absolute; "" where there are none."""
    own = thing.ludvig_capture
    return paths.absolute(own.views), paths.absolute(own.photos)


def trained(thing: types.SplatObject) -> Trained:
    """What a splat object was trained with, as far as it is known."""
    antialiased, cull, blur, alpha_clamp = thing.ludvig_capture.trained
    return Trained(antialiased > 0.5, cull, blur, alpha_clamp)


def keep_trained(thing: types.SplatObject, settings: Settings | None) -> None:
    """Note what the engine found that the splats were trained with, and draw them so."""
    if settings is None:
        return
    cull = -1.0 if settings.cull is None else settings.cull
    found = Trained(settings.antialiased, cull, settings.blur, settings.alpha_clamp)
    if not np.allclose(found.texel, thing.ludvig_capture.trained):
        thing.ludvig_capture.trained = found.texel
        changes.redraw()


def source(thing: types.SplatObject) -> str:
    """The path of the splat file, absolute; "" if it is unknown or gone."""
    path = paths.absolute(thing.ludvig.source)
    return path if path and Path(path).is_file() else ""


def suggest(path: Path) -> str:
    """The cameras that probably belong to a splat file; "" if there are none nearby."""
    folder = path.parent
    for _ in range(LEVELS):
        for name in PLACES:
            if (folder / name).exists():
                return str(folder / name if (folder / name).is_file() else folder)
        folder = folder.parent
    return ""


def stamp(path: str) -> str:
    """The file's size and time as a text, which changes when the file is written again."""
    status = Path(path).stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def look(values: Mapping[str, np.ndarray]) -> str:
    """A digest of the splats, colors included."""
    import hashlib

    from . import splats

    colors = hashlib.blake2b(values[splats.BASE].data, digest_size=16)
    return splats.digest(values) + colors.hexdigest()


PLACE = (bpy.types.Object, "ludvig_capture")  # the property that every object gets


def register() -> None:
    bpy.utils.register_class(LudvigCapture)
    setattr(*PLACE, PointerProperty(type=LudvigCapture))


def unregister() -> None:
    delattr(*PLACE)
    bpy.utils.unregister_class(LudvigCapture)
