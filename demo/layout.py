"""Write what a scene is made of beside its splats: cameras, exact masks and clicks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from photograph import Shot
from PIL import Image
from scipy.ndimage import distance_transform_edt
from scipy.spatial.transform import Rotation

from ludvig_engine.arrays import Array, Bool


def pixels(path: Path) -> Array:
    return np.asarray(Image.open(path), np.float32).transpose(2, 0, 1) / 255


def write_cameras(folder: Path, shots: Sequence[Shot]) -> None:
    """Write COLMAP's text format; all photos have the same pinhole camera."""
    folder.mkdir(parents=True)
    K, (camera, lines) = shots[0].camera.K, (shots[0].camera, [])
    numbers = (camera.width, camera.height, K[0, 0], K[1, 1], K[0, 2], K[1, 2])
    (folder / "cameras.txt").write_text(f"1 PINHOLE {' '.join(f'{x:.12g}' for x in numbers)}\n")
    for number, shot in enumerate(shots, 1):
        view = shot.camera.viewmat
        x, y, z, w = Rotation.from_matrix(view[:3, :3]).as_quat()
        pose = " ".join(f"{value:.12g}" for value in (w, x, y, z, *view[:3, 3]))
        # The empty second line is for the photo's points, of which there are none.
        lines.append(f"{number} {pose} 1 {shot.name}\n\n")
    (folder / "images.txt").write_text("".join(lines))
    (folder / "points3D.txt").write_text("")


def write_masks(folder: Path, shots: Sequence[Shot], names: Sequence[str]) -> None:
    for number, name in enumerate(names, 1):
        (folder / name).mkdir(parents=True)
        for shot in shots:
            Image.fromarray(shot.things == number).save(
                folder / name / f"{Path(shot.name).stem}.png", optimize=True
            )


def write_clicks(path: Path, shots: Sequence[Shot], names: Sequence[str], *, floaters: int) -> None:
    """Write a click on each thing and one beside it, in the photo where the thing is largest.

    Of the splats, the last so many are `floaters`: those that are known to be.
    """
    objects = []
    for number, name in enumerate(names, 1):
        best = max(shots, key=lambda shot: int((shot.things == number).sum()))
        mask = best.things == number
        depths = np.stack([_depth(best.things == k) for k in range(len(names) + 1)]).max(0)
        near = distance_transform_edt(~mask) < best.camera.width / 16
        objects.append(
            {
                "name": name,
                "view": best.name,
                "click": _deepest(depths, mask),
                "negative": _deepest(depths, near & ~mask),
            }
        )
    about = {"objects": objects, "floaters": floaters}
    path.write_text(json.dumps(about, indent=1) + "\n")


def _depth(mask: Bool[Array, "H W"]) -> Array:
    """The distance of each pixel of a mask from the mask's border or the photo's border."""
    return distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]


def _deepest(depths: Array, where: Bool[Array, "H W"]) -> list[int]:
    """x, y of the pixel in `where` that is deepest inside its thing."""
    y, x = np.unravel_index(np.argmax(np.where(where, depths, -1)), depths.shape)
    return [int(x), int(y)]
