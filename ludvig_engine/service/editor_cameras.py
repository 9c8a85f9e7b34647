"""An editor's own cameras as views without photos, which the splats are rendered at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import EngineError
from ..io.shots import Intrinsics, Shot, camera_of, limited
from ..scene import Camera, View
from ..wire.methods import Viewport

# More than captures have photos: a scene of them takes half an hour.
MOST = 1000
LONG_SIDE = 1600  # of what is rendered, in pixels, as for photos


def views_at(cameras: Sequence[Viewport]) -> tuple[View, ...]:
    """A view per camera: camera_01, camera_02, ...

    Raises `EngineError` "bad_input" for too many, "bad_file" for one that no camera is like.
    """
    if len(cameras) > MOST:
        raise EngineError(
            "bad_input",
            f"There are {len(cameras):,} cameras, but a scene may have {MOST:,}.",
            ["Leave some out."],
        )
    return tuple(_view(f"camera_{n:02}", camera) for n, camera in enumerate(cameras, 1))


def _view(name: str, given: Viewport) -> View:
    K = given.K.astype(np.float64)
    with camera_of(name):
        parameters = (K[0, 0], K[1, 1], K[0, 2], K[1, 2])
        lens = Intrinsics("PINHOLE", tuple(map(float, parameters)), given.width, given.height)
    shot = Shot(name, given.viewmat.astype(np.float64), lens)
    camera = Camera(shot.viewmat, K, *lens.size)
    return View(name, camera.resized(*limited(lens.size, LONG_SIDE)), photo_size=lens.size)
