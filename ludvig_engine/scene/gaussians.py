"""Gaussians, and the order in which neighbors in space are neighbors in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from ..arrays import Array, Bool, Float, Int, UInt

Self = TypeVar("Self", bound="Gaussians")


@dataclass(frozen=True)
class Gaussians:
    """N anisotropic Gaussians with view-dependent colors, all float32.

    Raises ValueError if the shapes of the arrays disagree.
    """

    means: Float[Array, "N 3"]  # scene units
    quats: Float[Array, "N 4"]  # wxyz, normalized
    scales: Float[Array, "N 3"]  # scene units, standard deviations
    opacities: Float[Array, " N"]  # 0..1
    sh0: Float[Array, "N 1 3"]  # spherical harmonics of degree 0
    # Degrees 1 to 4: S = 0, 3, 8, 15 or 24 coefficients, for a highest degree of 0, 1, 2, 3 or 4.
    shN: Float[Array, "N S 3"]

    def __post_init__(self) -> None:
        n, s = len(self.means), self.shN.shape[1]
        expected = {
            "means": (n, 3),
            "quats": (n, 4),
            "scales": (n, 3),
            "opacities": (n,),
            "sh0": (n, 1, 3),
        }
        for name, shape in {**expected, "shN": (n, s, 3)}.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, expected {shape}")
        if s not in (0, 3, 8, 15, 24):
            raise ValueError(f"shN has {s} coefficients, expected 0, 3, 8, 15 or 24")

    def __len__(self) -> int:
        return len(self.means)

    def __repr__(self) -> str:
        return f"Gaussians({len(self):,}, SH degree {self.sh_degree})"

    @property
    def sh_degree(self) -> int:
        """The highest degree of the spherical harmonics, 0 to 4."""
        return {0: 0, 3: 1, 8: 2, 15: 3, 24: 4}[self.shN.shape[1]]

    def take(self: Self, rows: Int[Array, " M"] | Bool[Array, " N"] | slice) -> Self:
        """The Gaussians of `rows` (indices, a mask or a slice), in that order."""
        return replace(
            self,
            **{f.name: np.ascontiguousarray(getattr(self, f.name)[rows]) for f in fields(self)},
        )

    @staticmethod
    def joined(parts: Sequence[Gaussians]) -> Gaussians:
        """All of them in one, in this order; they have harmonics of the same degrees."""
        names = [f.name for f in fields(Gaussians)]
        return Gaussians(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def morton_order(points: Float[Array, "N 3"]) -> Int[Array, " N"]:
    """The permutation that sorts points along a Z-order curve of 2^21 cells per axis."""
    low, high = points.min(0, initial=np.inf), points.max(0, initial=-np.inf)
    # Percentiles rather than the bounds, because a few far floaters would otherwise squeeze the
    # whole scene into a handful of cells.
    if len(points) > 100:
        low, high = np.percentile(points, [1, 99], axis=0)
    span = np.maximum(high - low, 1e-12) * 1.5
    unit = np.clip((points - (low + high) / 2) / span + 0.5, 0, 1)
    cells = (unit * (2**21 - 1)).astype(np.uint64)
    code = np.zeros(len(points), np.uint64)
    for axis in range(3):
        code |= _spread(cells[:, axis]) << np.uint64(axis)
    return np.argsort(code, kind="stable")


def _spread(x: UInt[Array, " N"]) -> UInt[Array, " N"]:
    """Put two zero bits between the 21 bits of each number."""
    for shift, mask in ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F),
                        (4, 0x10C30C30C30C30C3), (2, 0x1249249249249249)):  # fmt: skip
        x = (x | (x << np.uint64(shift))) & np.uint64(mask)
    return x
