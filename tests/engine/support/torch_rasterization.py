"""`gsplat.rasterization` in plain torch for a few Gaussians, differentiable in colors.

Written from gsplat's documentation of its arguments and conventions. Alpha is clamped at 0.999 in
gsplat 1.5 and at 0.99 in 1.6.
"""

from __future__ import annotations

from functools import partial

import torch


def rasterization(
    means, quats, scales, opacities, colors, viewmats, Ks, width, height,
    near_plane=0.01, far_plane=1e10, radius_clip=0.0, eps2d=0.3, sh_degree=None, packed=True,
    tile_size=16, backgrounds=None, render_mode="RGB", sparse_grad=False, absgrad=False,
    rasterize_mode="classic", channel_chunk=32, distributed=False, camera_model="pinhole",
    segmented=False, covars=None, with_ut=False, with_eval3d=False, radial_coeffs=None,
    tangential_coeffs=None, thin_prism_coeffs=None, ftheta_coeffs=None, rolling_shutter=None,
    viewmats_rs=None,
    *, max_alpha=0.99,
):  # fmt: skip
    """Images (1, H, W, D), alphas (1, H, W, 1) and an empty dict, of one camera."""
    N, D = colors.shape
    expected = {"means": (N, 3), "quats": (N, 4), "scales": (N, 3), "opacities": (N,)}
    given = {"means": means, "quats": quats, "scales": scales, "opacities": opacities}
    for name, tensor in {**given, "colors": colors, "viewmats": viewmats, "Ks": Ks}.items():
        assert tensor.dtype == torch.float32 and tensor.is_contiguous(), name
        assert tensor.shape == expected.get(name, tensor.shape), name
    assert viewmats.shape == (1, 4, 4) and Ks.shape == (1, 3, 3)
    assert D <= channel_chunk <= 32, "a backward pass of more channels fails on consumer GPUs"
    assert (sh_degree, packed, render_mode, backgrounds) == (None, False, "RGB", None)
    R = viewmats[0, :3, :3].double()
    t = viewmats[0, :3, 3].double()
    K = Ks[0].double()
    center = means.double() @ R.T + t
    order = torch.argsort(center[:, 2])
    order = order[center[order, 2] >= near_plane]
    x, y, z = center[order].T
    fx = K[0, 0]
    fy = K[1, 1]
    cx = K[0, 2]
    cy = K[1, 2]
    low = [-cx / fx - 0.15 * width / fx, -cy / fy - 0.15 * height / fy]
    high = [(width - cx) / fx + 0.15 * width / fx, (height - cy) / fy + 0.15 * height / fy]
    tx, ty = (torch.clamp(a / z, lo, hi) for a, lo, hi in zip((x, y), low, high, strict=True))
    zero = torch.zeros_like(z)
    J = torch.stack([fx / z, zero, -fx * tx / z, zero, fy / z, -fy * ty / z], 1).reshape(-1, 2, 3)
    w, a, b, c = torch.nn.functional.normalize(quats[order].double(), dim=1).T
    rotation = [
        *(1 - 2 * (b * b + c * c), 2 * (a * b - w * c), 2 * (a * c + w * b)),
        *(2 * (a * b + w * c), 1 - 2 * (a * a + c * c), 2 * (b * c - w * a)),
        *(2 * (a * c - w * b), 2 * (b * c + w * a), 1 - 2 * (a * a + b * b)),
    ]
    turn = torch.stack(rotation, 1)
    half = J @ R @ turn.reshape(-1, 3, 3) * scales[order].double()[:, None]
    sharp = half @ half.mT
    covariance = sharp + eps2d * torch.eye(2, dtype=torch.float64)
    conic = torch.linalg.inv(covariance)
    kept = opacities[order].double()
    if rasterize_mode == "antialiased":
        kept = kept * torch.sqrt(torch.clamp(sharp.det() / covariance.det(), min=0))
    rows, columns = torch.meshgrid(
        torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij"
    )
    d = (
        torch.stack([columns.ravel(), rows.ravel()], 1)
        - torch.stack([fx * x / z + cx, fy * y / z + cy], 1)[:, None]
    )
    power = 0.5 * torch.einsum("npi,nij,npj->np", d, conic, d)
    alpha = (kept[:, None] * torch.exp(-power)).clamp(max=max_alpha)
    alpha = torch.where(alpha < 1 / 255, 0, alpha)
    after = torch.cumprod(1 - alpha, 0)
    before = torch.cat([torch.ones_like(after[:1]), after[:-1]])
    going = torch.cumprod((after > 1e-4).int(), 0).bool()
    weights = torch.where(going, alpha * before, 0).float()
    image = (weights.T @ colors[order]).reshape(1, height, width, D)
    return image, weights.sum(0).reshape(1, height, width, 1), {}


rasterization_1_5 = partial(rasterization, max_alpha=0.999)
rasterization_1_6 = partial(rasterization, max_alpha=0.99)
