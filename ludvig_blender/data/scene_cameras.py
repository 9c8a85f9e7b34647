"""Blender's own cameras that splats without photos are rendered at, kept as text in the .blend.

They are kept as they were when the user took them. Otherwise the features would have to be computed
anew whenever a camera moves.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import bpy

from . import photo_cameras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...ludvig_engine.wire.methods import Viewport
    from .types import SplatObject


def there(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The perspective cameras of a scene that were not made from photos."""
    return [
        thing
        for thing in scene.objects
        if isinstance(thing.data, bpy.types.Camera)
        and thing.data.type == "PERSP"
        and not photo_cameras.is_view(thing)
    ]


def keep(thing: SplatObject, cameras: Sequence[Viewport]) -> None:
    """Render a splat object at these cameras, which are in its own space; none: at planned ones."""
    rows = [[c.viewmat.tolist(), c.K.tolist(), c.width, c.height] for c in cameras]
    thing.ludvig_capture.rendered_at = json.dumps(rows) if rows else ""


def kept(thing: SplatObject) -> tuple[Viewport, ...]:
    """The cameras that a splat object is rendered at; none: at planned ones."""
    import numpy as np

    from ...ludvig_engine.wire.methods import Viewport

    text = thing.ludvig_capture.rendered_at
    rows = json.loads(text) if text else []
    return tuple(Viewport(np.array(viewmat), np.array(K), w, h) for viewmat, K, w, h in rows)
