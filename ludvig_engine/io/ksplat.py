"""The .ksplat format of mkkellogg's GaussianSplats3D: sections of fixed-size records.

https://github.com/mkkellogg/GaussianSplats3D

A header of 4096 bytes and one of 1024 bytes per section say how the sections are stored. A record
holds a position, a scale, a quaternion (wxyz), a color with its opacity in 4 bytes, and spherical
harmonics: degree after degree, each channel-major. Level 0 stores float32. Levels 1 and 2 store
halves, and positions as 16-bit offsets from the center of a bucket, to which a run of splats
belongs; level 2 stores the harmonics as bytes within a range. NumPy only: this file also runs
inside Blender.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..arrays import Array, Float, Shaped
from ..errors import EngineError
from ..scene import Gaussians
from .activation import Splats, checked
from .files import read_records
from .quantized import sh0_from_colors
from .unpacked import open_unpacked

HEADER = np.dtype(
    {
        "names": ["major", "minor", "sections", "count", "level", "sh_low", "sh_high"],
        "formats": ["u1", "u1", "<u4", "<u4", "<u2", "<f4", "<f4"],
        "offsets": [0, 1, 4, 16, 20, 36, 40],
        "itemsize": 4096,
    }
)
SECTION = np.dtype(
    {
        "names": [
            *("count", "stored", "size", "buckets", "block", "bucket_bytes", "range"),
            *("full", "partial", "degree"),
        ],
        "formats": ["<u4", "<u4", "<u4", "<u4", "<f4", "<u2", "<u4", "<u4", "<u4", "<u2"],
        "offsets": [0, 4, 8, 12, 16, 20, 24, 32, 36, 40],
        "itemsize": 1024,
    }
)
# By level: the types of positions, of scales and quaternions, and of harmonics.
TYPES = (("<f4", "<f4", "<f4"), ("<u2", "<f2", "<f2"), ("<u2", "<f2", "u1"))
# What files mean that leave these fields 0, as those of the first versions do.
RANGE = 32767  # largest offset of a position
SH_RANGE = 1.5  # largest harmonic of level 2
MAX_DEGREE = 3  # the writer stops at 2, but other readers go on in the same way


@dataclass(frozen=True)
class _Layout:
    """What all sections of a file share."""

    level: int
    harmonics: tuple[float, float]  # what the bytes 0 and 255 of level 2 stand for
    bad: Callable[[str], EngineError]


# Numbers of damaged files overflow and are NaN. `checked` finds them afterwards.
@np.errstate(over="ignore", invalid="ignore")
def read_ksplat(path: str | os.PathLike[str]) -> Splats:
    """Read a .ksplat file, in its order.

    Raises `EngineError` "bad_file" if the file is damaged, cut short or of an unknown version.
    """
    name = Path(path).name

    def bad(reason: str) -> EngineError:
        how = ["Download or export the file again."]
        return EngineError("bad_file", f"{name} cannot be read: {reason}.", how)

    with open_unpacked(path) as file:
        headers = read_records(file, HEADER, 1)
        if not len(headers):
            raise bad("it is too short for a .ksplat")
        head = headers[0]
        if head["major"] != 0 or head["minor"] < 1 or head["level"] >= len(TYPES):
            raise bad(
                f"it is not a .ksplat, or of an unknown kind (version {head['major']}."
                f"{head['minor']}, compression level {head['level']})"
            )
        low, high = float(head["sh_low"]), float(head["sh_high"])
        layout = _Layout(int(head["level"]), (low or -SH_RANGE, high or SH_RANGE), bad)
        _check_rest(file, int(head["sections"]) * SECTION.itemsize, bad)
        sections = read_records(file, SECTION, int(head["sections"]))
        if sections["degree"].max(initial=0) > MAX_DEGREE:
            raise bad(f"its spherical harmonics have degree {sections['degree'].max()}")
        parts = [_read_section(file, section, layout) for section in sections]
    counts = sum(len(part) for part in parts)
    if not counts or counts != head["count"]:
        raise bad(f"its sections have {counts:,} of the {head['count']:,} splats of the header")
    widest = max(part.shN.shape[1] for part in parts)
    # Sections may differ in degree.
    shN = [np.pad(p.shN, ((0, 0), (0, widest - p.shN.shape[1]), (0, 0))) for p in parts]
    return checked(
        Gaussians(
            means=np.concatenate([part.means for part in parts]),
            quats=np.concatenate([part.quats for part in parts]),
            scales=np.concatenate([part.scales for part in parts]),
            opacities=np.concatenate([part.opacities for part in parts]),
            sh0=np.concatenate([part.sh0 for part in parts]),
            shN=np.concatenate(shN),
        )
    )


def _check_rest(file: BinaryIO, wanted: int, bad: Callable[[str], EngineError]) -> None:
    """Raise an error if fewer bytes follow, before memory is reserved for them."""
    here = file.tell()
    left = file.seek(0, os.SEEK_END) - here
    file.seek(here)
    if left < wanted:
        raise bad(f"it is cut short: {left:,} of {wanted:,} bytes are there")


def _read_section(file: BinaryIO, section: np.void, layout: _Layout) -> Gaussians:
    n, stored = int(section["count"]), int(section["stored"])
    position, shape, harmonic = TYPES[layout.level]
    components = 3 * ((int(section["degree"]) + 1) ** 2 - 1)
    record = np.dtype(
        [
            *(("mean", position, 3), ("scale", shape, 3), ("quat", shape, 4)),
            *(("rgba", "u1", 4), ("sh", harmonic, (components,))),
        ]
    )
    lengths_size = int(section["partial"]) * 4
    buckets_size = int(section["buckets"]) * int(section["bucket_bytes"])
    _check_rest(file, lengths_size + buckets_size + stored * record.itemsize, layout.bad)
    if n > stored:
        raise layout.bad(f"a section has {n:,} splats in the space of {stored:,}")
    lengths = np.frombuffer(file.read(lengths_size), "<u4")
    buckets = file.read(buckets_size)
    rows = read_records(file, record, n)
    file.seek((stored - n) * record.itemsize, os.SEEK_CUR)
    if len(rows) < n or len(buckets) < buckets_size:
        raise layout.bad("it became shorter while it was read")
    means = rows["mean"].astype(np.float32)
    if layout.level and n:
        largest = int(section["range"]) or RANGE
        # In float64, because the center of a bucket may be far from the origin.
        offsets = (rows["mean"].astype(np.float64) - largest) * (float(section["block"]) / 2)
        centers = _centers(section, lengths, buckets, n, layout)
        means = (offsets / largest + centers).astype(np.float32)
    rgba = rows["rgba"].astype(np.float32) / 255
    harmonics = rows["sh"].astype(np.float32)
    if layout.level == 2:
        low, high = layout.harmonics
        harmonics = (harmonics / 255 * (high - low) + low).astype(np.float32)
    return Gaussians(
        means=means,
        quats=rows["quat"].astype(np.float32),
        scales=rows["scale"].astype(np.float32),
        opacities=rgba[:, 3].copy(),
        sh0=sh0_from_colors(rgba[:, :3]),
        shN=_coefficients(harmonics),
    )


def _centers(
    section: np.void,
    lengths: Shaped[Array, " P"],
    buckets: bytes,
    n: int,
    layout: _Layout,
) -> Float[Array, "M 3"]:
    """The center of each splat's bucket: full buckets come first, then those of `lengths`."""
    width, full = int(section["bucket_bytes"]), int(section["full"])
    if width != 12 or full + len(lengths) > int(section["buckets"]):
        raise layout.bad(f"{int(section['buckets']):,} buckets of {width} bytes are damaged")
    sizes = np.concatenate([np.full(full, section["size"], np.uint32), lengths])
    # A bucket that claims billions of splats counts as one that holds all: so sums can't overflow.
    ends = np.minimum(sizes, n).astype(np.int64).cumsum()
    if not len(ends) or ends[-1] < n:
        raise layout.bad(f"its {len(ends):,} buckets do not hold {n:,} splats")
    centers = np.frombuffer(buckets, "<f4").reshape(-1, 3)
    return centers[np.searchsorted(ends, np.arange(n), side="right")].astype(np.float64)


def _coefficients(harmonics: Float[Array, "N C"]) -> Float[Array, "N S 3"]:
    """Coefficients with their channels, from degrees that are channel-major one by one."""
    total = harmonics.shape[1] // 3
    found = np.empty((len(harmonics), total, 3), np.float32)
    done, degree = 0, 1
    while done < total:
        count = 2 * degree + 1
        band = harmonics[:, 3 * done : 3 * (done + count)].reshape(-1, 3, count)
        found[:, done : done + count] = band.transpose(0, 2, 1)
        done += count
        degree += 1
    return found
