"""Small files of each splat format, with random positions and plain values for the rest."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile

import numpy as np

import clouds
import ksplat_files

COUNT = 300
NAMES = ("a.ply", "a.compressed.ply", "a.splat", "a.ksplat", "v2.spz", "v4.spz", "a.sog")


def write(folder, name):
    """A whole file of this name, of `COUNT` splats; its path."""
    path = folder / name
    writers = {
        "a.ply": lambda: clouds.write_ply(path, clouds.gaussians(COUNT)),
        "a.compressed.ply": lambda: path.write_bytes(_compressed()),
        "a.splat": lambda: path.write_bytes(_splat()),
        "a.ksplat": lambda: ksplat_files.write(path, [_section()], level=1),
        "v2.spz": lambda: path.write_bytes(_spz(2)),
        "v4.spz": lambda: path.write_bytes(_spz(4)),
        "a.sog": lambda: _bundle(path, sog()),
    }
    writers[name]()
    return path


def sog():
    """The parts of a SOG of version 2, by name. Splats are on a line, in the file's order."""
    from PIL import Image  # only where it is: Blender has none

    width = 20

    def image(rows):
        out = io.BytesIO()
        pixels = np.asarray(rows, np.uint8).reshape(-1, width, 4)
        Image.fromarray(pixels).save(out, "WEBP", lossless=True, exact=True)
        return out.getvalue()

    places = np.random.default_rng(0).integers(0, 256, (COUNT, 3))
    opaque = np.full((COUNT, 1), 255)
    flat = np.full((COUNT, 4), 128)
    names = ("means_l", "means_u", "scales", "quats", "sh0")
    images = (
        np.hstack([places, opaque]), np.hstack([places[:, ::-1], opaque]), flat,
        np.hstack([flat[:, :3], np.full((COUNT, 1), 252)]), flat,
    )  # fmt: skip
    parts = {f"{n}.webp": image(rows) for n, rows in zip(names, images, strict=True)}
    steps = np.linspace(-3, 0, 256).tolist()
    meta = {
        "version": 2,
        "count": COUNT,
        "means": {
            "mins": [-1, -1, -1],
            "maxs": [1, 1, 1],
            "files": ["means_l.webp", "means_u.webp"],
        },
        "scales": {"codebook": steps, "files": ["scales.webp"]},
        "quats": {"files": ["quats.webp"]},
        "sh0": {"codebook": steps, "files": ["sh0.webp"]},
    }
    return parts | {"meta.json": json.dumps(meta).encode()}


def _bundle(path, parts):
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in parts.items():
            bundle.writestr(name, content)


def _compressed():
    axes = ("x", "y", "z", "scale_x", "scale_y", "scale_z")
    lines = ["ply", "format binary_little_endian 1.0", "element chunk 2"]
    lines += [f"property float {end}_{axis}" for axis in axes for end in ("min", "max")]
    words = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
    lines += [f"element vertex {COUNT}", *(f"property uint {name}" for name in words), "end_header"]
    ranges = np.array([[-2, 2] * 3 + [-4, -3] * 3] * 2)
    rows = np.random.default_rng(1).integers(0, 2**32, (COUNT, 4), np.uint64)
    header = "\n".join([*lines, ""]).encode()
    return header + ranges.astype("<f4").tobytes() + rows.astype("<u4").tobytes()


def _splat():
    made = clouds.gaussians(COUNT)
    numbers = np.hstack([made.means, made.scales]).astype("<f4")
    rest = np.random.default_rng(2).integers(1, 120, (COUNT, 8)).astype("u1")
    return b"".join(a.tobytes() + b.tobytes() for a, b in zip(numbers, rest, strict=True))


def _section():
    return ksplat_files.section(COUNT, degree=1, buckets=[((1, 2, 3), COUNT)], full=1)


def _spz(version):
    random = np.random.default_rng(3)
    sizes = [COUNT * k for k in (9, 1, 3, 3, 3 if version == 2 else 4, 0)]
    streams = [random.integers(0, 200, size).astype("u1").tobytes() for size in sizes]
    if version == 2:
        return gzip.compress(
            struct.pack("<4sIIBBBB", b"NGSP", 2, COUNT, 0, 12, 0, 0) + b"".join(streams)
        )
    import zstandard  # an optional package of the engine

    packed = [zstandard.ZstdCompressor().compress(stream) for stream in streams]
    head = struct.pack("<4sIIBBBBI", b"NGSP", 4, COUNT, 0, 12, 0, len(packed), 32).ljust(32, b"\0")
    table = b"".join(
        struct.pack("<QQ", len(small), len(large))
        for small, large in zip(packed, streams, strict=True)
    )
    return head + table + b"".join(packed)
