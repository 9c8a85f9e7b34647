"""EWA projection: the ellipse that each Gaussian covers on the image plane (gsplat's conventions).

A Gaussian is dropped if its center is nearer than `near`, if it cannot reach alpha >= `min_alpha`,
or if the ellipse within which it does misses the image. The ellipse is exact, not a 3-sigma box,
and there is no other culling unless `cull` asks for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from ..arrays import Array, Bool, Float, Int, UInt
from ..progress import SILENT, Job, chunks
from ..scene import Camera, Gaussians
from ..scene.raster import Raster

PIECE = 65536  # Gaussians in a piece of work
# Numbers in a row of what is known of a visible Gaussian: 64 bytes, as much as memory hands over at
# once, so that sorting rows by depth meets one or two lines of the cache for each.
ROW = 16


@dataclass(frozen=True)
class Ellipses:
    """The M visible Gaussians of one view, nearest first."""

    index: Int[Array, " M"]  # which Gaussian
    geometry: Float[Array, "M 8"]  # see GEOMETRY
    # The pixels with alpha >= min_alpha are within x0 <= x < x1, y0 <= y < y1 (columns x0, x1, y0,
    # y1).
    bounds: Int[Array, "M 4"]

    @property
    def footprint(self) -> Float[Array, " M"]:
        """Σ_p α(p) in pixels, without clamp and cut-off.

        This is what Σ_p w(p) is if nothing is in front.
        """
        xx, xy, yy, opacity = self.geometry[:, 2:6].T
        return opacity * 2 * np.pi / np.sqrt(xx * yy - xy**2)


# The columns of `geometry`: center in pixels, conic (inverse covariance), opacity, twice the
# exponent at which alpha falls to min_alpha, and depth along the camera's z axis.
GEOMETRY = ("x", "y", "xx", "xy", "yy", "opacity", "reach", "depth")


def project(
    gaussians: Gaussians,
    camera: Camera,
    raster: Raster,
    *,
    window: tuple[int, int, int, int] | None = None,
    job: Job = SILENT,
    threads: int = 1,
) -> Ellipses:
    """Project all Gaussians into a camera and sort the visible ones front to back.

    With a `window` (x0, x1, y0, y1) of pixels x0 <= x < x1, y0 <= y < y1, Gaussians that miss it
    count as invisible. Raises `Cancelled`.
    """
    window = window or (0, camera.width, 0, camera.height)

    rows = np.empty((len(gaussians), ROW), np.float32)  # of which the visible ones are touched

    def one(part: slice) -> Array:
        mine = rows[part]
        visible = _project(
            gaussians.means[part],
            gaussians.quats[part],
            gaussians.scales[part],
            gaussians.opacities[part],
            camera.viewmat,
            camera.K,
            camera.width,
            camera.height,
            raster.near,
            raster.min_alpha,
            raster.blur,
            raster.margin,
            raster.cull,
            raster.antialiased,
            window,
            part.start,
            mine,
            mine.view(np.int32),
        )
        return _nearest_first(mine[:visible, 7], part.start)

    parts = list(job.map(one, chunks(len(gaussians), PIECE), threads=threads)) or [one(slice(0, 0))]
    order = np.concatenate(parts)
    order.sort(kind="stable")  # which merges the sorted parts
    out = np.empty((len(order), ROW), np.int32)

    def move(part: slice) -> None:
        _move(rows.view(np.int32), order, out, part.start, part.stop)

    list(job.map(move, chunks(len(order), PIECE), threads=threads))
    return Ellipses(out[:, 12].copy(), out.view(np.float32)[:, :8], out[:, 8:12])


def inside(means: Float[Array, "N 3"], camera: Camera, cull: float) -> Bool[Array, " N"]:
    """Which centers are not more than `cull` tan(fov/2) beyond the image, as `Raster.cull` says."""
    if math.isinf(cull):
        return np.ones(len(means), bool)
    pixels = means @ (camera.K @ camera.viewmat[:3, :3]).T + camera.K @ camera.viewmat[:3, 3]
    size = np.array([camera.width, camera.height])
    beyond = np.abs(pixels[:, :2] - size / 2 * pixels[:, 2:])
    found: Bool[Array, " N"] = (beyond <= (0.5 + cull / 2) * size * pixels[:, 2:]).all(1)
    return found


def _nearest_first(depth: Float[Array, " M"], first: int) -> UInt[Array, " M"]:
    """The rows from number `first` on, in the order of their depth, which is in the upper 32 bits.

    So leaving Gaussians out does not change the order of the others, and of equal depths, the first
    Gaussian comes first. Positive floats have the same order as their bits, so integers are sorted:
    a stable argsort takes 7 times as long.
    """
    bits = np.ascontiguousarray(depth).view(np.uint32).astype(np.uint64)
    return np.sort(bits << np.uint64(32) | np.arange(first, first + len(depth), dtype=np.uint64))


@njit(nogil=True, cache=True, error_model="numpy")
def _move(rows, order, out, start, stop):  # type: ignore[no-untyped-def]
    """Copy the rows that the lower 32 bits of `order` name."""
    for k in range(start, stop):
        row = order[k] & np.uint64(0xFFFFFFFF)
        for column in range(rows.shape[1]):
            out[k, column] = rows[row, column]


@njit(nogil=True, cache=True, error_model="numpy")
def _axes(quat, scale, u0, u1, u2, v0, v1, v2):  # type: ignore[no-untyped-def]
    """u·m_k and v·m_k for the columns m_k of a Gaussian's rotation times its scales.

    Its covariance is Σ_k m_k m_kᵀ; u and v are the rows of J R.
    """
    qw = float(quat[0])
    qx = float(quat[1])
    qy = float(quat[2])
    qz = float(quat[3])
    s0 = float(scale[0])
    s1 = float(scale[1])
    s2 = float(scale[2])
    m00 = 1 - 2 * (qy * qy + qz * qz)
    m10 = 2 * (qx * qy + qw * qz)
    m20 = 2 * (qx * qz - qw * qy)
    m01 = 2 * (qx * qy - qw * qz)
    m11 = 1 - 2 * (qx * qx + qz * qz)
    m21 = 2 * (qy * qz + qw * qx)
    m02 = 2 * (qx * qz + qw * qy)
    m12 = 2 * (qy * qz - qw * qx)
    m22 = 1 - 2 * (qx * qx + qy * qy)
    a0, b0 = s0 * (u0 * m00 + u1 * m10 + u2 * m20), s0 * (v0 * m00 + v1 * m10 + v2 * m20)
    a1, b1 = s1 * (u0 * m01 + u1 * m11 + u2 * m21), s1 * (v0 * m01 + v1 * m11 + v2 * m21)
    a2, b2 = s2 * (u0 * m02 + u1 * m12 + u2 * m22), s2 * (v0 * m02 + v1 * m12 + v2 * m22)
    return a0, a1, a2, b0, b1, b2


@njit(nogil=True, cache=True, error_model="numpy")
def _project(  # type: ignore[no-untyped-def]
    means,
    quats,
    scales,
    opacities,
    viewmat,
    K,
    width,
    height,
    near,
    min_alpha,
    blur,
    margin,
    cull,
    antialiased,
    window,
    first,
    geometry,
    whole,
):
    """Fill rows of `geometry` and, in the same memory, `whole`; how many.

    A row has the 8 columns of `Ellipses.geometry`, 4 of `Ellipses.bounds` and `Ellipses.index`.
    """
    N = len(means)
    M = 0
    fx = K[0, 0]
    fy = K[1, 1]
    cx = K[0, 2]
    cy = K[1, 2]
    r00, r01, r02, r10, r11, r12, r20, r21, r22 = viewmat[:3, :3].copy().ravel()
    t0 = viewmat[0, 3]
    t1 = viewmat[1, 3]
    t2 = viewmat[2, 3]
    margin_x, margin_y = margin * 0.5 * width / fx, margin * 0.5 * height / fy
    low_x, high_x = -cx / fx - margin_x, (width - cx) / fx + margin_x
    low_y, high_y = -cy / fy - margin_y, (height - cy) / fy + margin_y
    cull_x, cull_y = cull * 0.5 * width / fx, cull * 0.5 * height / fy
    first_x, last_x = -cx / fx - cull_x, (width - cx) / fx + cull_x
    first_y, last_y = -cy / fy - cull_y, (height - cy) / fy + cull_y
    left, right, top, bottom = window
    farthest = 2 * math.log(1 / min_alpha)
    # This is 1 unless the camera is an editor's, whose matrix may be scaled.
    stretch = math.sqrt(max(r00 * r00 + r01 * r01 + r02 * r02, r20 * r20 + r21 * r21 + r22 * r22))
    for i in range(N):
        opacity = float(opacities[i])
        if opacity < min_alpha:
            continue
        px = float(means[i, 0])
        py = float(means[i, 1])
        pz = float(means[i, 2])
        z = r20 * px + r21 * py + r22 * pz + t2
        if z < near:
            continue
        x = (r00 * px + r01 * py + r02 * pz + t0) / z
        y = (r10 * px + r11 * py + r12 * pz + t1) / z
        if x < first_x or x > last_x or y < first_y or y > last_y:
            continue
        # The Jacobian of the projection, J = [[ax, 0, bx], [0, ay, by]], taken inside the widened
        # frustum.
        ax, bx = fx / z, -fx * min(max(x, low_x), high_x) / z
        ay, by = fy / z, -fy * min(max(y, low_y), high_y) / z
        # A bound on the ellipse, as if the longest axis faced the camera. Most Gaussians that miss
        # the window already miss it with this bound, and need no rotation.
        longest = stretch * max(float(scales[i, 0]), float(scales[i, 1]), float(scales[i, 2]))
        most_x = math.sqrt(farthest * (longest * longest * (ax * ax + bx * bx) + blur)) + 1
        most_y = math.sqrt(farthest * (longest * longest * (ay * ay + by * by) + blur)) + 1
        column, row = fx * x + cx, fy * y + cy
        if (
            column + most_x < left
            or column - most_x > right
            or row + most_y < top
            or row - most_y > bottom
        ):
            continue
        # The rows of J R (2x3).
        u0 = ax * r00 + bx * r20
        u1 = ax * r01 + bx * r21
        u2 = ax * r02 + bx * r22
        v0 = ay * r10 + by * r20
        v1 = ay * r11 + by * r21
        v2 = ay * r12 + by * r22
        a0, a1, a2, b0, b1, b2 = _axes(quats[i], scales[i], u0, u1, u2, v0, v1, v2)
        cov_xx = a0 * a0 + a1 * a1 + a2 * a2 + blur
        cov_yy = b0 * b0 + b1 * b1 + b2 * b2 + blur
        cov_xy = a0 * b0 + a1 * b1 + a2 * b2
        det = cov_xx * cov_yy - cov_xy * cov_xy
        if not det > 0:
            continue
        if antialiased:
            # det Σ without the blur, as a sum of squares: a difference would cancel for thin ones.
            sharp = (a0 * b1 - a1 * b0) ** 2 + (a0 * b2 - a2 * b0) ** 2 + (a1 * b2 - a2 * b1) ** 2
            opacity *= math.sqrt(sharp / det)
            if opacity < min_alpha:
                continue
        reach = 2 * math.log(opacity / min_alpha)
        x, y = column, row
        half_x, half_y = math.sqrt(reach * cov_xx), math.sqrt(reach * cov_yy)
        # The middle of pixel j is at j + 0.5.
        x0, x1 = (
            math.ceil(max(x - half_x - 0.5, left)),
            math.floor(min(x + half_x - 0.5, right - 1.0)) + 1,
        )
        y0, y1 = (
            math.ceil(max(y - half_y - 0.5, top)),
            math.floor(min(y + half_y - 0.5, bottom - 1.0)) + 1,
        )
        if x0 >= x1 or y0 >= y1:
            continue
        whole[M, 8] = x0
        whole[M, 9] = x1
        whole[M, 10] = y0
        whole[M, 11] = y1
        whole[M, 12] = first + i
        geometry[M, 0], geometry[M, 1] = x, y
        geometry[M, 2] = cov_yy / det
        geometry[M, 3] = -cov_xy / det
        geometry[M, 4] = cov_xx / det
        geometry[M, 5] = opacity
        geometry[M, 6] = reach
        geometry[M, 7] = z
        M += 1
    return M
