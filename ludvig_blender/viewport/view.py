"""One region of the screen that shows splats: what it has sorted, coloured and drawn, and what is due again."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..maths.lens import Lens
from .cloud import Cloud
from .colors import Style

REST = 0.15  # seconds without a change after which a view counts as at rest
TURN = math.cos(
    math.radians(1.5)
)  # a moving view is sorted again when it has turned further than this


@dataclass(frozen=True)
class Item:
    """A splat object in a view."""

    uid: int
    cloud: Cloud
    style: Style
    world: np.ndarray  # (4, 4)
    index: int  # among the uploaded objects
    first: int  # its first splat among those uploaded


@dataclass
class View:
    """Keys say what the arrays and textures beside them were made for."""

    pose: bytes = b""
    moved: float = 0.0  # time of the last change of the pose
    settled: bool = True  # whether it was drawn again since it came to rest
    planes: np.ndarray = field(
        default_factory=lambda: np.empty((0, 4))
    )  # depth planes of the newest sort
    order_key: tuple[Any, ...] = ()  # of the newest sort asked for
    order_layout: tuple[Any, ...] = ()  # of the order that is here
    order: np.ndarray | None = None  # (rows of texels, 1)
    count: int = 0  # splats in it
    order_texture: Any = None
    color_key: tuple[Any, ...] = ()
    color_layout: tuple[Any, ...] = ()
    colors: np.ndarray | None = None  # (rows of texels, 4)
    color_texture: Any = None
    serial: int = 0  # counts the orders and colours that arrived
    drawn: tuple[Any, ...] = ()
    target: Any = None

    def moving(self, lens: Lens, items: list[Item], now: float) -> bool:
        """Note where everything is, and whether it was elsewhere a moment ago."""
        parts = [lens.rows(item.world) for item in items]
        pose = b"".join(
            part.tobytes()
            for part in [*parts, lens.projection, np.array([lens.width, lens.height])]
        )
        if pose != self.pose:
            self.pose = pose
            self.moved = now
            self.settled = False
        return now - self.moved < REST

    def turned(self, planes: np.ndarray) -> bool:
        """Whether the depth planes (O, 4) differ so much from those sorted for that the order may be seen to be wrong.

        Moving the camera straight changes no order; objects that move past each other do.
        """
        if planes.shape != self.planes.shape:
            return True
        old, new = self.planes[:, :3], planes[:, :3]
        lengths = np.linalg.norm(old, axis=1) * np.linalg.norm(new, axis=1)
        shift = planes[:, 3] - self.planes[:, 3]
        return bool(
            (np.einsum("oc,oc->o", old, new) < TURN * lengths).any()
            or np.ptp(shift) > 1e-3 * np.ptp(planes[:, 3])
        )
