"""Splats that a client sends, and those that are sent to it."""

from __future__ import annotations

from ..cache.store import key, key_of_array
from ..errors import EngineError
from ..io.activation import checked
from ..io.load import scene_of
from ..scene import Gaussians, Scene
from ..wire.methods import Cloud

ARRAYS = ("means", "quats", "scales", "opacities", "sh0", "shN")


def cloud_of(gaussians: Gaussians) -> Cloud:
    """Gaussians as they are sent."""
    return Cloud(**{name: getattr(gaussians, name) for name in ARRAYS})


def scene_of_cloud(cloud: Cloud) -> Scene:
    """The scene of splats that were sent. Raises `EngineError` "bad_input" if there are none."""
    if not len(cloud.means):
        raise EngineError("bad_input", "There are no splats.", ["Choose an object that has some."])
    arrays = {name: getattr(cloud, name) for name in ARRAYS}
    # The quaternions are normalized in place, so the sent array is copied.
    gaussians = Gaussians(**{**arrays, "quats": cloud.quats.copy()})
    return scene_of(checked(gaussians), "the object")


def key_of_cloud(cloud: Cloud) -> str:
    """The key of all that they are, for the cache."""
    return key("cloud", 2, [], *(key_of_array(getattr(cloud, name)) for name in ARRAYS))
