"""One region of the screen that shows splats: what is sorted, colored and drawn for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..maths.lens import Lens
from .items import Item

if TYPE_CHECKING:
    import gpu

    from .painter import Target

Key = tuple[object, ...]

# A view counts as at rest after this many seconds without a change.
REST = 0.15
# A moving view is sorted again when it has turned by more than this angle.
TURN = math.cos(math.radians(1.5))


@dataclass
class View:
    """The state of one region. Keys and layouts say what the arrays beside them were made for."""

    pose: bytes = b""
    moved: float = 0.0  # time of the last change of the pose
    settled: bool = True  # drawn again since it came to rest
    # The depth planes of the newest sort.
    planes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    order_key: Key = ()  # of the newest sort that was requested
    order_layout: Key = ()  # of the order that has arrived
    order: np.ndarray | None = None  # (rows of texels, 1)
    count: int = 0  # splats in the order
    order_texture: gpu.types.GPUTexture | None = None
    color_key: Key = ()
    color_layout: Key = ()
    colors: np.ndarray | None = None  # (rows of texels, 4)
    color_texture: gpu.types.GPUTexture | None = None
    serial: int = 0  # counts the orders and colors that have arrived
    drawn: Key = ()
    target: Target | None = None
    lit: Key = ()  # what `light` was drawn for
    light: Target | None = None  # of the splats that the mouse rests on

    def moving(self, lens: Lens, items: list[Item], now: float) -> bool:
        """Note where everything is. Whether anything has moved within the last `REST` seconds."""
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
        """Whether the depth planes (O, 4) have changed so much that a wrong order could be seen.

        They are compared with the planes of the newest sort. Moving the camera without turning it
        leaves the order as it is; moving objects past each other does not.
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
