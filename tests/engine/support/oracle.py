"""A slow, obvious renderer in float64: every pixel, every Gaussian, straight from the definition.

Written from gsplat's documentation of its conventions, independently of `ludvig_engine.rendering`.
"""

from __future__ import annotations

import numpy as np

from ludvig_engine.scene import Camera, Gaussians


def rotation(quat: np.ndarray) -> np.ndarray:
    """(3, 3) of a wxyz quaternion, through the sandwich product on the basis vectors."""
    w, v = quat[0], quat[1:]
    return np.stack(
        [e + 2 * w * np.cross(v, e) + 2 * np.cross(v, np.cross(v, e)) for e in np.eye(3)], 1
    )


def project(
    gaussian: Gaussians, i: int, camera: Camera, *, near=0.2, blur=0.3, margin=0.3, cull=np.inf
):
    """(center in pixels, 2-D covariance, depth, compensation) of Gaussian i; None if left out."""
    R, t = camera.viewmat[:3, :3], camera.viewmat[:3, 3]
    mean = R @ gaussian.means[i].astype(float) + t
    if mean[2] < near:
        return None
    fx = camera.K[0, 0]
    fy = camera.K[1, 1]
    cx = camera.K[0, 2]
    cy = camera.K[1, 2]
    x, y, z = mean
    lim_x, lim_y = margin * camera.width / (2 * fx), margin * camera.height / (2 * fy)
    tx = z * np.clip(x / z, -cx / fx - lim_x, (camera.width - cx) / fx + lim_x)
    ty = z * np.clip(y / z, -cy / fy - lim_y, (camera.height - cy) / fy + lim_y)
    J = np.array([[fx / z, 0, -fx * tx / z**2], [0, fy / z, -fy * ty / z**2]])
    M = rotation(gaussian.quats[i].astype(float)) @ np.diag(gaussian.scales[i].astype(float))
    sharp = J @ R @ M @ M.T @ R.T @ J.T
    covariance = sharp + blur * np.eye(2)
    compensation = np.sqrt(max(np.linalg.det(sharp), 0) / np.linalg.det(covariance))
    center = np.array([fx * x / z + cx, fy * y / z + cy])
    # Normalized, the image is from -1 to 1.
    beyond = np.abs(2 * center / [camera.width, camera.height] - 1) - 1
    return None if (beyond > cull).any() else (center, covariance, z, compensation)


def weights(
    gaussians: Gaussians,
    camera: Camera,
    *,
    near=0.2,
    clamp=0.99,
    min_alpha=1 / 255,
    stop=1e-4,
    margin=0.3,
    blur=0.3,
    cull=np.inf,
    antialiased=False,
):
    """Blending weights alpha T (H, W, N), and transmittance after the last Gaussian (H, W)."""
    rows, columns = np.mgrid[: camera.height, : camera.width] + 0.5
    options = {"near": near, "margin": margin, "blur": blur, "cull": cull}
    found = [(i, project(gaussians, i, camera, **options)) for i in range(len(gaussians))]
    found = sorted([(i, p) for i, p in found if p is not None], key=lambda item: item[1][2])
    out = np.zeros((camera.height, camera.width, len(gaussians)))
    T, finished = (
        np.ones((camera.height, camera.width)),
        np.zeros((camera.height, camera.width), bool),
    )
    for i, (center, covariance, _, compensation) in found:
        d = np.stack([columns - center[0], rows - center[1]], -1)
        power = 0.5 * np.einsum("hwi,ij,hwj->hw", d, np.linalg.inv(covariance), d)
        opacity = gaussians.opacities[i] * (compensation if antialiased else 1)
        alpha = np.minimum(opacity * np.exp(-power), clamp)
        alpha[alpha < min_alpha] = 0
        after = T * (1 - alpha)
        finished |= (after <= stop) & (alpha > 0)
        out[:, :, i] = np.where(finished, 0, alpha * T)
        T = np.where(finished, T, after)
    return out, T


def upsampling(pixels: int, cells: int) -> np.ndarray:
    """Linear interpolation (pixels, cells) as torch's `interpolate` with align_corners=False."""
    U = np.zeros((pixels, cells))
    for p in range(pixels):
        source = max((p + 0.5) * cells / pixels - 0.5, 0)
        low = min(int(source), cells - 1)
        high, share = min(low + 1, cells - 1), source - low
        U[p, low] += 1 - share
        U[p, high] += share
    return U
