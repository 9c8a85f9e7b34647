"""Renders of the splats, in place of photos that there are none of."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from ..cache.store import key, key_of_array
from ..rendering import colours, render
from ..scene import Camera, Gaussians, Photo, Scene
from ..scene.raster import Raster


@dataclass(frozen=True)
class Content:
    """What Gaussians are; unlike a closure, it can be sent to another process."""

    gaussians: Gaussians

    @cached_property
    def key(self) -> str:
        """The key of all that they are, computed once for all renders of them."""
        return key_of(self.gaussians)


@dataclass(frozen=True)
class Drawn:
    """A picture of Gaussians over black, as `scene.Render` wants it."""

    name: str
    gaussians: Gaussians
    camera: Camera
    raster: Raster
    content: Content

    def key(self) -> str:
        """What the picture depends on: the Gaussians, the camera and the rasterizer's settings."""
        return key("render", 1, [self.camera.as_json(), repr(self.raster)], self.content.key)

    def __call__(self) -> Photo:
        """Draw it."""
        values = colours(self.gaussians, self.camera.center)
        image, _ = render(self.gaussians, self.camera, values, raster=self.raster)
        return Photo(self.name, np.ascontiguousarray(np.clip(image, 0, 1).transpose(1, 2, 0)))


def with_renders(scene: Scene) -> Scene:
    """The scene with a render at every view, if none of them has a photo."""
    if any(view.photo is not None for view in scene.views):
        return scene
    gaussians = scene.gaussians
    content = Content(gaussians)
    views = tuple(
        replace(view, render=Drawn(view.name, gaussians, view.camera, scene.raster, content))
        for view in scene.views
    )
    return replace(scene, views=views)


def key_of(gaussians: Gaussians) -> str:
    """The key of all that Gaussians are."""
    arrays = (getattr(gaussians, field.name) for field in fields(gaussians))
    return key("gaussians", 1, [], *map(key_of_array, arrays))
