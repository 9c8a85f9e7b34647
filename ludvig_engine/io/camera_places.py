"""Where datasets keep their cameras, and where the photos of these cameras are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import EngineError, Fix
from .colmap import model_suffix

# Where a folder may keep its cameras, most likely place first. transforms.json comes before
# colmap/, in which nerfstudio keeps the COLMAP model that it made transforms.json from: that model
# is in another coordinate system than the splats.
_PLACES = [
    "[0-9]*",
    "sparse",
    "sparse/[0-9]*",
    "transforms.json",
    "colmap/sparse",
    "colmap/sparse/[0-9]*",
]
_PLACES += ["transforms_train.json", "cameras.json"]


def locate(path: Path) -> tuple[Path, list[str]]:
    """The COLMAP folder or JSON file that `path` leads to, and notes.

    `path` may also be any file of a COLMAP model.
    """
    if path.is_file() and path.suffix.lower() == ".json":
        return path, []
    path = path.parent if path.is_file() else path
    places = [path, *(place for pattern in _PLACES for place in sorted(path.glob(pattern)))]
    found = [
        place
        for place in places
        if (place.suffix == ".json" and place.is_file()) or model_suffix(place)
    ]
    if not found:
        raise EngineError(
            "not_found",
            f"There are no cameras in {path}: neither a COLMAP model (cameras.bin and images.bin, "
            "or .txt) in it or in its folder sparse/0, nor a transforms.json or cameras.json.",
            [
                Fix(
                    "Choose the folder with the cameras the splats were trained with.",
                    "import_cameras",
                )
            ],
        )
    others = [str(place.relative_to(path)) for place in found[1:]]
    note = (
        f"The cameras are read from {found[0].relative_to(path)}; "
        f"there are others in {few(others)}."
    )
    return found[0], [note] if others else []


def photo_folders(source: Path) -> list[Path]:
    """Where the photos of a COLMAP folder or JSON file usually are, most likely place first."""
    root = source if source.is_dir() else source.parent
    while source.is_dir() and (root.name in ("sparse", "colmap") or root.name.isdecimal()):
        root = root.parent
    near = [
        root / "images",
        root,
        root.parent / "images",
        *(root / f"images_{n}" for n in (2, 4, 8)),
    ]
    return near if source.is_dir() else [root, *near]


def few(names: Sequence[str]) -> str:
    """Some of these names, for a message."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
