"""The lines of the boxes that Blender has drawn around splat objects lie behind all splats.

Blender's own tools select an object by these lines, so it must draw them. Before splats they are
seen only where they say something: of a selected object, if there are others to tell it from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..maths.lens import Lens
    from .items import Item

# The corners of `Object.bound_box` that its lines lead from and to.
FROM = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]
TO = [1, 2, 3, 0, 5, 6, 7, 4, 4, 5, 6, 7]
HALF = 1.0  # pixels to each side of the line, which is one pixel wide
# What is so much nearer than the line does not count as being before it, for its own depth is not
# exactly known: a part of its distance.
CLOSER = 0.01


def unwanted(items: Sequence[Item]) -> list[np.ndarray]:
    """The corners (8, 4) of the boxes whose lines are not to be seen before splats."""
    several = len({item.uid for item in items}) > 1
    return [item.box for item in items if item.box is not None and not (several and item.chosen)]


def strips(lens: Lens, boxes: Sequence[np.ndarray]) -> np.ndarray:
    """Triangles (3 T, 3) that cover the lines of boxes, in normalized device coordinates."""
    corners = np.stack(boxes) @ lens.view.T  # (M, 8, 4)
    begin, end = _cut(corners[:, FROM].reshape(-1, 4), corners[:, TO].reshape(-1, 4), lens)
    begin, end = _on_screen(begin, lens), _on_screen(end, lens)
    size = np.array([lens.width, lens.height]) / 2  # pixels of one unit
    along = (end - begin)[:, :2] * size
    along *= HALF / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = along[:, ::-1] * [1, -1]
    ends = [
        np.column_stack([points[:, :2] + (sign * along + side * across) / size, points[:, 2]])
        for points, sign in ((begin, -1), (end, 1))
        for side in (-1, 1)
    ]
    return np.stack([ends[i] for i in (0, 1, 2, 2, 1, 3)], axis=1).reshape(-1, 3).astype(np.float32)


def _cut(begin: np.ndarray, end: np.ndarray, lens: Lens) -> tuple[np.ndarray, np.ndarray]:
    """The part of each line, from and to (L, 4), that is before the camera, without the others."""
    # At the near plane z is -w.
    front, back = (points @ (lens.projection[2] + lens.projection[3]) for points in (begin, end))
    seen = (front > 0) | (back > 0)
    begin, end = begin[seen], end[seen]
    front, back = front[seen, None], back[seen, None]
    there = begin + front / np.where(front == back, 1, front - back) * (end - begin)
    return np.where(front > 0, begin, there), np.where(back > 0, end, there)


def _on_screen(points: np.ndarray, lens: Lens) -> np.ndarray:
    """Points (L, 4) of the camera's space in normalized device coordinates, a little nearer."""
    clip = points @ lens.projection.T
    nearer = (points * [1, 1, 1 - CLOSER, 1]) @ lens.projection.T
    depth = np.maximum(nearer[:, 2:3] / nearer[:, 3:], -1)
    return np.hstack([clip[:, :2] / np.maximum(clip[:, 3:], 1e-9), depth])
