"""The .splat format of antimatter15's viewer: 32 bytes per splat, nothing else.

Position and scale are 3 float32 each, color and opacity 4 bytes, the quaternion (wxyz) 4 bytes
around 128.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..errors import EngineError
from ..scene import Gaussians
from .activation import Splats, checked
from .files import read_records
from .quantized import sh0_from_colors
from .unpacked import open_unpacked

RECORD = np.dtype([("mean", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("quat", "u1", 4)])


def read_splat(path: str | os.PathLike[str]) -> Splats:
    """Read a .splat file, in its order.

    Raises `EngineError` "bad_file" if the file is empty or cut short.
    """
    with open_unpacked(path) as file:
        size = file.seek(0, os.SEEK_END)
        if not size or size % RECORD.itemsize:
            raise EngineError(
                "bad_file",
                f"{Path(path).name} has {size:,} bytes, "
                "which is not a whole number of splats of 32 bytes.",
                ["Download or export the file again."],
            )
        file.seek(0)
        rows = read_records(file, RECORD, size // RECORD.itemsize)
        if len(rows) * RECORD.itemsize != size:
            raise EngineError(
                "bad_file",
                f"{Path(path).name} became shorter while it was read.",
                ["Try it again."],
            )
    rgba = rows["rgba"].astype(np.float32) / 255
    return checked(
        Gaussians(
            means=rows["mean"].astype(np.float32),
            quats=(rows["quat"].astype(np.float32) - 128) / 128,
            scales=rows["scale"].astype(np.float32),
            opacities=rgba[:, 3].copy(),
            sh0=sh0_from_colors(rgba[:, :3]),
            shN=np.empty((len(rows), 0, 3), np.float32),
        )
    )
