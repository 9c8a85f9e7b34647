"""What color belongs here: holes of a picture filled with patches of what is around them.

Coarse to fine, patches around the hole's pixels are matched with whole patches elsewhere, and every
pixel becomes the mean of what the patches over it say; PatchMatch finds the matches [after Wexler,
Shechtman and Irani, "Space-Time Completion of Video", PAMI 2007, and Barnes et al., "PatchMatch",
SIGGRAPH 2009]. A patch may be lighter or darker than what it is matched with, so that light goes on
smoothly while texture is copied.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Protocol

import numpy as np
from numba import njit
from scipy import ndimage

from ..arrays import Array, Bool, Float
from .smooth import continued

RADIUS = 3  # patches are 7 x 7 pixels: a check or a grain of wood at some level
# How much lighter or darker than its match a patch may be, of 0..1.
LIGHT = 0.12
ROUNDS = (8, 4)  # rounds of matching and mixing at the coarsest level, and at the others
LEAST = 24  # pixels of the shorter side at the coarsest level


class Inpainter(Protocol):
    """Fills the pixels of a picture where `mask` is True; the others are known and stay."""

    def __call__(
        self, image: Float[Array, "H W 3"], mask: Bool[Array, "H W"]
    ) -> Float[Array, "H W 3"]: ...


def patches(image: Float[Array, "H W 3"], mask: Bool[Array, "H W"]) -> Float[Array, "H W 3"]:
    """The default `Inpainter`: texture from around the hole, light continued."""
    image = image.astype(np.float32)
    levels = [(image, mask)]
    while min(mask.shape) >= 2 * LEAST and ndimage.distance_transform_edt(mask).max() > 2:
        image, mask = _half(image, mask)
        levels.append((image, mask))
    field = None
    filled = None
    for level, (image, mask) in enumerate(reversed(levels)):
        source = ~_near_border(ndimage.binary_dilation(mask, np.ones((2 * RADIUS + 1,) * 2)))
        if source.sum() < 50:
            # Too little is known for patches at this size.
            filled, field = continued(image, (~mask).astype(np.float32)), None
            continue
        if field is None:
            start = continued(image, (~mask).astype(np.float32))
            field = _random_field(source)
        else:
            field = _doubled(field, source)
            start = image.copy()
            assert filled is not None
            rough = filled.repeat(2, 0).repeat(2, 1)[: mask.shape[0], : mask.shape[1]]
            start = np.where(mask[..., None], rough, image)
        trust = np.exp(-0.3 * ndimage.distance_transform_edt(mask)).astype(np.float32)
        rounds = ROUNDS[0] if level == 0 else ROUNDS[1]
        filled = _completed(start, mask, source, field, trust, rounds, level)
    assert filled is not None
    return np.where(mask[..., None], filled, image)


def _half(image: Array, mask: Array) -> tuple[Array, Array]:
    """Both at half the size; a pixel is known if one of the four it was made from is."""
    height, width = (size // 2 + size % 2 for size in mask.shape)
    grown = ((0, 2 * height - mask.shape[0]), (0, 2 * width - mask.shape[1]))
    known = np.pad((~mask).astype(np.float32), grown, mode="edge")
    image = np.pad(image, (*grown, (0, 0)), mode="edge")
    weights = known.reshape(height, 2, width, 2).sum((1, 3))
    sums = (image * known[..., None]).reshape(height, 2, width, 2, 3).sum((1, 3))
    return sums / np.maximum(weights, 1)[..., None], weights < 0.5


def _near_border(mask: Array) -> Array:
    """The mask, and where a patch would leave the picture."""
    mask = mask.copy()
    mask[:RADIUS] = mask[-RADIUS:] = True
    mask[:, :RADIUS] = mask[:, -RADIUS:] = True
    return mask


def _random_field(source: Array) -> Array:
    rows, columns = np.nonzero(source)
    chosen = np.random.default_rng(0).integers(len(rows), size=source.shape)
    return np.stack([rows[chosen], columns[chosen]], -1).astype(np.int32)


def _doubled(field: Array, source: Array) -> Array:
    """The matches of the coarser level, at the places of this one."""
    height, width = source.shape
    up = 2 * field.repeat(2, 0).repeat(2, 1)[:height, :width]
    up[..., 0] += (np.arange(height) % 2)[:, None]
    up[..., 1] += (np.arange(width) % 2)[None]
    up = np.minimum(up, [height - 1, width - 1])
    good = source[up[..., 0], up[..., 1]]
    other = _random_field(source)
    return np.where(good[..., None], up, other).astype(np.int32)


def _completed(start, mask, source, field, trust, rounds, seed):
    touched = ndimage.binary_dilation(mask, np.ones((2 * RADIUS + 1,) * 2))
    touched[:RADIUS] = touched[-RADIUS:] = False
    touched[:, :RADIUS] = touched[:, -RADIUS:] = False
    rows, columns = (one.astype(np.int32) for one in np.nonzero(touched))
    filled = np.ascontiguousarray(start)
    for turn in range(rounds):
        cost = np.full(mask.shape, np.inf, np.float32)
        _match(filled, source, field, cost, rows, columns, turn + 10 * seed)
        filled = _mixed(filled, mask, field, cost, rows, columns, trust)
    return filled


@njit(nogil=True, cache=True, error_model="numpy")
def _distance(image, r, c, y, x, limit):
    """The difference of two patches after their difference in light, and that difference."""
    mean = np.zeros(3, np.float32)
    square = np.float32(0)
    n = np.float32((2 * RADIUS + 1) ** 2)
    for i in range(-RADIUS, RADIUS + 1):
        for j in range(-RADIUS, RADIUS + 1):
            for k in range(3):
                d = image[r + i, c + j, k] - image[y + i, x + j, k]
                mean[k] += d
                square += d * d
    for k in range(3):
        mean[k] /= n
        light = min(max(mean[k], -LIGHT), LIGHT)
        square -= n * (2 * mean[k] * light - light * light) * np.float32(0.9)
    return square


@njit(nogil=True, cache=True, error_model="numpy")
def _match(image, source, field, cost, rows, columns, seed):
    """One round of PatchMatch: matches go on to neighbors, and others are tried at random."""
    np.random.seed(seed)
    height, width = source.shape
    count = len(rows)
    for n in range(count):
        r, c = rows[n], columns[n]
        cost[r, c] = _distance(image, r, c, field[r, c, 0], field[r, c, 1], np.inf)
    for sweep in range(4):
        step = 1 if sweep % 2 == 0 else -1
        for m in range(count):
            n = m if step == 1 else count - 1 - m
            r, c = rows[n], columns[n]
            for side in range(2):
                pr = r - step if side == 0 else r
                pc = c - step if side == 1 else c
                if pr < 0 or pc < 0 or pr >= height or pc >= width or cost[pr, pc] == np.inf:
                    continue
                y = field[pr, pc, 0] + r - pr
                x = field[pr, pc, 1] + c - pc
                if y < 0 or x < 0 or y >= height or x >= width or not source[y, x]:
                    continue
                d = _distance(image, r, c, y, x, cost[r, c])
                if d < cost[r, c]:
                    cost[r, c] = d
                    field[r, c, 0] = y
                    field[r, c, 1] = x
            reach = max(height, width)
            while reach >= 1:
                y = field[r, c, 0] + np.random.randint(-reach, reach + 1)
                x = field[r, c, 1] + np.random.randint(-reach, reach + 1)
                if 0 <= y < height and 0 <= x < width and source[y, x]:
                    d = _distance(image, r, c, y, x, cost[r, c])
                    if d < cost[r, c]:
                        cost[r, c] = d
                        field[r, c, 0] = y
                        field[r, c, 1] = x
                reach //= 2


@njit(nogil=True, cache=True, error_model="numpy")
def _mixed(image, mask, field, cost, rows, columns, trust):
    """Every pixel of the hole as the mean of what the patches over it say, good ones more."""
    height, width = mask.shape
    sums = np.zeros((height, width, 3), np.float32)
    totals = np.zeros((height, width), np.float32)
    n = np.float32((2 * RADIUS + 1) ** 2)
    usual = np.float32(0)
    for m in range(len(rows)):
        usual += cost[rows[m], columns[m]]
    usual = max(usual / len(rows), np.float32(1e-4))
    light = np.zeros(3, np.float32)
    for m in range(len(rows)):
        r, c = rows[m], columns[m]
        y, x = field[r, c, 0], field[r, c, 1]
        for k in range(3):
            light[k] = 0
        for i in range(-RADIUS, RADIUS + 1):
            for j in range(-RADIUS, RADIUS + 1):
                for k in range(3):
                    light[k] += image[r + i, c + j, k] - image[y + i, x + j, k]
        for k in range(3):
            light[k] = min(max(light[k] / n, -LIGHT), LIGHT)
        weight = np.exp(-cost[r, c] / (np.float32(0.5) * usual)) * trust[r, c] + np.float32(1e-8)
        for i in range(-RADIUS, RADIUS + 1):
            for j in range(-RADIUS, RADIUS + 1):
                if mask[r + i, c + j]:
                    totals[r + i, c + j] += weight
                    for k in range(3):
                        sums[r + i, c + j, k] += weight * (image[y + i, x + j, k] + light[k])
    out = image.copy()
    for r in range(height):
        for c in range(width):
            if totals[r, c] > 0:
                for k in range(3):
                    out[r, c, k] = sums[r, c, k] / totals[r, c]
    return out
