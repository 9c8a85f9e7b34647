"""Photos whose EXIF data says that they are to be shown turned, as phones write them.

COLMAP ignores EXIF, so its cameras are for the pixels as they are stored; other programs turn the
photo first, and their cameras are for the turned one. The file does not say which, but the size
that a camera is for does, if the turn exchanges width and height.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import part
from .photo_files import size_and_turn, turned_size
from .shots import Shot, same_shape

# The stored size of a photo, and its EXIF orientation.
Stored = tuple[tuple[int, int], int]


def stored_sizes(photos: Mapping[str, Path]) -> dict[str, Stored]:
    """Sizes and orientations of photos, from their headers."""
    return {name: size_and_turn(path) for name, path in photos.items()}


def turns_of(
    shots: Iterable[Shot], files: Mapping[str, Stored]
) -> tuple[dict[str, int], list[str]]:
    """The EXIF orientation to apply to each photo that is to be turned, and notes.

    Photos that do not show by their size how their camera was computed (turned by 180 degrees,
    mirrored, or square) follow the others, since one program computed all cameras. If no photo
    shows it, all stay as they are stored: COLMAP's rule.
    """
    turns: dict[str, int] = {}
    unclear: dict[str, int] = {}
    stored = 0
    for shot in shots:
        size, turn = files.get(shot.name, (shot.intrinsics.size, 1))
        if turn == 1:
            continue
        as_stored = same_shape(size, shot.intrinsics.size)
        as_turned = same_shape(turned_size(size, turn), shot.intrinsics.size)
        if as_stored and as_turned:
            unclear[shot.name] = turn
        elif as_turned:
            turns[shot.name] = turn
        else:
            stored += 1
    notes = []
    if turns:
        notes.append(
            f"{part(len(turns), len(files), 'photo')} turned as the EXIF data says, because the "
            "cameras are for the turned size."
        )
    if not unclear:
        return turns, notes
    if turns and not stored:
        notes.append(f"{len(unclear)} more turned like these, though the size does not tell.")
        return turns | unclear, notes
    if not stored:
        notes.append(
            f"{part(len(unclear), len(files), 'photo')} used as stored, which is COLMAP's rule: "
            "the EXIF data asks for a turn of which the size does not tell. If the cameras do "
            "not fit, remove the turn from the photos, or turn their pixels."
        )
    return turns, notes
