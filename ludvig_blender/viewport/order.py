"""The order in which blended splats must be drawn: back to front.

Depth is measured along the viewing direction, as 3DGS does. So the order depends on the direction
in which the camera looks, not on its position: panning and dollying need no new sort.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """The splats of one object that take part in a drawing."""

    means: np.ndarray  # (N, 3), object space
    # (4,): the depth of a point p is plane[:3] @ p + plane[3], in world units, positive in front of
    # the camera.
    plane: np.ndarray
    first: int  # index of the first splat among all


def back_to_front(parts: list[Part], *, exact: bool) -> np.ndarray:
    """Indices of all splats of `parts`, farthest first.

    They are float32, which textures can hold and which is exact below 2^24. While the camera moves,
    a rough order is enough: it takes a third of the time and has at most 4096 steps per doubling of
    the distance.
    """
    depths = [
        part.means @ part.plane[:3].astype(np.float32) + np.float32(part.plane[3]) for part in parts
    ]
    indices = [
        np.arange(part.first, part.first + len(part.means), dtype=np.float32) for part in parts
    ]
    if not parts:
        return np.empty(0, np.float32)
    depth = np.concatenate(depths) if len(depths) > 1 else depths[0]
    index = np.concatenate(indices) if len(indices) > 1 else indices[0]
    return index[(sorted_exactly if exact else sorted_roughly)(depth)[::-1]]


def sorted_exactly(depth: np.ndarray) -> np.ndarray:
    """`argsort` of float32 in two radix passes.

    It takes 65 ms per million values; NumPy's stable sort takes 225.
    """
    bits = depth.view(np.uint32)
    # IEEE floats sort like integers once the negative ones are mirrored.
    keys = bits ^ np.where(bits >> np.uint32(31), np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    low = np.argsort(keys.astype(np.uint16), kind="stable")
    high = np.argsort((keys >> np.uint32(16)).astype(np.uint16)[low], kind="stable")
    return low[high]


def sorted_roughly(depth: np.ndarray) -> np.ndarray:
    """`argsort` by 16 bits: the exponent of the positive depths, and as much mantissa as fits.

    The steps grow in proportion to the distance. If they were equally wide, one floater far away
    would use them all up.
    """
    near = np.float32(1e-2)
    steps = np.maximum(depth, near).view(np.uint32) - near.view(np.uint32)
    steps >>= np.uint32(max(int(steps.max(initial=0)).bit_length() - 16, 0))
    return np.argsort(steps.astype(np.uint16), kind="stable")
