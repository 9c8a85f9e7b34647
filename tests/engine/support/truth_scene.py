"""The small scene with exact truth about its balls, as `ludvig eval removal` reads it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

import small_scene
from ludvig_engine.pictures.draw import rgb, share
from ludvig_engine.scene import Camera, Gaussians
from scenes import look_at


def held_back() -> list[Camera]:
    """Two cameras between those of the photos."""
    places = [(3.2, 1.3, 1.7), (-3.2, -1.3, 1.9)]
    return [look_at(place, size=small_scene.SIZE, focal=110) for place in places]


def write(folder: Path) -> Path:
    """Write the small scene to `folder`, with masks, and what its balls hide."""
    small_scene.write(folder)
    cloud, names = small_scene.gaussians()
    for number, camera in enumerate(small_scene.cameras()):
        _write_masks(folder / "masks", cloud, names, camera, f"photo_{number}")
    truth = folder / "truth"
    frames = []
    for number, camera in enumerate(held_back()):
        view = f"view_{number:02d}"
        _write_masks(truth / "masks", cloud, names, camera, view)
        _save(truth / "images" / f"{view}.png", rgb(cloud, camera))
        for ball in small_scene.BALLS:
            rest = cloud.take(names != ball)
            _save(truth / "without" / ball / f"{view}.png", rgb(rest, camera))
        pose = np.linalg.inv(camera.viewmat) @ np.diag([1.0, -1, -1, 1])
        frames.append({"file_path": f"images/{view}.png", "transform_matrix": pose.tolist()})
    about = json.loads((folder / "transforms.json").read_text())
    (truth / "transforms.json").write_text(json.dumps({**about, "frames": frames}))
    return folder


def _write_masks(
    folder: Path, cloud: Gaussians, names: np.ndarray, camera: Camera, stem: str
) -> None:
    for ball in small_scene.BALLS:
        image = share(cloud, camera, (names == ball).astype(np.float32)) > 0.5
        _save(folder / ball / f"{stem}.png", image.astype(np.float32))


def _save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((picture * 255).round().astype(np.uint8)).save(path)
