"""View-dependent colors: real spherical harmonics up to degree 4, with the signs and order of 3DGS.

NumPy only: this also runs inside Blender.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

from ..arrays import Array, Float
from ..scene import Gaussians


def colours(gaussians: Gaussians, eye: Float[Array, " 3"]) -> Float[Array, "N 3"]:
    """RGB of every Gaussian seen from `eye` (world space): max(0, ½ + Σ_k c_k Y_k(direction))."""
    total = 0.5 + gaussians.sh0[:, 0] * np.float32(basis(np.zeros((1, 3), np.float32), 0)[0, 0])
    if gaussians.sh_degree:
        direction: Array = gaussians.means - eye.astype(np.float32)
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-12)
        total += np.einsum(
            "nk,nkc->nc", basis(direction, gaussians.sh_degree)[:, 1:], gaussians.shN
        )
    return np.maximum(total, 0, out=total)


def basis(direction: Float[Array, "N 3"], degree: int) -> Float[Array, "N K"]:
    """The (degree + 1)² real basis functions at unit directions.

    Y_1 = sqrt(3 / 4π) (-y, z, -x), and so on. The result has the directions' precision: the
    constants are Python floats, which do not change an array's type.
    """
    x, y, z = direction.T
    xx = x * x
    yy = y * y
    zz = z * z
    columns = [np.full_like(x, 0.5 / sqrt(pi))]
    if degree >= 1:
        a = sqrt(3 / (4 * pi))
        columns += [-a * y, a * z, -a * x]
    if degree >= 2:
        a = sqrt(15 / (4 * pi))
        columns += [a * x * y, -a * y * z, sqrt(5 / (16 * pi)) * (2 * zz - xx - yy), -a * x * z]
        columns += [a / 2 * (xx - yy)]
    if degree >= 3:
        a = sqrt(35 / (32 * pi))
        b = sqrt(105 / (4 * pi))
        c = sqrt(21 / (32 * pi))
        columns += [-a * y * (3 * xx - yy), b * x * y * z, -c * y * (4 * zz - xx - yy)]
        columns += [
            sqrt(7 / (16 * pi)) * z * (2 * zz - 3 * xx - 3 * yy),
            -c * x * (4 * zz - xx - yy),
        ]
        columns += [b / 2 * z * (xx - yy), -a * x * (xx - 3 * yy)]
    if degree >= 4:
        a, b = 3 / 4 * sqrt(35 / pi), 3 / 4 * sqrt(35 / (2 * pi))
        c, d = 3 / 4 * sqrt(5 / pi), 3 / 4 * sqrt(5 / (2 * pi))
        columns += [a * x * y * (xx - yy), -b * y * z * (3 * xx - yy), c * x * y * (7 * zz - 1)]
        columns += [-d * y * z * (7 * zz - 3), 3 / 16 / sqrt(pi) * (zz * (35 * zz - 30) + 3)]
        columns += [
            -d * x * z * (7 * zz - 3),
            c / 2 * (xx - yy) * (7 * zz - 1),
            -b * x * z * (xx - 3 * yy),
        ]
        columns += [a / 4 * (xx * (xx - 3 * yy) - yy * (3 * xx - yy))]
    return np.stack(columns, 1)
