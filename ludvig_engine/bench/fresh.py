"""Figures from a fresh process, whose peak of memory and loaded programs are nobody else's."""

from __future__ import annotations

import json
import subprocess
import sys


def measured(module: str, *sizes: int) -> dict[str, float]:
    """What `python -m module sizes...` prints, as JSON. What it says on stderr is shown."""
    command = [sys.executable, "-m", module, *map(str, sizes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
