"""Small random scenes for the tests."""

from __future__ import annotations

import numpy as np

from ludvig_engine.scene import Camera, Gaussians


def random_gaussians(n: int, seed: int = 0, *, spread=1.0, scale=0.08, sh_degree=0) -> Gaussians:
    """A cloud around the origin with all kinds of shapes and opacities."""
    rng = np.random.default_rng(seed)
    quats = rng.normal(size=(n, 4))
    return Gaussians(
        means=(rng.normal(size=(n, 3)) * spread).astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales=(scale * np.exp(rng.normal(size=(n, 3)) * 0.7)).astype(np.float32),
        opacities=rng.uniform(0.01, 1, n).astype(np.float32),
        sh0=rng.normal(size=(n, 1, 3)).astype(np.float32),
        shN=(0.2 * rng.normal(size=(n, (sh_degree + 1) ** 2 - 1, 3))).astype(np.float32),
    )


def look_at(eye, target=(0, 0, 0), *, size=(61, 43), focal=60.0, center=None) -> Camera:
    """A camera at `eye` that looks at `target`, world z up; `size` is (width, height)."""
    eye = np.asarray(eye, float)
    forward = np.asarray(target, float) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    viewmat = np.eye(4)
    viewmat[:3, :3], viewmat[:3, 3] = R, -R @ eye
    cx, cy = center or (size[0] / 2, size[1] / 2)
    return Camera(viewmat, np.array([[focal, 0, cx], [0, focal * 1.03, cy], [0, 0, 1]]), *size)


def single(mean, opacity, scale=0.5) -> Gaussians:
    """One round Gaussian."""
    return Gaussians(
        np.array([mean], np.float32),
        np.array([[1, 0, 0, 0]], np.float32),
        np.full((1, 3), scale, np.float32),
        np.array([opacity], np.float32),
        np.zeros((1, 1, 3), np.float32),
        np.zeros((1, 0, 3), np.float32),
    )


def joined(*parts: Gaussians) -> Gaussians:
    """All of them in one cloud."""
    names = ("means", "quats", "scales", "opacities", "sh0", "shN")
    return Gaussians(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))
