"""NVOS (Ren et al., CVPR 2022): a scribble in one photo of a forward-facing scene, the object's mask in another.

DATA/labels/llff/reference_image/<task>/<photo>.JPG     the photo that was scribbled on
                 scribbles/<task>/pos_*.png             only positive scribbles are used, as published
                 masks/<task>/<photo>_mask.png          ground truth
DATA/scenes/<scene>                                     COLMAP model, photos and trained splats
"""

from __future__ import annotations

from pathlib import Path

from ..errors import EngineError
from .datasets import folder
from .single_view import Task

SCENES = {
    "horns_center": "horns",
    "horns_left": "horns",
}  # of tasks that are not called as their scene
CONFIG = "dif_NVOS"

# Mean foreground IoU, percent: LUDVIG, ICCV 2025.
PUBLISHED = {
    "LUDVIG, DINOv2": {"mean": 92.4},
    "LUDVIG, SAM": {
        "fern": 85.5, "flower": 97.6, "fortress": 98.1, "horns_center": 97.9, "horns_left": 94.1, "leaves": 96.4,
        "orchids": 73.1, "trex": 88.0, "mean": 91.3,
    },
}  # fmt: skip


def tasks(root: Path, scenes: Path | None = None) -> list[Task]:
    """All tasks of a dataset folder. Raises `EngineError` "not_found" if something of one is missing."""
    labels = folder(root, ["labels/llff", "llff", "."], "labels")
    scenes = scenes or root / "scenes"
    names = sorted(
        path.name for path in folder(labels, ["masks"], "ground truth").iterdir() if path.is_dir()
    )
    found = []
    for name in names:
        scene = SCENES.get(name, name)
        targets = {
            path.stem.removesuffix("_mask"): path
            for path in (labels / "masks" / name).glob("*_mask.png")
        }
        found.append(
            Task(
                name,
                folder(scenes, [scene, f"{scene}_undistort"], "the trained scene"),
                _only(labels / "reference_image" / name, "*").stem,
                _only(labels / "scribbles" / name, "pos_*.png"),
                targets,
            )
        )
    return found


def _only(place: Path, pattern: str) -> Path:
    files = sorted(
        path for path in place.glob(pattern) if path.is_file() and not path.name.startswith(".")
    )
    if not files:
        raise EngineError("not_found", f"{place} has no {pattern}.", ["Check the dataset."])
    return files[0]
