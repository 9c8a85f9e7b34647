"""A box that stands on a checkered table, whose inside and underside nobody has seen."""

from __future__ import annotations

import numpy as np

from ludvig_engine.scene import Gaussians, Scene, View
from scenes import joined, look_at

STEP = 0.05  # between Gaussians
HALF = 0.4  # of the box's width
CHECK = 0.4  # the side of a check
C0 = 0.28209479177387814


def checkered(places: np.ndarray) -> np.ndarray:
    """Colors of a checkerboard."""
    dark = (np.floor(places[:, :2] / CHECK).sum(1) % 2)[:, None]
    return np.where(dark > 0, [0.2, 0.3, 0.6], [0.8, 0.75, 0.6])


def discs(places: np.ndarray, colors: np.ndarray, thin: int) -> Gaussians:
    """Flat Gaussians at places, thin along an axis of the world."""
    count = len(places)
    scales = np.full((count, 3), 0.6 * STEP)
    scales[:, thin] = 0.05 * STEP
    parts = (
        places,
        np.tile([1.0, 0, 0, 0], (count, 1)),
        scales,
        np.full(count, 0.95),
        ((colors - 0.5) / C0)[:, None],
        np.zeros((count, 0, 3)),
    )
    return Gaussians(*(part.astype(np.float32) for part in parts))


def box_on_table() -> tuple[Scene, np.ndarray]:
    """The scene, and which of its Gaussians are the box."""
    rng = np.random.default_rng(0)
    axis = np.arange(-1.6, 1.6, STEP)
    table = np.stack([*map(np.ravel, np.meshgrid(axis, axis)), np.zeros(len(axis) ** 2)], 1)
    table[:, :2] += rng.uniform(-0.1, 0.1, (len(table), 2)) * STEP
    table = table[np.abs(table[:, :2]).max(1) > HALF]
    side = np.arange(-HALF, HALF + STEP / 2, STEP)
    a, b = map(np.ravel, np.meshgrid(side, side))
    walls = []
    for along in range(3):
        for way in (-HALF, HALF):
            if (along, way) != (2, -HALF):  # its underside
                face = np.insert(np.stack([a, b], 1), along, way, axis=1)
                walls.append(
                    discs(
                        face + np.array([0, 0, HALF]), np.full((len(a), 3), [0.8, 0.1, 0.1]), along
                    )
                )
    parts = [discs(table, checkered(table), 2), *walls]
    gaussians = joined(*parts)
    views = []
    for n in range(10):
        turn, high = 2 * np.pi * n / 10, 1.6 if n % 2 else 2.6
        eye = (3 * np.cos(turn), 3 * np.sin(turn), high)
        views.append(View(f"{n}.png", look_at(eye, size=(160, 120), focal=150)))
    count = len(gaussians)
    scene = Scene(gaussians, np.arange(count), count, tuple(views))
    return scene, np.arange(count) >= len(parts[0])
