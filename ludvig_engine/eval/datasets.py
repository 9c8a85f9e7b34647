"""Find the trained splats and other parts of a dataset in its folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import EngineError

PATTERNS = (
    "point_cloud/iteration_*/point_cloud.ply",
    "point_cloud.ply",
    "splats.ply",
    "*.ply",
    "gs/*.ply",
)
# Points of COLMAP's, and a scan's mesh with its variants, as ScanNet names them
# (scene0000_00_vh_clean_2.ply, scene0000_00_vh_clean_2.labels.ply).
OTHER = re.compile(r"points3d|_vh_clean|\.labels\.ply$")


def splats_of(scene: Path) -> Path:
    """The trained splats in a scene's folder; of several iterations the last one.

    Raises `EngineError` "not_found" if there are none.
    """
    for pattern in PATTERNS:
        found = [path for path in scene.glob(pattern) if not OTHER.search(path.name.lower())]
        if found:
            return max(found, key=_iteration)
    raise EngineError(
        "not_found",
        f"{scene} holds no trained splats, such as point_cloud.ply.",
        [
            "Train 3D Gaussian Splatting on this scene, and put point_cloud.ply, or the whole "
            "folder point_cloud, there."
        ],
    )


def folder(root: Path, names: Sequence[str], what: str) -> Path:
    """The first of `names` that is a folder in `root`. Raises `EngineError` "not_found"."""
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise EngineError(
        "not_found",
        f"{root} has no folder {' or '.join(names)} for {what}.",
        ["Compare the folder with the layout in `ludvig eval --help`, or download it again."],
    )


def _iteration(path: Path) -> int:
    digits = "".join(c for c in path.parent.name if c.isdigit())
    return int(digits) if digits else 0
