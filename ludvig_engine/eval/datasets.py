"""Where the datasets' users keep what was trained on them."""

from __future__ import annotations

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


def splats_of(scene: Path) -> Path:
    """The trained splats in a scene's folder; of several iterations the last. Raises `EngineError` "not_found"."""
    for pattern in PATTERNS:
        found = [path for path in scene.glob(pattern) if "points3d" not in path.name.lower()]
        if found:
            return max(found, key=_iteration)
    raise EngineError(
        "not_found",
        f"{scene} holds no trained splats.",
        [
            "Train 3D Gaussian Splatting on it and put point_cloud.ply there (or the whole point_cloud folder)."
        ],
    )


def folder(root: Path, names: Sequence[str], what: str) -> Path:
    """The first of `names` that is a folder in `root`."""
    for name in names:
        if (root / name).is_dir():
            return root / name
    raise EngineError(
        "not_found",
        f"{root} has no folder {' or '.join(names)}, for {what}.",
        ["Check the dataset."],
    )


def _iteration(path: Path) -> int:
    digits = "".join(c for c in path.parent.name if c.isdigit())
    return int(digits) if digits else 0
