"""What the user is told about cameras that have no photo, and why they have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import part, plural
from .camera_places import few
from .photo_search import Found
from .shots import shown


def about_photos(names: Sequence[str], found: Found, folders: Sequence[Path]) -> list[str]:
    """One sentence for each reason why cameras called `names` got no photo in `found`."""
    notes = []
    counts = Counter(names)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        cameras = sum(counts[name] for name in repeated)
        notes.append(
            f"No photo for {cameras} of {plural(len(names), 'camera')}, because they share "
            f"{plural(len(repeated), 'name')} ({_few(repeated)}), so it is unknown which camera "
            "took which photo: give the photos different names, or use the cameras of COLMAP, "
            "which keep folders and whole names."
        )
    if found.shared:
        notes.append(
            f"No photo for {len(found.shared)} of {plural(len(names), 'camera')}, because several "
            f"match the same file ({_few(found.shared)}): keep the photos in the folders that the "
            "cameras name, or under different names."
        )
    missing = [n for n in counts if counts[n] == 1 and n not in {*found.photos, *found.shared}]
    if len(missing) == len(names):
        where = [str(folder) for folder in dict.fromkeys(folders) if folder.is_dir()]
        notes.append(
            f"{plural(len(missing), 'photo was', 'photos were')} not found: {_few(missing)}. "
            f"Searched: {', '.join(where) or folders[0]}."
        )
    elif missing:
        notes.append(
            f"{part(len(missing), len(names), 'photo')} missing ({_few(missing)}): "
            "the cameras are kept."
        )
    return notes


def _few(names: Sequence[str]) -> str:
    return few([shown(name) for name in names])
