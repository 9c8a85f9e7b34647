"""What Blender renders of a scene without its splats: colors, depths and the world behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import bpy

from ..translation.say import say_report

if TYPE_CHECKING:
    import numpy as np

    from ..data.types import SplatObject

# The types of objects that Blender renders as something.
SOLID = {
    *("MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD", "VOLUME"),
    *("GREASEPENCIL", "GPENCIL"),
}
LIGHT = ("Environment", "Env")  # the pass of the world, since Blender 5 and before
PLAIN = {"OUTPUT_WORLD", "BACKGROUND"}  # nodes of a world of one color


@dataclass(frozen=True)
class Rendered:
    """Linear and premultiplied. The world may be one pixel, for all."""

    color: np.ndarray  # (H, W, 4)
    depth: np.ndarray  # (H, W) along the viewing direction
    world: np.ndarray  # (H, W, 4) or (1, 1, 4)


def _needed(scene: bpy.types.Scene, layer: bpy.types.ViewLayer, own: list[SplatObject]) -> bool:
    """Whether Blender renders anything but splats and a world of one color."""
    splats = {thing.session_uid for thing in own}
    if any(
        (thing.type in SOLID or thing.instance_type == "COLLECTION")
        and not thing.hide_render
        and thing.session_uid not in splats
        for thing in layer.objects
    ):
        return True
    tree = scene.world.node_tree if scene.world else None
    pictured = tree is not None and any(node.type not in PLAIN for node in tree.nodes)
    return pictured and not scene.render.film_transparent


def _color(world: bpy.types.World | None) -> list[float]:
    """The linear color of a world of one color."""
    if world is None:
        return [0.0, 0.0, 0.0]
    for node in world.node_tree.nodes if world.node_tree else ():
        if node.type == "BACKGROUND":
            # Any, because the stub does not know what kinds of sockets a node has.
            color, strength = (cast("Any", node.inputs[name]) for name in ("Color", "Strength"))
            return [strength.default_value * part for part in color.default_value[:3]]
    return [world.color.r, world.color.g, world.color.b]


def rendered(
    scene: bpy.types.Scene,
    layer: bpy.types.ViewLayer,
    own: list[SplatObject],
    size: tuple[int, int],
) -> Rendered:
    """Render a view layer without these splats, with the scene's own engine and settings.

    `size` is the height and the width. Where there is nothing to render, Blender is not asked.
    Raises `EngineError` if that fails.
    """
    import numpy as np

    from ..maths import layers

    plain = np.array([[[*_color(scene.world), 1]]], np.float32)
    if not _needed(scene, layer, own):
        nothing = np.full(size, layers.NOTHING, np.float32)
        return Rendered(np.zeros((*size, 4), np.float32), nothing, plain)
    found = _passes(scene, layer, own)
    color = np.stack([found[f"Combined.{channel}"] for channel in "RGBA"], axis=-1)
    world = plain  # with engines that do not tell
    for name in LIGHT:
        if f"{name}.R" in found:
            light = [found[f"{name}.{channel}"] for channel in "RGB"]
            world = np.stack([*light, np.ones_like(light[0])], axis=-1)
    return Rendered(color, found["Depth.Z"], world)


def _passes(
    scene: bpy.types.Scene, layer: bpy.types.ViewLayer, own: list[SplatObject]
) -> dict[str, np.ndarray]:
    """The channels (H, W) of what Blender renders, by pass and channel: "Depth.Z"."""
    from ...ludvig_engine.errors import EngineError
    from ..maths import exr

    passes = dict.fromkeys(("use_pass_combined", "use_pass_z", "use_pass_environment"), True)
    how = {"film_transparent": True} | dict.fromkeys(
        ("use_compositing", "use_sequencer", "use_border", "use_multiview", "use_stamp"), False
    )
    with (
        changed(layer, passes),
        changed(scene.render, how),
        _hidden(own),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder, "passes.exr")
        try:
            bpy.ops.render.render(layer=layer.name, scene=scene.name)
            with _format(scene, "MULTI_LAYER_IMAGE", "OPEN_EXR_MULTILAYER", "32"):
                bpy.data.images["Render Result"].save_render(str(path), scene=scene)
            channels = exr.read(path.read_bytes())
        except (RuntimeError, OSError, ValueError) as error:
            raise EngineError(
                "render",
                say_report("Blender could not render the meshes: {error}.", error=error),
                ["Try Blender's own render (F12), which shows what is wrong."],
            ) from error
    return {name.removeprefix(f"{layer.name}."): values for name, values in channels.items()}


def viewed(scene: bpy.types.Scene, color: np.ndarray) -> np.ndarray:
    """Premultiplied linear colors (H, W, 4) through the scene's view transform, premultiplied."""
    import numpy as np

    if not color[..., 3].any():
        return color
    height, width = color.shape[:2]
    made = bpy.data.images.new("ludvig", width, height, alpha=True, float_buffer=True)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "viewed.png"))
        try:
            write(made, color)
            with _format(scene, "IMAGE", "PNG", "16"):
                made.save_render(path, scene=scene)
            file = bpy.data.images.load(path)
            try:
                file.colorspace_settings.is_data = True
                file.alpha_mode = "CHANNEL_PACKED"
                straight = read(file)
            finally:
                bpy.data.images.remove(file)
        finally:
            bpy.data.images.remove(made)
    return np.concatenate([straight[..., :3] * straight[..., 3:], straight[..., 3:]], axis=-1)


def read(image: bpy.types.Image) -> np.ndarray:
    """The pixels (H, W, 4) of an image, top row first."""
    import numpy as np

    # Any, because the stub forgets that a size can be indexed.
    size: Any = image.size
    # Any, because the stub lists sequences only.
    pixels: Any = np.empty(size[0] * size[1] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(size[1], size[0], 4)[::-1]


def write(image: bpy.types.Image, pixels: np.ndarray) -> None:
    """Fill an image with pixels (H, W, 4), top row first."""
    import numpy as np

    # Any, because the stub lists sequences only, but arrays are taken too, and read faster.
    flat: Any = np.ascontiguousarray(pixels[::-1], np.float32).reshape(-1)
    image.pixels.foreach_set(flat)
    image.update()


@contextmanager
def changed(owner: bpy.types.bpy_struct, values: Mapping[str, object]) -> Iterator[None]:
    """Give properties other values for a while, those that this Blender has."""
    before = {name: getattr(owner, name) for name in values if hasattr(owner, name)}
    try:
        for name in before:
            setattr(owner, name, values[name])
        yield
    finally:
        # In the same order, because the media type says which formats there are.
        for name, value in before.items():
            setattr(owner, name, value)


@contextmanager
def _format(scene: bpy.types.Scene, media: str, file_format: str, depth: str) -> Iterator[None]:
    """Let what is saved be of a format, with alpha and, if it is OpenEXR, as `exr.read` wants."""
    kind = {"media_type": media, "file_format": file_format}
    how = {"color_mode": "RGBA", "color_depth": depth}
    exr = {"exr_codec": "NONE", "use_exr_interleave": True}
    settings = scene.render.image_settings
    with changed(settings, kind | how | (exr if "EXR" in file_format else {})):
        yield


@contextmanager
def _hidden(own: list[SplatObject]) -> Iterator[None]:
    """Leave objects out of Blender's renders; from Blender 5.3 on it knows splats itself."""
    shown = [thing for thing in own if not thing.hide_render]
    for thing in shown:
        thing.hide_render = True
    try:
        yield
    finally:
        for thing in shown:
            thing.hide_render = False
