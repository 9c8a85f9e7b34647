"""What the viewport knows of one splat object: its evaluated attributes, packed for the GPU.

Blender does not say what has changed in a point cloud. So the attributes are read again (7 ms per
million splats) and the worker compares them with the copy. Only what differs is packed and
uploaded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count

import numpy as np

from ..maths.transform import CHUNK, rotations

_versions = count(1)


@dataclass(frozen=True)
class Snapshot:
    """Attributes of N splats as Blender stores them. Only packing needs `quats` and `scales`."""

    means: np.ndarray  # (N, 3)
    scales: np.ndarray  # (N, 3)
    quats: np.ndarray  # (N, 4) wxyz
    base: np.ndarray  # (N, 4): sh0, opacity
    selected: np.ndarray | None  # (N,) bool; None if all are
    hidden: np.ndarray | None  # (N,) bool; None if none is
    # What the display mode shows: (N,) or (N, columns).
    values: np.ndarray | None = None
    source: tuple[str, ...] = ("COLOR",)  # the display mode and the attributes it shows

    def __len__(self) -> int:
        return len(self.means)


@dataclass(frozen=True)
class Cloud:
    """A packed snapshot. Each version is a number that changes whenever its part changes."""

    snapshot: Snapshot
    # (N, 3, 4): mean, opacity | covariance xx xy xz yy | yz zz 0 0.
    texels: np.ndarray
    # (N,): 1 is selected, 2 is hidden, 3 is both.
    state: np.ndarray
    geometry_version: int
    color_version: int
    state_version: int
    # Spherical harmonics beyond degree 0, (N, 3) each, as far as they have been read.
    bands: list[np.ndarray] = field(default_factory=list)

    @cached_property
    def selected(self) -> bool:
        """Whether any splat is selected and not hidden."""
        return bool((self.state == 1).any())

    def with_bands(self, bands: list[np.ndarray]) -> Cloud:
        return replace(self, bands=bands, color_version=next(_versions))


def update(old: Cloud | None, new: Snapshot) -> Cloud:
    """Pack `new`, reusing the parts of `old` that have not changed."""
    before = old.snapshot if old is not None and len(old.snapshot) == len(new) else None
    if before and all(
        np.array_equal(getattr(before, name), getattr(new, name))
        for name in ("means", "scales", "quats")
    ):
        assert old is not None
        texels, geometry = old.texels, old.geometry_version
        if not np.array_equal(before.base[:, 3], new.base[:, 3]):
            texels, geometry = texels.copy(), next(_versions)
            texels[:, 0, 3] = new.base[:, 3]
    else:
        texels, geometry = pack(new), next(_versions)
    same_base = before is not None and np.array_equal(before.base, new.base)
    same_values = (
        before is not None and before.source == new.source and _equal(before.values, new.values)
    )
    same_state = (
        before is not None
        and _equal(before.selected, new.selected)
        and _equal(before.hidden, new.hidden)
    )
    return Cloud(
        new,
        texels,
        old.state if old and same_state else pack_state(new),
        geometry,
        old.color_version if old and same_base and same_values else next(_versions),
        old.state_version if old and same_state else next(_versions),
        old.bands if old and same_base else [],
    )


def _equal(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    return a is b or (
        a is not None and b is not None and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    )


def pack(snapshot: Snapshot) -> np.ndarray:
    """Geometry for the shader, (N, 3, 4) float32: 48 bytes a splat."""
    texels = np.zeros((len(snapshot), 3, 4), np.float32)
    texels[:, 0, :3] = snapshot.means
    texels[:, 0, 3] = snapshot.base[:, 3]
    flat = texels.reshape(len(snapshot), 12)
    for start in range(0, len(snapshot), CHUNK):
        rows = slice(start, start + CHUNK)
        flat[rows, 4:10] = covariances(snapshot.quats[rows], snapshot.scales[rows])
    return texels


def covariances(quats: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """xx xy xz yy yz zz of R S² Rᵀ, (N, 6)."""
    axes = rotations(quats) * scales[:, None, :]
    x = axes[:, 0]
    y = axes[:, 1]
    z = axes[:, 2]
    pairs = ((x, x), (x, y), (x, z), (y, y), (y, z), (z, z))
    return np.stack([np.einsum("ni,ni->n", a, b) for a, b in pairs], axis=1)


def pack_state(snapshot: Snapshot) -> np.ndarray:
    """Selection and visibility as the shader reads them, (N,) float32."""
    state = np.ones(len(snapshot), np.float32)
    if snapshot.selected is not None:
        state = snapshot.selected.astype(np.float32)
    if snapshot.hidden is not None:
        state += 2 * snapshot.hidden.astype(np.float32)
    return state
