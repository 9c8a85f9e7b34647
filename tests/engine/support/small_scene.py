"""A scene on disk, made in a second: colored balls on a ground, photographed by the renderer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from ludvig_engine.io.ply import write_ply
from ludvig_engine.pictures.draw import rgb
from ludvig_engine.scene import Camera, Gaussians
from scenes import joined, look_at

SIZE = (120, 90)
BALLS = {
    "red": ((0.7, 0, 0), (0.8, 0.15, 0.1)),
    "blue": ((-0.6, 0.5, 0), (0.1, 0.2, 0.8)),
    "green": ((-0.3, -0.8, 0), (0.1, 0.6, 0.2)),
}
RADIUS = 0.35


def _surface(means, normals, colour, size) -> Gaussians:
    n = len(means)
    z = np.array([0, 0, 1.0])
    quats = np.concatenate([(1 + normals @ z)[:, None], np.cross(z, normals)], 1)
    quats[quats[:, 0] < 1e-6] = [0, 1, 0, 0]
    f = np.float32
    return Gaussians(
        means=means.astype(f),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(f),
        scales=np.tile(np.array([size, size, size / 5], f), (n, 1)),
        opacities=np.full(n, 0.95, f),
        sh0=((np.broadcast_to(colour, (n, 3)) - 0.5) / 0.28209479).astype(f)[:, None],
        shN=np.zeros((n, 0, 3), f),
    )


def gaussians() -> tuple[Gaussians, np.ndarray]:
    """The cloud, and the name of the thing each Gaussian belongs to."""
    rng = np.random.default_rng(0)
    parts, names = [], []
    for name, (center, colour) in BALLS.items():
        d = rng.normal(size=(500, 3))
        d /= np.linalg.norm(d, axis=1, keepdims=True)
        parts.append(
            _surface(
                np.array(center) + RADIUS * d,
                d,
                np.array(colour) + rng.normal(0, 0.03, (500, 3)),
                0.035,
            )
        )
        names += [name] * 500
    ground = np.c_[rng.uniform(-2.5, 2.5, (2500, 2)), np.full(2500, -RADIUS)]
    parts.append(
        _surface(
            ground, np.tile([0, 0, 1.0], (2500, 1)), 0.5 + rng.normal(0, 0.05, (2500, 1)), 0.06
        )
    )
    return joined(*parts), np.array(names + ["ground"] * 2500)


def cameras() -> list[Camera]:
    """Eight around the balls, from above."""
    return [
        look_at((3.5 * np.cos(a), 3.5 * np.sin(a), 1.8), size=SIZE, focal=110)
        for a in np.arange(8) * np.pi / 4
    ]


def write(folder: Path) -> Path:
    """Write splats.ply (in shuffled order), names.npy, transforms.json and images/ in `folder`."""
    cloud, names = gaussians()
    order = np.random.default_rng(1).permutation(len(cloud))
    (folder / "images").mkdir(parents=True, exist_ok=True)
    write_ply(folder / "splats.ply", cloud.take(order))
    np.save(folder / "names.npy", names[order])
    frames = []
    for n, camera in enumerate(cameras()):
        Image.fromarray((rgb(cloud, camera) * 255).round().astype(np.uint8)).save(
            folder / "images" / f"photo_{n}.png"
        )
        pose = np.linalg.inv(camera.viewmat) @ np.diag([1.0, -1, -1, 1])
        frames.append({"file_path": f"images/photo_{n}.png", "transform_matrix": pose.tolist()})
    K = cameras()[0].K
    about = {
        "fl_x": K[0, 0],
        "fl_y": K[1, 1],
        "cx": K[0, 2],
        "cy": K[1, 2],
        "w": SIZE[0],
        "h": SIZE[1],
        "frames": frames,
    }
    (folder / "transforms.json").write_text(json.dumps(about))
    return folder


def center_of(name: str, view: int) -> tuple[int, int]:
    """The pixel of a ball's middle in a view."""
    camera = cameras()[view]
    point = camera.K @ (camera.viewmat[:3, :3] @ np.array(BALLS[name][0]) + camera.viewmat[:3, 3])
    return int(point[0] / point[2]), int(point[1] / point[2])
