"""The GPU side of the viewport: textures of the splats, and the passes that draw them.

The first pass blends splats back to front into an offscreen buffer, in sRGB as 3DGS was trained,
together with their mean depth. The second pass lays that buffer over Blender's picture and writes
the depth, so splats and meshes hide each other without reading anything back from the GPU. While
nothing moves, only the second pass runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ..maths.lens import Lens, Trained
from . import overlay, shaders
from .cloud import Cloud
from .texels import WIDTH, rows

Format = Literal["R32F", "RGBA16F", "RGBA32F"]
Shape = Literal["POINTS", "TRIS", "LINE_STRIP"]

_CORNERS = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)]


def batch(
    shader: gpu.types.GPUShader, shape: Shape, **attributes: np.ndarray
) -> gpu.types.GPUBatch:
    """Vertices for a shader, with their attributes as arrays."""
    # Any, because the stub lists sequences only, but arrays are taken too, and read faster.
    content: dict[str, Any] = dict(attributes)
    return batch_for_shader(shader, shape, content)


def _floats(values: np.ndarray) -> gpu.types.Buffer:
    # Any, because again the stub lists sequences only.
    flat: Any = values.reshape(-1)
    return gpu.types.Buffer("FLOAT", flat.size, flat)


def texture(parts: Sequence[np.ndarray], format_: Format) -> gpu.types.GPUTexture:
    """A float32 data texture of parts (N, channels), laid out one after the other.

    This is fastest if they fill whole rows.
    """
    texels = rows(parts)
    width = min(max(len(texels), 1), WIDTH)
    flat = texels.reshape(-1) if len(texels) else np.zeros(parts[0].shape[1], np.float32)
    size = (width, max(len(texels) // width, 1))
    return gpu.types.GPUTexture(size, format=format_, data=_floats(flat))


def plane(values: np.ndarray, width: int, height: int) -> gpu.types.GPUTexture:
    """A texture of one number for each pixel, lowest row first."""
    return gpu.types.GPUTexture((width, height), format="R32F", data=_floats(values))


class Target:
    """The offscreen buffer of a view: premultiplied sRGB color, and depth times alpha.

    The second and third channel of the depth are how much of the pixel is ours to show, and how
    much of it selected splats cover.
    """

    def __init__(self, width: int, height: int, *, precise: bool = False) -> None:
        self.width, self.height = width, height
        self.color = gpu.types.GPUTexture(
            (width, height), format="RGBA32F" if precise else "RGBA16F"
        )
        self.depth = gpu.types.GPUTexture((width, height), format="RGBA32F")
        self.framebuffer = gpu.types.GPUFrameBuffer(color_slots=[self.color, self.depth])

    def pixels(self) -> np.ndarray:
        """The colors (H, W, 4), lowest row first. Waits until they are drawn."""
        return self._read(self.color)

    def depths(self) -> np.ndarray:
        """The mean depths (H, W) of what was drawn, lowest row first; 0 where that is nothing."""
        sums = self._read(self.depth)
        return sums[..., 0] / np.maximum(sums[..., 3], 1e-6)

    def _read(self, texture: gpu.types.GPUTexture) -> np.ndarray:
        data = texture.read()
        # One dimension, because the strides of more are wrong in Blender 4.x.
        data.dimensions = [self.width * self.height * 4]
        return np.array(data, np.float32).reshape(self.height, self.width, 4)


def fitting(target: Target | None, width: int, height: int) -> Target:
    """The same target if it has this size, else a new one."""
    if target is not None and (target.width, target.height) == (width, height):
        return target
    return Target(width, height)


class Painter:
    """The two shaders, compiled once, and the vertices that they draw."""

    def __init__(self) -> None:
        self._splats, self._composite = shaders.splats(), overlay.composite()
        self._cover = overlay.cover()
        self._quad = batch_for_shader(self._splats, "TRI_STRIP", {"corner": _CORNERS})
        self._screen = batch_for_shader(self._composite, "TRI_STRIP", {"corner": _CORNERS})
        # What has no use for a sampler must fill it all the same.
        self._unlimited = texture([np.zeros((1, 1), np.float32)], "R32F")

    def draw(
        self,
        target: Target,
        uniforms: np.ndarray,
        textures: Mapping[str, gpu.types.GPUTexture],
        count: int,
    ) -> None:
        """Blend `count` splats into `target`. The keys of `textures` name the shader's samplers.

        Without `limit_tex`, the uniforms must not ask for one.
        """
        # Any, because the stub does not know that `bind` returns a context manager.
        framebuffer: Any = target.framebuffer
        with framebuffer.bind():
            target.framebuffer.clear(color=(0.0, 0.0, 0.0, 0.0))
            if count == 0:
                return
            gpu.state.blend_set("ALPHA_PREMULT")
            gpu.state.depth_test_set("NONE")
            gpu.state.depth_mask_set(False)
            block = gpu.types.GPUUniformBuf(_floats(uniforms))
            self._splats.bind()
            self._splats.uniform_block("u", block)
            for name, data in {"limit_tex": self._unlimited, **textures}.items():
                self._splats.uniform_sampler(name, data)
            self._quad.draw_instanced(self._splats, instance_count=count)
            gpu.state.blend_set("NONE")

    def composite(self, target: Target, uniforms: np.ndarray) -> None:
        """Lay `target` over the bound frame buffer where it is nearer to the camera."""
        self._lay(self._composite, self._screen, target, uniforms, "LESS_EQUAL")

    def cover(self, target: Target, uniforms: np.ndarray, strips: np.ndarray) -> None:
        """Lay `target` over what was drawn within strips (boxes.py), before `composite` does so."""
        # Where strips meet, the second is not nearer than the first, so nothing is laid over twice.
        triangles = batch(self._cover, "TRIS", corner=strips)
        self._lay(self._cover, triangles, target, uniforms, "LESS")

    def _lay(
        self,
        shader: gpu.types.GPUShader,
        places: gpu.types.GPUBatch,
        target: Target,
        uniforms: np.ndarray,
        nearer: Literal["LESS", "LESS_EQUAL"],
    ) -> None:
        """Lay `target` over the bound frame buffer at some places, where it is `nearer`."""
        block = gpu.types.GPUUniformBuf(_floats(uniforms))
        gpu.state.blend_set("ALPHA_PREMULT")
        gpu.state.depth_test_set(nearer)
        gpu.state.depth_mask_set(True)
        shader.bind()
        shader.uniform_block("u", block)
        shader.uniform_sampler("color_tex", target.color)
        shader.uniform_sampler("depth_tex", target.depth)
        places.draw(shader)
        gpu.state.blend_set("NONE")
        gpu.state.depth_test_set("NONE")
        gpu.state.depth_mask_set(False)


def geometry(clouds: list[Cloud]) -> list[np.ndarray]:
    """The geometry texels of clouds, (3 N, 4) each, marked with the index of their object."""
    parts = []
    for index, cloud in enumerate(clouds):
        texels = cloud.texels
        if index:
            texels = texels.copy()
            texels[:, 2, 2] = index
        parts.append(texels.reshape(-1, 4))
    return parts


class Uploads:
    """The textures of a set of clouds, laid out one after the other.

    A texture is uploaded again only if one of its versions has changed.
    """

    def __init__(self) -> None:
        self._versions: dict[str, tuple[object, ...]] = {}
        self.textures: dict[str, gpu.types.GPUTexture] = {}

    def renew(
        self,
        name: str,
        versions: tuple[object, ...],
        arrays: Callable[[], Sequence[np.ndarray]],
        format_: Format,
    ) -> None:
        """Upload `arrays()`, each (N, channels), unless these versions are already uploaded."""
        if self._versions.get(name) == versions:
            return
        self.textures[name] = texture(arrays(), format_)
        self._versions[name] = versions


def objects_texture(
    lens: Lens,
    worlds: Sequence[np.ndarray],
    trained: Sequence[Trained],
    over: Sequence[tuple[bool, bool]] = (),
) -> gpu.types.GPUTexture:
    """The matrices from each object's space to the camera, what it was trained with, and how shown.

    These are five texels each. `over` says whether an object is drawn over Blender's own drawing
    of it, and whether only its selection is; without it, no object is.
    """
    parts = [
        np.vstack([lens.rows(world), one.texel, [*map(float, shown), 0, 0]])
        for world, one, shown in zip(
            worlds, trained, over or [(False, False)] * len(worlds), strict=True
        )
    ]
    return texture(parts, "RGBA32F")
