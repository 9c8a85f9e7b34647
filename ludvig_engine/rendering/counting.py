"""Compiled counting sorts: which Gaussians touch each band, and the weights of each Gaussian."""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def members_of_bands(bounds, band_of_row, bands):
    """Which ellipses touch each band, nearest first, by counting sort.

    Returns `starts` (bands + 1,) and `members`; band b has members[starts[b] : starts[b + 1]].
    """
    starts = np.zeros(bands + 1, np.int64)
    for m in range(len(bounds)):
        for b in range(band_of_row[bounds[m, 2]], band_of_row[bounds[m, 3] - 1] + 1):
            starts[b + 1] += 1
    starts = np.cumsum(starts)
    members, fill = np.empty(starts[-1], np.int32), starts[:-1].copy()
    for m in range(len(bounds)):
        for b in range(band_of_row[bounds[m, 2]], band_of_row[bounds[m, 3] - 1] + 1):
            members[fill[b]] = m
            fill[b] += 1
    return starts, members


@njit(nogil=True, cache=True, error_model="numpy")
def count_entries(index, seen, ends, counts):
    """Add the number of a band's entries per Gaussian to `counts` (N,)."""
    start = 0
    for n in range(len(seen)):
        counts[index[seen[n]]] += ends[n] - start
        start = ends[n]


@njit(nogil=True, cache=True, error_model="numpy")
def place_entries(index, seen, ends, cell, value, offset, fill, indices, data):
    """Copy a band's entries to their Gaussians' places in CSR order, and advance `fill` (N,)."""
    start = 0
    for n in range(len(seen)):
        place = fill[index[seen[n]]]
        for entry in range(start, ends[n]):
            indices[place], data[place] = cell[entry] + offset, value[entry]
            place += 1
        fill[index[seen[n]]] = place
        start = ends[n]
