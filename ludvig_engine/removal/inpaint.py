"""What color belongs here: holes of a picture filled with patches of what is around them.

Coarse to fine, patches around the hole's pixels are matched with whole patches elsewhere, and every
pixel becomes the mean of what the patches over it say; PatchMatch finds the matches [after Wexler,
Shechtman and Irani, "Space-Time Completion of Video", PAMI 2007, and Barnes et al., "PatchMatch",
SIGGRAPH 2009]. A patch may be lighter or darker than what it is matched with, so that light goes on
smoothly while texture is copied.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numba import njit
from scipy import ndimage

from ..arrays import Array, Bool, Float
from .smooth import continued

RADIUS = 3  # patches are 7 x 7 pixels: a check or a grain of wood at some level
# How much lighter or darker than its match a patch may be, of 0..1.
LIGHT = 0.12
# How much worse than usual a patch may be to be heard, as a share of the usual cost: mixed softly
# until matches agree, then a pixel is what the best patch over it says, because a mean of many has
# no grain.
SOFT, SHARP = 0.5, 0.02
ROUNDS = (8, 4)  # rounds of matching and mixing at the coarsest level, and at the others
LEAST = 24  # pixels of the shorter side at the coarsest level


@runtime_checkable
class Inpainter(Protocol):
    """Fills the pixels of a picture where `mask` is True; the others stay.

    Pixels that are NaN and not in the mask show nothing: they say nothing about the hole, and what
    is put there is not used.
    """

    def __call__(
        self, image: Float[Array, "H W 3"], mask: Bool[Array, "H W"]
    ) -> Float[Array, "H W 3"]: ...


def patches(image: Float[Array, "H W 3"], mask: Bool[Array, "H W"]) -> Float[Array, "H W 3"]:
    """The default `Inpainter`: texture from around the hole, light continued."""
    known = ~mask & np.isfinite(image).all(2)
    image = np.where(known[..., None], image, 0).astype(np.float32)
    levels = [(image, known, mask)]
    while min(levels[-1][2].shape) >= 2 * LEAST and _thickness(levels[-1][2]) > 2:
        levels.append(_half(*levels[-1]))
    field = filled = None
    for level, (small, here, hole) in enumerate(reversed(levels)):
        whole = ndimage.binary_erosion(here, np.ones((2 * RADIUS + 1,) * 2), border_value=0)
        start = continued(small, here.astype(np.float32))
        if whole.sum() < 50:
            # Too little is known for patches at this size.
            filled = start
            continue
        if field is None or filled is None:
            field = _random_field(whole)
        else:
            field = _doubled(field, whole)
            rough = filled.repeat(2, 0).repeat(2, 1)[: hole.shape[0], : hole.shape[1]]
            start = np.where(hole[..., None], rough, start)
        rounds = ROUNDS[0] if level == 0 else ROUNDS[1]
        last = level == len(levels) - 1
        filled = _completed(start, here, hole, whole, field, rounds, level, last)
    assert filled is not None
    return np.where(mask[..., None], filled, image)


def _thickness(mask: Array) -> float:
    """How many pixels the middle of the hole is away from its rim."""
    return float(ndimage.distance_transform_edt(mask).max())


def _half(image: Array, known: Array, mask: Array) -> tuple[Array, Array, Array]:
    """All at half the size; a pixel is known if one of the four it was made from is."""
    height, width = (size // 2 + size % 2 for size in mask.shape)
    grown = ((0, 2 * height - mask.shape[0]), (0, 2 * width - mask.shape[1]))
    weights = np.pad(known.astype(np.float32), grown).reshape(height, 2, width, 2)
    sums = np.pad(image, (*grown, (0, 0))).reshape(height, 2, width, 2, 3) * weights[..., None]
    count = weights.sum((1, 3))
    hole = np.pad(mask, grown).reshape(height, 2, width, 2).any((1, 3)) & (count == 0)
    return sums.sum((1, 3)) / np.maximum(count, 1)[..., None], count > 0, hole


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


def _completed(start, known, mask, whole, field, rounds, seed, last):
    touched = ndimage.binary_dilation(mask, np.ones((2 * RADIUS + 1,) * 2))
    touched[:RADIUS] = touched[-RADIUS:] = False
    touched[:, :RADIUS] = touched[:, -RADIUS:] = False
    rows, columns = (one.astype(np.int32) for one in np.nonzero(touched))
    filled = np.ascontiguousarray(start, np.float32)
    tells = known | mask
    trust = np.exp(-0.3 * ndimage.distance_transform_edt(mask)).astype(np.float32)
    for turn in range(rounds):
        cost = np.full(mask.shape, np.inf, np.float32)
        _match(filled, tells, whole, field, cost, rows, columns, turn + 10 * seed)
        soft = SHARP if last and turn == rounds - 1 else SOFT
        filled = _mixed(filled, tells, mask, field, cost, rows, columns, trust, np.float32(soft))
    return filled


@njit(nogil=True, cache=True, error_model="numpy")
def _distance(image, tells, r, c, y, x):
    """The mean square difference of two patches, in whose light a little may differ."""
    mean = np.zeros(3, np.float32)
    square = np.float32(0)
    n = np.float32(0)
    for i in range(-RADIUS, RADIUS + 1):
        for j in range(-RADIUS, RADIUS + 1):
            if not tells[r + i, c + j]:
                continue
            n += 1
            for k in range(3):
                d = image[r + i, c + j, k] - image[y + i, x + j, k]
                mean[k] += d
                square += d * d
    for k in range(3):
        mean[k] /= n
        light = min(max(mean[k], -LIGHT), LIGHT)
        square -= n * (2 * mean[k] * light - light * light) * np.float32(0.9)
    return square / n


@njit(nogil=True, cache=True, error_model="numpy")
def _match(image, tells, source, field, cost, rows, columns, seed):
    """One round of PatchMatch: matches go on to neighbors, and others are tried at random."""
    np.random.seed(seed)
    height, width = source.shape
    count = len(rows)
    for n in range(count):
        r, c = rows[n], columns[n]
        cost[r, c] = _distance(image, tells, r, c, field[r, c, 0], field[r, c, 1])
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
                d = _distance(image, tells, r, c, y, x)
                if d < cost[r, c]:
                    cost[r, c] = d
                    field[r, c, 0] = y
                    field[r, c, 1] = x
            reach = max(height, width)
            while reach >= 1:
                y = field[r, c, 0] + np.random.randint(-reach, reach + 1)
                x = field[r, c, 1] + np.random.randint(-reach, reach + 1)
                if 0 <= y < height and 0 <= x < width and source[y, x]:
                    d = _distance(image, tells, r, c, y, x)
                    if d < cost[r, c]:
                        cost[r, c] = d
                        field[r, c, 0] = y
                        field[r, c, 1] = x
                reach //= 2


@njit(nogil=True, cache=True, error_model="numpy")
def _mixed(image, tells, mask, field, cost, rows, columns, trust, soft):
    """Every pixel of the hole as the mean of what the patches over it say, good ones more."""
    height, width = mask.shape
    sums = np.zeros((height, width, 3), np.float32)
    totals = np.zeros((height, width), np.float32)
    usual = np.float32(0)
    for m in range(len(rows)):
        usual += cost[rows[m], columns[m]]
    usual = max(usual / len(rows), np.float32(1e-6))
    light = np.zeros(3, np.float32)
    for m in range(len(rows)):
        r, c = rows[m], columns[m]
        y, x = field[r, c, 0], field[r, c, 1]
        n = np.float32(0)
        for k in range(3):
            light[k] = 0
        for i in range(-RADIUS, RADIUS + 1):
            for j in range(-RADIUS, RADIUS + 1):
                if not tells[r + i, c + j]:
                    continue
                n += 1
                for k in range(3):
                    light[k] += image[r + i, c + j, k] - image[y + i, x + j, k]
        for k in range(3):
            light[k] = min(max(light[k] / n, -LIGHT), LIGHT)
        weight = np.exp(-cost[r, c] / (soft * usual)) * trust[r, c] + np.float32(1e-20)
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
