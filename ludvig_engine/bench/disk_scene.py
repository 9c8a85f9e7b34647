"""A small synthetic scene with photos, on disk, for benchmarks of the whole engine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..io.ply import write_ply
from ..pictures import draw
from . import synthetic

SIZE = (120, 90)  # of the photos, unless others are asked for


def write(folder: Path, count: int = 2000, views: int = 6, size: tuple[int, int] = SIZE) -> Path:
    """Write splats.ply, transforms.json and images/ of `size` (width, height) in `folder`."""
    cloud = synthetic.gaussians(count)
    folder.mkdir(parents=True)
    write_ply(folder / "splats.ply", cloud)
    frames = []
    cameras = synthetic.cameras(views, *size)
    for n, camera in enumerate(cameras):
        name = f"images/photo_{n}.png"
        draw.save(folder / name, draw.rgb(cloud, camera))
        # transforms.json has OpenGL axes.
        pose = np.linalg.inv(camera.viewmat) @ np.diag([1.0, -1, -1, 1])
        frames.append({"file_path": name, "transform_matrix": pose.tolist()})
    K = cameras[0].K
    about = {"fl_x": K[0, 0], "fl_y": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
    sizes = {"w": size[0], "h": size[1]}
    (folder / "transforms.json").write_text(json.dumps({**about, **sizes, "frames": frames}))
    return folder
