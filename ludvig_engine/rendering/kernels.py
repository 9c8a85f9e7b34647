"""The compiled inner loops: alpha blending of one band of pixel rows, front to back.

A band keeps the transmittance T of its pixels in the CPU's cache and walks its Gaussians nearest
first. For each row of a Gaussian, `_weights` turns the row's span of pixels into blending weights
alpha T in one vectorized loop. Folding, the adjoint and rendering only differ in what they do with
these weights.

Traps that cost factors, each measured:
* Array indices are unsigned (`_u`): a possibly negative index means wrap-around and prevents
  vectorization (3x). Slices per row are no alternative, as their reference counts cost more than
  the row.
* No call to exp: a polynomial vectorizes without a vector math library.
* Pixel numbers become floats as 32-bit integers: AVX2 takes eight of 64 bits apart (2.7x).
* Spans are rounded to 8 pixels, so that there is no scalar tail (1.3-1.5x). Pixels outside the
  ellipse get alpha = 0 by comparison.
* A band copies its members' geometry first: those reads overlap, whereas in the walk each would
  wait for memory (1.3x).
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit

# Spans are rounded to this many pixels, and image buffers are padded to it.
LANES = 8
# Pixels of a column, the unit in which finished parts of a band are skipped.
_COLUMN = 16
# Gaussians between two checks of which columns are finished.
_CHECK_EVERY = 64
# A pixel's transmittance is stored as 0 once it is below the limit.
_FINISHED = np.float32(0)
# Without "nnan" and "ninf", which let the compiler assume that comparisons never meet NaN or
# infinity.
_MATH = {"contract", "reassoc", "nsz", "arcp"}
_f, _u = np.float32, np.uint64


@njit(nogil=True, error_model="numpy", inline="always")
def _exp8(s):
    """exp(-8 s) for s >= 0, with a relative error of 1.4e-6.

    A Chebyshev polynomial of exp(-s) on [0, 0.75], squared three times. Beyond 0.75 the value is
    exp(-6) < 1/255, which counts as 0; the polynomial itself would rise to infinity.
    """
    s = min(s, _f(0.75))
    e = _f(0.03963193) + s * _f(-0.00575624)
    e = _f(0.99999991) + s * (
        _f(-0.99999154) + s * (_f(0.49986741) + s * (_f(-0.16589987) + s * e))
    )
    e = e * e
    e = e * e
    return e * e


@njit(nogil=True, error_model="numpy", inline="always")
def _weights(T, w, g, y, x0, x1, dy, limits):
    """w[: x1 - x0] = the weights of `g` at pixels x0 <= x < x1 of the band's row y. Updates T.

    `g` has the constants of _start_band, `dy` is the row's offset from the center, in pixels.
    """
    clamp, min_alpha, stop = limits
    xx = g[5]
    linear = g[6] * dy
    constant = g[7] * dy * dy
    opacity = g[8]
    start = _f(x0) - g[0]
    row = _u(y)
    first = _u(x0)
    for i in range(_u(x1 - x0)):
        dx = start + _f(np.int32(i))
        alpha = min(opacity * _exp8(constant + dx * (linear + dx * xx)), clamp)
        alpha = alpha if alpha >= min_alpha else _f(0)
        before = T[row, first + i]
        after = before - before * alpha
        goes_on = after > stop
        w[i] = before * alpha if goes_on else _f(0)
        T[row, first + i] = after if goes_on else _FINISHED


@njit(nogil=True, error_model="numpy", inline="always")
def _span(g, dy, low, high):
    """The pixels x0 <= x < x1 inside the ellipse, in a row that is `dy` pixels below its center.

    They are rounded outwards to LANES; x0 = x1 if there are none.
    """
    inside = g[3] - g[4] * dy * dy
    if inside <= 0:
        return np.int32(0), np.int32(0)
    middle, half = g[0] - g[2] * dy, np.sqrt(inside)
    x0, x1 = max(np.int32(middle - half), low), min(np.int32(middle + half) + np.int32(2), high)
    if x0 >= x1:
        return np.int32(0), np.int32(0)
    return x0 & ~(LANES - 1), (x1 + LANES - 1) & ~(LANES - 1)


@njit(nogil=True, error_model="numpy", inline="always")
def _row(T, w, g, y, top, low, high, limits):
    """Blend row y of Gaussian `g` into the band.

    Returns x0, x1: w then holds the weights of pixels x0 <= x < x1, which may be none.
    """
    dy = _f(y) - g[1]
    x0, x1 = _span(g, dy, low, high)
    _weights(T, w, g, y - top, x0, x1, dy, limits)
    return x0, x1


@njit(nogil=True, error_model="numpy", inline="always")
def _padded(width):
    return (width + LANES - 1) // LANES * LANES


@njit(nogil=True, error_model="numpy")
def _start_band(rows, width, members, geometry, bounds, valid):
    """Transmittance, a row of weights, unfinished columns, and the members' constants and boxes.

    The transmittance is 0 in the padding and where `valid` is 0, so nothing has a weight there.
    """
    T = np.ones((rows, _padded(width)), np.float32)
    T[:, width:] = _FINISHED
    live = np.ones((_padded(width) + _COLUMN - 1) // _COLUMN, np.bool_)
    if valid is not None:  # compiled away when it is None
        T *= valid
        _look_at_columns(T, live)
    own, box = np.empty((len(members), 9), np.float32), np.empty((len(members), 4), np.int32)
    for n in range(len(members)):
        m = members[n]
        x = geometry[m, 0]
        y = geometry[m, 1]
        xx = geometry[m, 2]
        xy = geometry[m, 3]
        yy = geometry[m, 4]
        opacity, reach = geometry[m, 5], geometry[m, 6]
        # The middle of pixel j is at j + 0.5.
        own[n, 0], own[n, 1] = x - _f(0.5), y - _f(0.5)
        slope = xy / xx
        # For the span of a row, in _span.
        own[n, 2] = slope
        own[n, 3] = reach / xx
        own[n, 4] = (yy - xy * slope) / xx
        # An eighth of the exponent, for _exp8.
        own[n, 5] = xx / _f(16)
        own[n, 6] = xy / _f(8)
        own[n, 7] = yy / _f(16)
        own[n, 8] = opacity
        for k in range(4):
            box[n, k] = bounds[m, k]
    return T, np.empty(_padded(width), np.float32), live, own, box


@njit(nogil=True, error_model="numpy", inline="always")
def _constants(own, n):
    """A member's constants as a tuple.

    They stay in registers, whereas a slice would be read again after every store.
    """
    return (
        own[n, 0],
        own[n, 1],
        own[n, 2],
        own[n, 3],
        own[n, 4],
        own[n, 5],
        own[n, 6],
        own[n, 7],
        own[n, 8],
    )


@njit(nogil=True, error_model="numpy", inline="always")
def _live_range(live, x0, x1):
    """x0..x1 without the finished columns at either end."""
    first, last = x0 // _COLUMN, (x1 - 1) // _COLUMN
    while first <= last and not live[first]:
        first += 1
    while last >= first and not live[last]:
        last -= 1
    return max(x0, first * _COLUMN), min(x1, (last + 1) * _COLUMN)


@njit(nogil=True, error_model="numpy")
def _look_at_columns(T, live):
    """Update which columns still let light through, and return whether any does.

    This is nearly free, because the search in a column stops at its first lit pixel.
    """
    any_live = False
    for column in range(len(live)):
        if live[column]:
            live[column] = _has_light(T, column * _COLUMN, min(T.shape[1], (column + 1) * _COLUMN))
            any_live = any_live or live[column]
    return any_live


@njit(nogil=True, error_model="numpy")
def _has_light(T, x0, x1):
    for y in range(len(T)):
        for x in range(x0, x1):
            if T[y, x] > 0:
                return True
    return False


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def fold_band(
    members, geometry, bounds, top, bottom, width, valid, row_part, cell_start, column_part, limits
):
    """One band's part of AᵀU: weights summed into the feature cells around them, bilinearly.

    The band's rows lie between two rows of cell centers. `row_part` (rows,) is each row's share in
    the lower one, and `column_part` (padded width,) is each column's share in the right one of its
    two cells. `cell_start` (w+1,) holds where the columns of each gap between cell centers begin.
    `valid` (rows, padded width) is 0 at ignored pixels, or None.

    Returns the number of every member that was seen and the end of its entries, and the entries as
    (cell, weight), with cells counted from the first one of the upper row.
    """
    cells = len(cell_start) - 1
    T, w, live, own, box = _start_band(bottom - top, width, members, geometry, bounds, valid)
    upper, lower = np.zeros(_padded(width), np.float32), np.zeros(_padded(width), np.float32)
    sums = np.zeros((2, cells + 1), np.float32)
    gap_of = np.empty(_padded(width), np.int32)
    for c in range(cells):
        gap_of[cell_start[c] : cell_start[c + 1]] = c
    gap_of[width:] = cells - 1
    seen = np.empty(len(members), np.int32)
    ends = np.empty(len(members), np.int64)
    count = 0
    cell = np.empty(1024, np.int32)
    value = np.empty(1024, np.float32)
    used = 0
    for n in range(len(members)):
        if n % _CHECK_EVERY == _CHECK_EVERY - 1 and not _look_at_columns(T, live):
            break
        g = _constants(own, n)
        low, high = _live_range(live, box[n, 0], box[n, 1])
        from_x, to_x = np.int32(width), np.int32(0)
        for y in range(max(box[n, 2], top), min(box[n, 3], bottom)):
            x0, x1 = _row(T, w, g, y, top, low, high, limits)
            if x0 >= x1:
                continue
            share, first = row_part[y - top], _u(x0)
            for i in range(_u(x1 - x0)):
                upper[first + i] += w[i] * (_f(1) - share)
                lower[first + i] += w[i] * share
            from_x, to_x = min(from_x, x0), max(to_x, x1)
        if from_x >= to_x:
            continue
        left, right = gap_of[from_x], gap_of[to_x - 1]
        for c in range(left, right + 1):
            x0, x1 = _u(max(from_x, cell_start[c])), _u(min(to_x, cell_start[c + 1]))
            all_0 = _f(0)
            part_0 = _f(0)
            all_1 = _f(0)
            part_1 = _f(0)
            for x in range(x0, x1):
                all_0 += upper[x]
                part_0 += upper[x] * column_part[x]
                all_1 += lower[x]
                part_1 += lower[x] * column_part[x]
            sums[0, c] += all_0 - part_0
            sums[0, c + 1] += part_0
            sums[1, c] += all_1 - part_1
            sums[1, c + 1] += part_1
        upper[from_x:to_x] = 0
        lower[from_x:to_x] = 0
        most = used + 2 * (right - left + 2)
        if most > len(cell):
            cell, value = _grown(cell, 2 * most), _grown(value, 2 * most)
        before = used
        for half in range(2):
            for c in range(left, right + 2):
                if sums[half, c] > 0:
                    cell[used], value[used] = half * cells + c, sums[half, c]
                    used += 1
                sums[half, c] = 0
        if used > before:
            seen[count], ends[count] = members[n], used
            count += 1
    # Copies, because the rest of these arrays would be kept until all bands are done.
    return seen[:count].copy(), ends[:count].copy(), cell[:used].copy(), value[:used].copy()


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def weigh_band(members, geometry, bounds, top, bottom, width, limits):
    """One band's part of Aᵀ, as `fold_band` returns it; cells are the band's pixels, row by row."""
    T, w, live, own, box = _start_band(bottom - top, width, members, geometry, bounds, None)
    seen, ends = np.empty(len(members), np.int32), np.empty(len(members), np.int64)
    cell, value = np.empty(1024, np.int32), np.empty(1024, np.float32)
    count = used = 0
    for n in range(len(members)):
        if n % _CHECK_EVERY == _CHECK_EVERY - 1 and not _look_at_columns(T, live):
            break
        g = _constants(own, n)
        low, high = _live_range(live, box[n, 0], box[n, 1])
        before = used
        for y in range(max(box[n, 2], top), min(box[n, 3], bottom)):
            x0, x1 = _row(T, w, g, y, top, low, high, limits)
            if used + x1 - x0 > len(cell):
                most = 2 * (used + x1 - x0)
                cell, value = _grown(cell, most), _grown(value, most)
            first = (y - top) * width + x0
            for i in range(x1 - x0):
                if w[i] > 0:
                    cell[used], value[used] = first + i, w[i]
                    used += 1
        if used > before:
            seen[count], ends[count] = members[n], used
            count += 1
    return seen[:count].copy(), ends[:count].copy(), cell[:used].copy(), value[:used].copy()


@njit(nogil=True, error_model="numpy")
def _grown(array, size):
    out = np.empty(size, array.dtype)
    out[: len(array)] = array
    return out


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def adjoint_band(members, geometry, bounds, top, bottom, width, valid, image, limits):
    """Σ w F over the band's pixels (members, C), and Σ w (members,), for each member.

    `image` is (rows, padded width, C).
    """
    T, w, live, own, box = _start_band(bottom - top, width, members, geometry, bounds, valid)
    channels = _u(image.shape[2])
    sums, totals = (
        np.zeros((len(members), image.shape[2]), np.float32),
        np.zeros(len(members), np.float32),
    )
    for n in range(len(members)):
        if n % _CHECK_EVERY == _CHECK_EVERY - 1 and not _look_at_columns(T, live):
            break
        g = _constants(own, n)
        low, high = _live_range(live, box[n, 0], box[n, 1])
        for y in range(max(box[n, 2], top), min(box[n, 3], bottom)):
            x0, x1 = _row(T, w, g, y, top, low, high, limits)
            row = _u(y - top)
            first = _u(x0)
            total = _f(0)
            for i in range(_u(x1 - x0)):
                total += w[i]
            if total > 0:
                totals[n] += total
                for i in range(_u(x1 - x0)):
                    if w[i] > 0:
                        # The sums of a Gaussian stay in the cache, however many channels.
                        for c in range(channels):
                            sums[n, c] += w[i] * image[row, first + i, c]
    return sums, totals


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def render_band(members, geometry, bounds, top, bottom, width, index, values, limits):
    """Σ w value over the members per pixel (C, rows, padded width), and Σ w per pixel."""
    T, w, live, own, box = _start_band(bottom - top, width, members, geometry, bounds, None)
    channels = values.shape[1]
    image = np.zeros((channels, bottom - top, _padded(width)), np.float32)
    alpha = np.zeros((bottom - top, _padded(width)), np.float32)
    for n in range(len(members)):
        if n % _CHECK_EVERY == _CHECK_EVERY - 1 and not _look_at_columns(T, live):
            break
        g = _constants(own, n)
        low, high = _live_range(live, box[n, 0], box[n, 1])
        for y in range(max(box[n, 2], top), min(box[n, 3], bottom)):
            x0, x1 = _row(T, w, g, y, top, low, high, limits)
            row, first = _u(y - top), _u(x0)
            for i in range(_u(x1 - x0)):
                alpha[row, first + i] += w[i]
            for c in range(_u(channels)):
                value = values[index[members[n]], c]
                for i in range(_u(x1 - x0)):
                    image[c, row, first + i] += w[i] * value
    return image, alpha


@njit(nogil=True, cache=True, error_model="numpy", fastmath=_MATH)
def front_band(members, geometry, bounds, top, bottom, width, limits):
    """The member that stops the first half of the light, per pixel (rows, width); −1 if none."""
    T, w, live, own, box = _start_band(bottom - top, width, members, geometry, bounds, None)
    found = np.full((bottom - top, _padded(width)), -1, np.int32)
    for n in range(len(members)):
        if n % _CHECK_EVERY == _CHECK_EVERY - 1 and not _look_at_columns(T, live):
            break
        g = _constants(own, n)
        low, high = _live_range(live, box[n, 0], box[n, 1])
        for y in range(max(box[n, 2], top), min(box[n, 3], bottom)):
            x0, x1 = _row(T, w, g, y, top, low, high, limits)
            row = _u(y - top)
            for x in range(_u(x0), _u(x1)):
                if found[row, x] < 0 and T[row, x] < _f(0.5):
                    found[row, x] = members[n]
    return found[:, :width]
