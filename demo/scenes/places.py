"""Where the cameras of a recipe stand, as Blender's camera-to-world matrices."""

from __future__ import annotations

import math
from typing import Any

from photograph import looking, stations
from pieces import Inside, Orbit


def places(cameras: Orbit | Inside) -> list[Any]:
    if isinstance(cameras, Inside):
        return _inside(cameras)
    return stations(
        cameras.rings,
        cameras.distance,
        cameras.target,
        middle=cameras.middle,
        arc=cameras.arc,
    )


def _inside(cameras: Inside) -> list[Any]:
    found = []
    for k in range(cameras.outwards):
        turn = 2 * math.pi * k / cameras.outwards
        (x, y), height = _towards(turn), cameras.heights[k % len(cameras.heights)]
        # They stand on the far side of the middle, so that they see more.
        eye = (-cameras.radius * x, -cameras.radius * y, height)
        found.append(looking(eye, (8 * x, 8 * y, cameras.floor)))
    for k in range(cameras.across):
        turn = 2 * math.pi * (k + 0.5) / cameras.across
        (x, y), height = _towards(turn), cameras.heights[k % len(cameras.heights)]
        eye = (cameras.reach[0] * x, cameras.reach[1] * y, height)
        found.append(looking(eye, (-3 * x, -3 * y, cameras.floor)))
    return found


def _towards(turn: float) -> tuple[float, float]:
    return math.cos(turn), math.sin(turn)
