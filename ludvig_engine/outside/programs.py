"""Find programs by name, only where the user has said that programs are.

Windows looks for a program in the current folder before PATH, and so does `shutil.which` there.
The current folder may be one that was downloaded: a `uv.exe` in it must not be run. Standard
library only: this also runs inside Blender.
"""

from __future__ import annotations

import os
from pathlib import Path

from . import system

# Tells Windows not to look in the current folder. Programs that this one starts inherit it.
NOT_HERE = {"NoDefaultCurrentDirectoryInExePath": "1"}


def find(name: str) -> Path | None:
    """The program called `name` on PATH, as an absolute path; None if there is none.

    Entries of PATH that are empty or relative are passed over, because they mean a folder that
    depends on the current one.
    """
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        place = Path(entry.strip('"')) / system.program(name)
        if place.is_absolute() and place.is_file() and os.access(place, os.X_OK):
            return place
    return None
