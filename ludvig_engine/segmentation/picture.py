"""What a prompt's camera shows of nested groups and of a selection, in a small picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from ..arrays import Array, Bool, Float
from .paint import Paint
from .small_view import SmallView

# Alpha below which a pixel shows nothing.
NOTHING = 1e-3
# A group in which the prompt is not even visible counts as this deep.
SHALLOWEST = 0.02


@dataclass(frozen=True)
class Picture:
    """Ranks and selection as the camera of a prompt sees them."""

    rank: Float[Array, "H W"]  # of the smallest group that holds what a pixel shows
    selected: Bool[Array, "H W"]
    x: int  # the middle of the prompt
    y: int

    @classmethod
    def of(
        cls,
        view: SmallView,
        paint: Paint,
        rank: Float[Array, " N"],
        selected: Bool[Array, " N"],
    ) -> Picture:
        """Draw both. `rank` ascends from the smallest group around the prompt to the largest."""
        image = view.picture(np.stack([rank, selected], 1).astype(np.float32))
        ranks, inside = image / np.maximum(view.alpha, NOTHING)
        ranks[view.alpha < NOTHING] = np.inf
        x, y = paint.middle
        camera = view.camera
        small = camera.width / paint.camera.width, camera.height / paint.camera.height
        return cls(ranks, inside > 0.5, int(x * small[0]), int(y * small[1]))

    @property
    def alone(self) -> bool:
        """Whether there is nothing around what the prompt is on: it ends within the picture, and
        no splat is beyond that.
        """
        parts, _ = label(np.isfinite(self.rank))
        number = parts[self.y, self.x]
        edges = parts[0], parts[-1], parts[:, 0], parts[:, -1]
        return bool(number) and not any((edge == number).any() for edge in edges)

    def depth(self, among: Bool[Array, "H W"]) -> tuple[float, float]:
        """How deep inside a region the prompt is: 1 at its deepest point, `SHALLOWEST` outside.

        Depth is the distance from the border of the region's part that holds the prompt. The second
        number is how many pixels that part has.
        """
        parts, _ = label(among)
        number = parts[self.y, self.x]
        if not number:
            return SHALLOWEST, 0.0
        depths = _depths(parts == number)
        size = float(np.count_nonzero(depths))
        return max(float(depths[self.y, self.x] / depths.max()), SHALLOWEST), size

    def beside(self, share: float) -> bool:
        """Whether the prompt is so close to the border of the selection that only the border is
        meant: closer than 2 pixels, or than a share of the selection's own depth.
        """
        if not self.selected.any():
            return False
        inside = _depths(self.selected)
        off = inside if self.selected[self.y, self.x] else distance_transform_edt(~self.selected)
        return bool(off[self.y, self.x] < max(2.0, share * float(inside.max())))


def _depths(region: Bool[Array, "H W"]) -> Float[Array, "H W"]:
    """The distance from the region's border; the border of the picture is one, too."""
    found = np.zeros(region.shape)
    rows, columns = (np.flatnonzero(region.any(axis)) for axis in (1, 0))
    if len(rows):
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        found[box] = distance_transform_edt(np.pad(region[box], 1))[1:-1, 1:-1]
    return found
