"""NVOS (Ren et al., CVPR 2022): from a scribble in one photo, find the object's mask in another.

DATA/labels/llff/reference_image/<task>/<photo>.JPG     the photo that was scribbled on
                 scribbles/<task>/pos_*.png             only positive ones are used, as published
                 masks/<task>/<photo>_mask.png          ground truth
DATA/scenes/<scene>                                     COLMAP model, photos and trained splats

The scenes are forward-facing.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from ..errors import EngineError
from .datasets import folder
from .lacking import Lacks
from .single_view import Task

# The scenes of tasks that have another name than their scene.
SCENES = {"horns_center": "horns", "horns_left": "horns"}
CONFIG = "dif_NVOS"

# Mean foreground IoU in percent: LUDVIG, ICCV 2025.
PUBLISHED = {
    "LUDVIG, DINOv2": {"mean": 92.4},
    "LUDVIG, SAM": {
        "fern": 85.5, "flower": 97.6, "fortress": 98.1, "horns_center": 97.9, "horns_left": 94.1,
        "leaves": 96.4, "orchids": 73.1, "trex": 88.0, "mean": 91.3,
    },
}  # fmt: skip


def tasks(root: Path, scenes: Path | None = None, only: Collection[str] = ()) -> list[Task]:
    """All tasks of a dataset folder; what those lack that are not in `only` does not matter.

    Raises `EngineError` "not_found" for missing files.
    """
    labels = folder(root, ["labels/llff", "llff", "."], "labels")
    scenes = scenes or root / "scenes"
    masks = folder(labels, ["masks"], "ground truth")
    found, lacks = [], Lacks(only)
    for name in sorted(path.name for path in masks.iterdir() if path.is_dir()):
        with lacks.noted(name):
            found.append(_task(name, labels, masks, scenes))
    lacks.tell(root, sys.modules[__name__])
    return found


def _task(name: str, labels: Path, masks: Path, scenes: Path) -> Task:
    scene = SCENES.get(name, name)
    _only(masks / name, "*_mask.png")
    truths = (masks / name).glob("*_mask.png")
    return Task(
        name,
        folder(scenes, [scene, f"{scene}_undistort"], "the trained scene"),
        _only(labels / "reference_image" / name, "*").stem,
        _only(labels / "scribbles" / name, "pos_*.png"),
        {path.stem.removesuffix("_mask"): path for path in truths},
    )


def _only(place: Path, pattern: str) -> Path:
    """The first file that matches, in the order of names. Raises `EngineError` "not_found"."""
    found = (path for path in place.glob(pattern) if path.is_file())
    files = sorted(path for path in found if not path.name.startswith("."))
    if not files:
        raise EngineError(
            "not_found", f"{place} has no file {pattern}.", ["Download the dataset again."]
        )
    return files[0]
