"""GPU side of the viewport: textures of the splats, and the passes that draw them.

Splats are blended back to front into an offscreen buffer, in sRGB as 3DGS was trained, together with their mean depth;
a second pass lays that buffer over Blender's picture and writes the depth, so splats and meshes hide each other
without anything being read back. While nothing moves only the second pass runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ..maths.lens import Lens
from . import shaders
from .cloud import Cloud
from .texels import WIDTH, rows

_CORNERS = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)]


def texture(parts: Sequence[np.ndarray], format_: str) -> Any:
    """A data texture of parts (N, channels) one after the other, float32. Quickest if they fill whole rows."""
    texels = rows(parts)
    width = min(max(len(texels), 1), WIDTH)
    flat = texels.reshape(-1) if len(texels) else np.zeros(parts[0].shape[1], np.float32)
    data = gpu.types.Buffer("FLOAT", flat.size, flat)
    return gpu.types.GPUTexture((width, max(len(texels) // width, 1)), format=format_, data=data)


class Target:
    """The offscreen buffer of a view: premultiplied sRGB colour, and depth x alpha."""

    def __init__(self, width: int, height: int, *, precise: bool = False) -> None:
        self.width, self.height = width, height
        self.color = gpu.types.GPUTexture(
            (width, height), format="RGBA32F" if precise else "RGBA16F"
        )
        self.depth = gpu.types.GPUTexture((width, height), format="RGBA32F")
        self.framebuffer = gpu.types.GPUFrameBuffer(color_slots=[self.color, self.depth])

    def pixels(self) -> np.ndarray:
        """The colours (H, W, 4), lowest row first; waits until they are drawn."""
        data = self.color.read()
        data.dimensions = (
            self.width * self.height * 4
        )  # the strides of more dimensions are wrong in 4.x
        return np.array(data, np.float32).reshape(self.height, self.width, 4)


class Painter:
    """The shaders, compiled once, and what they draw with."""

    def __init__(self) -> None:
        self._splats, self._composite = shaders.splats(), shaders.composite()
        self._quad = batch_for_shader(self._splats, "TRI_STRIP", {"corner": _CORNERS})
        self._screen = batch_for_shader(self._composite, "TRI_STRIP", {"corner": _CORNERS})

    def draw(
        self, target: Target, uniforms: np.ndarray, textures: dict[str, Any], count: int
    ) -> None:
        """Blend `count` splats into `target`; `textures` by the names of the shader's samplers."""
        with target.framebuffer.bind():
            target.framebuffer.clear(color=(0.0, 0.0, 0.0, 0.0))
            if count == 0:
                return
            gpu.state.blend_set("ALPHA_PREMULT")
            gpu.state.depth_test_set("NONE")
            gpu.state.depth_mask_set(False)
            block = gpu.types.GPUUniformBuf(gpu.types.Buffer("FLOAT", uniforms.size, uniforms))
            self._splats.bind()
            self._splats.uniform_block("u", block)
            for name, data in textures.items():
                self._splats.uniform_sampler(name, data)
            self._quad.draw_instanced(self._splats, instance_count=count)
            gpu.state.blend_set("NONE")

    def composite(self, target: Target, uniforms: np.ndarray) -> None:
        """Lay `target` over the bound frame buffer, where it is nearer than what is there."""
        block = gpu.types.GPUUniformBuf(gpu.types.Buffer("FLOAT", uniforms.size, uniforms))
        gpu.state.blend_set("ALPHA_PREMULT")
        gpu.state.depth_test_set("LESS_EQUAL")
        gpu.state.depth_mask_set(True)
        self._composite.bind()
        self._composite.uniform_block("u", block)
        self._composite.uniform_sampler("color_tex", target.color)
        self._composite.uniform_sampler("depth_tex", target.depth)
        self._screen.draw(self._composite)
        gpu.state.blend_set("NONE")
        gpu.state.depth_test_set("NONE")
        gpu.state.depth_mask_set(False)


def geometry(clouds: list[Cloud]) -> list[np.ndarray]:
    """The geometry texels of clouds, (3 N, 4) each, marked with the number of the object."""
    parts = []
    for index, cloud in enumerate(clouds):
        texels = cloud.texels
        if index:
            texels = texels.copy()
            texels[:, 2, 2] = index
        parts.append(texels.reshape(-1, 4))
    return parts


class Uploads:
    """The textures of a set of clouds, laid out one after the other. Renewed only where a version changed."""

    def __init__(self) -> None:
        self._versions: dict[str, tuple[Any, ...]] = {}
        self.textures: dict[str, Any] = {}

    def renew(
        self,
        name: str,
        versions: tuple[Any, ...],
        arrays: Callable[[], Sequence[np.ndarray]],
        format_: str,
    ) -> None:
        """Upload `arrays()`, each (N, channels), unless those of these versions are there."""
        if self._versions.get(name) == versions:
            return
        self.textures[name] = texture(arrays(), format_)
        self._versions[name] = versions


def objects_texture(lens: Lens, worlds: list[np.ndarray]) -> Any:
    """The matrices from each object's space to the camera, three texels each."""
    return texture([lens.rows(world) for world in worlds], "RGBA32F")
