"""Small valid splat files of every format and version, built byte by byte."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from importlib import import_module

import numpy as np
from PIL import Image

from ...arrays import Array

N = 60
_PLACES = ("x", "y", "z")
_REST = ("opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3")
_COLORS = ("f_dc_0", "f_dc_1", "f_dc_2")
USUAL = (*_PLACES, *_COLORS, *(f"f_rest_{i}" for i in range(9)), *_REST)
MIP = (*_PLACES, *_COLORS, *_REST, "filter_3D")
FLAT = tuple(name for name in (*_PLACES, *_COLORS, *_REST) if name != "scale_2")
RGB = (*_PLACES, "red", "green", "blue", *_REST)
_TYPES = {"red": "u1", "green": "u1", "blue": "u1"}
_WORDS = ("packed_position", "packed_rotation", "packed_scale", "packed_color")


def ply(names: Sequence[str], order: str = "<") -> bytes:
    """A PLY with these properties; `order` is "<", ">", or "" for text."""
    random = np.random.default_rng(0)
    rows = np.empty(N, [(name, (order or "<") + _TYPES.get(name, "f4")) for name in names])
    for name in names:
        bytes_ = rows.dtype[name].kind == "u"
        rows[name] = random.integers(0, 256, N) if bytes_ else random.normal(-1, 1, N)
    format_ = {"<": "binary_little_endian", ">": "binary_big_endian", "": "ascii"}[order]
    types = ["uchar" if name in _TYPES else "float" for name in names]
    lines = ["ply", f"format {format_} 1.0", "comment made by a test", "element face 2"]
    lines += ["property list uchar int vertex_indices", f"element vertex {N}"]
    lines += [f"property {type_} {name}" for type_, name in zip(types, names, strict=True)]
    head = "\n".join([*lines, "end_header\n"]).encode()
    if not order:
        body = "".join(" ".join(f"{value:g}" for value in row) + "\n" for row in rows.tolist())
        return head + b"3 0 1 2\n2 3 4\n" + body.encode()
    faces = struct.pack(f"{order}B3iB2i", 3, 0, 1, 2, 2, 3, 4)
    return head + faces + rows.tobytes()


def compressed_ply() -> bytes:
    """A compressed PLY with harmonics of degree 1."""
    random = np.random.default_rng(0)
    axes = ("x", "y", "z", "scale_x", "scale_y", "scale_z", "r", "g", "b")
    lines = ["ply", "format binary_little_endian 1.0", "element chunk 1"]
    lines += [f"property float {end}_{axis}" for end in ("min", "max") for axis in axes]
    lines += [f"element vertex {N}", *(f"property uint {name}" for name in _WORDS)]
    lines += [f"element sh {N}", *(f"property uchar f_rest_{i}" for i in range(9)), "end_header\n"]
    chunk = np.repeat(np.array([-1, 1], np.float32), 9).tobytes()
    return "\n".join(lines).encode() + chunk + random.bytes(16 * N + 9 * N)


def splat() -> bytes:
    """A .splat file."""
    random = np.random.default_rng(0)
    numbers = np.c_[random.normal(size=(N, 3)), random.uniform(0.01, 0.1, (N, 3))]
    rest = random.integers(0, 256, (N, 8), np.uint8)
    return b"".join(
        row.astype("<f4").tobytes() + more.tobytes()
        for row, more in zip(numbers, rest, strict=True)
    )


def ksplat(level: int) -> Mapping[str, bytes]:
    """The parts of a .ksplat of degree 1: the fields of its headers, and the rest.

    `headed` makes a file of them. Most bytes of its headers are unused.
    """
    random = np.random.default_rng(0)
    head = struct.pack("<BBxxIIIIHxx5f", 0, 1, 1, 1, N, N, level, 0, 0, 0, -1.5, 1.5)
    full, size = 3, 16
    section = struct.pack("<IIIIfHxxIIIIH", N, N, size, full + 1, 5.0, 12, 32767, 0, full, 1, 1)
    buckets = struct.pack("<I", N - full * size)
    buckets += random.normal(size=3 * (full + 1)).astype("<f4").tobytes()
    numbers = random.normal(size=(N, 10)).astype("<f4" if level == 0 else "<f2")
    means = numbers[:, :3] if level == 0 else random.integers(0, 65536, (N, 3)).astype("<u2")
    harmonics = random.uniform(0, 2, (N, 9)).astype(("<f4", "<f2", "u1")[level])
    colors = random.integers(0, 256, (N, 4)).astype("u1")
    columns = [means, np.abs(numbers[:, 3:6]), numbers[:, 6:], colors, harmonics]
    parts = [np.ascontiguousarray(column).view("u1") for column in columns]
    return {"head": head, "section": section, "rest": buckets + np.hstack(parts).tobytes()}


def headed(parts: Mapping[str, bytes]) -> bytes:
    """A .ksplat from the fields of its headers and the rest."""
    head, section = parts["head"][:4096].ljust(4096, b"\0"), parts["section"][:1024]
    return head + section.ljust(1024, b"\0") + parts["rest"]


def spz(version: int) -> bytes:
    """An SPZ of degree 1, before it is gzipped (versions 2 and 3)."""
    random = np.random.default_rng(0)
    sizes = [N * k for k in (9, 1, 3, 3, 3 if version == 2 else 4, 9)]
    header = struct.pack("<4sIIBBB", b"NGSP", version, N, 1, 12, 0)
    arrays = [random.bytes(size) for size in sizes]
    if version < 4:
        return header + b"\0" + b"".join(arrays)
    zstandard = import_module("zstandard")  # an optional package
    packed = [zstandard.ZstdCompressor().compress(array) for array in arrays]
    table = b"".join(struct.pack("<QQ", len(p), s) for p, s in zip(packed, sizes, strict=True))
    return header + struct.pack("<BI12x", len(sizes), 32) + table + b"".join(packed)


def sog(version: int) -> dict[str, bytes]:
    """The parts of a SOG of degree 1."""
    random = np.random.default_rng(0)

    def image(pixels: Array) -> bytes:
        out = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(out, "WEBP", lossless=True, exact=True)
        return out.getvalue()

    def any_bytes(low: int = 0) -> Array:
        return np.concatenate(
            [random.integers(0, 256, (8, 8, 3)), random.integers(low, 256, (8, 8, 1))], 2
        )

    names = ("means_l", "means_u", "quats", "scales", "sh0", "shN_centroids", "shN_labels")
    files = {name: f"{name}.webp" for name in names}
    parts = {files[name]: image(any_bytes()) for name in ("means_l", "means_u", "scales", "sh0")}
    parts[files["quats"]] = image(any_bytes(252))
    parts[files["shN_centroids"]] = image(random.integers(0, 256, (1, 64 * 3, 3)))
    parts[files["shN_labels"]] = image(any_bytes() * [1, 0, 0, 1] % [64, 1, 1, 256])
    book = {"codebook": np.linspace(-1, 1, 256).tolist()}
    ranges = {"mins": [-1.0] * 3, "maxs": [1.0] * 3}
    wide = {"mins": [-1.0] * 4, "maxs": [1.0] * 4}
    whole = {"mins": -1.0, "maxs": 1.0}
    new = version == 2
    meta: dict[str, object] = {"version": 2, "count": N} if new else {}
    meta["means"] = {"shape": [N, 3], **ranges, "files": [files["means_l"], files["means_u"]]}
    meta["quats"] = {"files": [files["quats"]]}
    meta["scales"] = {**(book if new else ranges), "files": [files["scales"]]}
    meta["sh0"] = {**(book if new else wide), "files": [files["sh0"]]}
    meta["shN"] = {
        **(book if new else whole),
        "files": [files["shN_centroids"], files["shN_labels"]],
    }
    return {**parts, "meta.json": json.dumps(meta).encode()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    """The same, gzipped; quickly, as this is done for each attempt."""
    return gzip.compress(content, 1)
