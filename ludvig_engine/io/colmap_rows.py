"""What the files of a COLMAP model hold, before anyone asks whether it makes sense."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import EngineError


@dataclass(frozen=True)
class CameraRow:
    """A row of cameras.bin or cameras.txt."""

    camera: int
    model: str  # COLMAP's name, or what stands in its place
    size: tuple[int, int]  # width, height
    params: tuple[float, ...]


@dataclass(frozen=True)
class ImageRow:
    """A row of images.bin or images.txt, without its points."""

    camera: int
    pose: tuple[float, ...]  # world -> camera: a quaternion wxyz of any length, then a shift
    name: str  # bytes that are not UTF-8 are surrogates


def bad(path: Path, reason: str) -> EngineError:
    """The error about a file of a COLMAP model."""
    return EngineError(
        "bad_file",
        f"The COLMAP cameras in {path} cannot be read: {reason}.",
        ["Export the sparse model again, with COLMAP's model_converter for example."],
    )
