"""Things of flat Gaussians on a floor, whose segments are known: three balls, two of one color."""

from __future__ import annotations

import numpy as np

from ludvig_engine.graph.neighbors import build, nearest
from ludvig_engine.scene import Camera, Gaussians, View
from ludvig_engine.segmentation.prepared import Prepared
from ludvig_engine.uplifting import Uplifted

# Two touching balls of one color, one of another color, and the floor.
BALLS = ((-0.5, 0.0, 0.5), (0.5, 0.0, 0.5), (0.0, 1.4, 0.5))
COLORS = np.array([[0.8, 0.1, 0.1], [0.8, 0.1, 0.1], [0.1, 0.2, 0.8], [0.5, 0.5, 0.45]])
FLOOR = len(BALLS)


def things_on_a_floor(*, views: bool, seed: int = 0) -> tuple[Prepared, np.ndarray]:
    """The scene, with cameras all around or none, and the number of each Gaussian's thing."""
    rng = np.random.default_rng(seed)
    normals = rng.normal(size=(3 * 1500, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    truth = np.repeat(np.arange(FLOOR + 1), [1500, 1500, 1500, 4000])
    flat = np.zeros((4000, 3))
    flat[:, :2] = rng.uniform(-2.5, 2.5, (4000, 2))
    means = np.concatenate([0.5 * normals + np.array(BALLS)[truth[: 3 * 1500]], flat])
    normals = np.concatenate([normals, np.tile([0.0, 0.0, 1.0], (4000, 1))])
    colors = np.clip(COLORS[truth] + rng.normal(0, 0.01, means.shape), 0, 1)
    count = len(means)
    gaussians = Gaussians(
        means.astype(np.float32),
        _facing(normals).astype(np.float32),
        np.tile(np.float32([0.05, 0.05, 0.004]), (count, 1)),
        np.full(count, 0.95, np.float32),
        ((colors - 0.5) / 0.28209479)[:, None].astype(np.float32),
        np.zeros((count, 0, 3), np.float32),
    )
    features = np.concatenate([colors, rng.normal(0, 0.02, (count, 3))], 1).astype(np.float32)
    graph = build(nearest(gaussians.means, 16)).with_features(features)
    ones = np.ones(count, np.float32)
    cameras = tuple(View(f"{n}", _camera(n)) for n in range(12)) if views else ()
    return Prepared(gaussians, Uplifted(features, ones, ones), graph, "planted", cameras), truth


def _facing(normals: np.ndarray) -> np.ndarray:
    """Quaternions (wxyz) that turn z to the normals."""
    half = np.stack(
        [1 + normals[:, 2], -normals[:, 1], normals[:, 0], np.zeros(len(normals))], axis=1
    )
    half[half[:, 0] < 1e-6] = (0, 1, 0, 0)
    return half / np.linalg.norm(half, axis=1, keepdims=True)


def _camera(number: int) -> Camera:
    turn, rise = number * np.pi / 6, np.radians((25, 55)[number % 2])
    back = np.array([np.cos(turn) * np.cos(rise), np.sin(turn) * np.cos(rise), np.sin(rise)])
    right = np.cross(-back, [0, 0, 1])
    right /= np.linalg.norm(right)
    turned = np.stack([right, np.cross(-back, right), -back])
    viewmat = np.eye(4)
    viewmat[:3, :3], viewmat[:3, 3] = turned, -turned @ (6 * back + [0, 0.4, 0.3])
    return Camera(viewmat, np.array([[260.0, 0, 120], [0, 260, 80], [0, 0, 1]]), 240, 160)
