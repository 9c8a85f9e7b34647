"""Small .ksplat files, written field by field from the description of the format."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

HALF, RANGE = "<e", 32767
# By level: the letters of `struct` for scales and quaternions, and for harmonics.
LETTERS = {0: ("f", "f"), 1: ("e", "e"), 2: ("e", "B")}


@dataclass
class Section:
    """The splats of one section, as Python numbers, and how its buckets are filled."""

    means: list
    scales: list
    quats: list
    rgba: list  # bytes
    harmonics: list  # per splat: red of degree 1, green, blue, red of degree 2, ...
    degree: int = 0
    # Of each bucket: its center, and how many splats it has. The first `full` ones are full.
    buckets: tuple = ()
    full: int = 0
    block: float = 5.0
    room: int = 0  # records that are reserved and empty


def write(path, sections, *, level, sh=(0.0, 0.0), declared_range=0, count=None):
    """Write sections into a file of this level; `count` is a lie for the header."""
    total = sum(len(section.means) for section in sections)
    head = bytearray(4096)
    struct.pack_into("<BB", head, 0, 0, 1)
    struct.pack_into("<IIII", head, 4, len(sections), len(sections), total, total)
    struct.pack_into("<I", head, 16, total if count is None else count)
    struct.pack_into("<H", head, 20, level)
    struct.pack_into("<5f", head, 24, 0, 0, 0, *sh)
    heads, bodies = b"", b""
    for section in sections:
        heads += _head(section, declared_range)
        bodies += _body(section, level, sh, declared_range or RANGE)
    path.write_bytes(bytes(head) + heads + bodies)
    return path


def _head(section, declared_range):
    head, n = bytearray(1024), len(section.means)
    size = section.buckets[0][1] if section.full else 256
    struct.pack_into("<IIII", head, 0, n, n + section.room, size, len(section.buckets))
    struct.pack_into("<fHxxI", head, 16, section.block, 12, declared_range)
    partial = len(section.buckets) - section.full
    struct.pack_into("<IIH", head, 32, section.full, partial, section.degree)
    return bytes(head)


def _body(section, level, sh, largest):
    shape, harmonic = LETTERS[level]
    body = b"".join(struct.pack("<I", length) for _, length in section.buckets[section.full :])
    body += b"".join(struct.pack("<3f", *center) for center, _ in section.buckets)
    bucket_of = [b for b, (_, length) in enumerate(section.buckets) for _ in range(length)]
    for i, mean in enumerate(section.means):
        if level:
            center, step = section.buckets[bucket_of[i]][0], section.block / 2 / largest
            body += struct.pack(
                "<3H", *(round((x - c) / step) + largest for x, c in zip(mean, center, strict=True))
            )
        else:
            body += struct.pack("<3f", *mean)
        body += struct.pack(f"<3{shape}4{shape}", *section.scales[i], *section.quats[i])
        body += struct.pack("<4B", *section.rgba[i])
        values = section.harmonics[i]
        if level == 2:
            low, high = sh[0] or -1.5, sh[1] or 1.5
            values = [round((value - low) / (high - low) * 255) for value in values]
        body += struct.pack(f"<{len(values)}{harmonic}", *values)
    empty = len(_record(level, section.degree))
    return body + bytes(empty * section.room)


def _record(level, degree):
    shape, harmonic = LETTERS[level]
    position = "3H" if level else "3f"
    return bytes(struct.calcsize(f"<{position}7{shape}4B{3 * ((degree + 1) ** 2 - 1)}{harmonic}"))


def section(n=7, *, degree=0, seed=0, buckets=(), full=0, room=0):
    """Random splats; with buckets they lie around the centers of theirs."""
    random = np.random.default_rng(seed)
    means = random.uniform(-2, 2, (n, 3))
    if buckets:
        means += np.repeat([center for center, _ in buckets], [size for _, size in buckets], 0)[:n]
    quats = random.normal(size=(n, 4))
    quats /= np.linalg.norm(quats, axis=1, keepdims=True)
    harmonics = random.uniform(-1, 1, (n, 3 * ((degree + 1) ** 2 - 1)))
    return Section(
        means.tolist(), random.uniform(0.01, 1, (n, 3)).tolist(), quats.tolist(),
        random.integers(0, 256, (n, 4)).tolist(), harmonics.tolist(),
        degree, tuple(buckets), full, room=room,
    )  # fmt: skip
