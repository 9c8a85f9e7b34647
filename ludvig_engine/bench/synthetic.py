"""A synthetic scene of any size that resembles a trained one.

It has flat Gaussians on a dozen objects, a ground and a dome.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float
from ..scene import Camera, Gaussians, morton_order

OBJECTS = 12


def gaussians(count: int, seed: int = 0) -> Gaussians:
    """`count` Gaussians: 60 % on objects, 20 % on the ground, 20 % on the dome.

    As in trained scenes, opacities are bimodal and sizes log-normal.
    """
    rng = np.random.default_rng(seed)
    ground, dome = count // 5, count // 5
    objects = count - ground - dome
    which, radius = rng.integers(0, OBJECTS, objects), rng.uniform(0.2, 0.6, OBJECTS)
    center = rng.uniform(-1.5, 1.5, (OBJECTS, 3)) * [1, 1, 0.3]
    normal = _directions(rng, objects)
    flat = np.c_[rng.uniform(-4, 4, (ground, 2)), rng.normal(-0.8, 0.01, ground)]
    sky = _directions(rng, dome)
    sphere = (4 * np.pi * radius**2 * OBJECTS)[which] / objects
    area = np.concatenate([sphere, np.full(ground, 64 / ground), np.full(dome, 804 / dome)])
    scales = np.sqrt(area)[:, None] * np.exp(rng.normal(0, 0.5, (count, 3))) * [1, 1, 0.1]
    up = np.tile([0.0, 0, 1], (ground, 1))
    means = np.concatenate([center[which] + normal * radius[which, None], flat, 8 * sky])
    quats = _facing(np.concatenate([normal, up, sky]), rng.uniform(0, np.pi, count))
    opaque = rng.random(count) < 0.6
    opacities = np.where(opaque, rng.beta(8, 1, count), rng.beta(1, 4, count))
    scene = Gaussians(
        means=means.astype(np.float32),
        quats=quats.astype(np.float32),
        scales=scales.astype(np.float32),
        opacities=opacities.astype(np.float32),
        sh0=rng.normal(size=(count, 1, 3)).astype(np.float32),
        shN=np.zeros((count, 0, 3), np.float32),
    )
    return scene.take(morton_order(scene.means))


def cameras(count: int, width: int, height: int) -> list[Camera]:
    """`count` cameras on an orbit around the objects."""
    out = []
    for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
        eye = np.array([4 * np.cos(angle), 4 * np.sin(angle), 1.2])
        forward = -eye / np.linalg.norm(eye)
        right = np.cross(forward, [0, 0, 1])
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(forward, right), forward])
        viewmat = np.eye(4)
        viewmat[:3, :3], viewmat[:3, 3] = R, -R @ eye
        K = np.array([[0.9 * width, 0, width / 2], [0, 0.9 * width, height / 2], [0, 0, 1]])
        out.append(Camera(viewmat, K, width, height))
    return out


def _directions(rng: np.random.Generator, count: int) -> Float[Array, "N 3"]:
    d = rng.normal(size=(count, 3))
    return d / np.linalg.norm(d, axis=1, keepdims=True)


def _facing(normal: Float[Array, "N 3"], turn: Float[Array, " N"]) -> Float[Array, "N 4"]:
    """Quaternions (wxyz) that turn about z and then rotate z to the normal."""
    x, y, z = normal.T
    to = np.stack([1 + z, -y, x, np.zeros_like(z)], 1)
    to[z < -1 + 1e-6] = [0, 1, 0, 0]
    to /= np.linalg.norm(to, axis=1, keepdims=True)
    w = to[:, 0]
    a = to[:, 1]
    b = to[:, 2]
    c, s = np.cos(turn / 2), np.sin(turn / 2)
    return np.stack([w * c, a * c + b * s, b * c - a * s, w * s], 1)
