"""What a process holds, as the system sees it: memory, threads and descriptors."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import EngineError
from ..outside import system


@dataclass(frozen=True)
class Vitals:
    memory: float  # resident MB
    threads: int
    descriptors: int  # open files and sockets

    @classmethod
    def of(cls, pid: int) -> Vitals:
        """Those of a running process. Raises `EngineError` where there is no /proc."""
        if not system.is_linux():
            raise EngineError(
                "unsupported",
                "This measurement reads /proc, which only Linux has.",
                ["Run it on Linux."],
            )
        folder = Path(f"/proc/{pid}")
        pages = int((folder / "statm").read_text().split()[1])
        counts = (len(list((folder / name).iterdir())) for name in ("task", "fd"))
        return cls(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, *counts)
