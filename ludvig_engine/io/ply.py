"""Splats as PLY files, by property *name*: in any order, of any scalar type, binary or ascii.

Unknown properties are kept. The properties, as all trainers write them, are x y z, f_dc_0..2,
f_rest_0.. (channel-major: all coefficients of red, then of green, then of blue), opacity (logit),
scale_0..2 (log) and rot_0..3 (wxyz, any length). Standard library and NumPy only: this file also
runs inside Blender.

Files are processed in blocks of rows that fit the processor's cache. So the disk is read once, and
picking columns out of a block costs no more than a copy; picking 62 columns out of a whole file is
20 times slower.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from ..arrays import Array, Bool, Shaped
from ..errors import EngineError
from ..scene import Gaussians
from .activation import Splats, activated, checked, log_scales, logits
from .atomic import atomic_write
from .ply_columns import FILTER, Columns, columns_of, filtered, refuse_others
from .ply_header import Element, Header, read_header
from .ply_rows import BLOCK, read_rows
from .unpacked import open_unpacked


def read_ply(path: str | os.PathLike[str]) -> Splats:
    """Read a splat PLY, in the file's order; one that is gzipped or in a zip, too.

    What other trainers write instead of the usual columns is read as ply_columns.py says, and told
    in the notes. Raises `EngineError` "bad_file" if the file is not a PLY, is cut short, is
    compressed or a mesh, has no Gaussians, or lacks a property.
    """
    with open_unpacked(path) as file:
        header = read_header(file, path)
        refuse_others(header)
        known = columns_of(header)
        fields = header.vertex.fields
        rows = _rows(file, header, known)
        stored = _empty(header)
        columns = _columns(stored)
        if missing := [name for name in columns if name not in fields and name not in known.made]:
            raise header.bad(
                f"it has no property {', '.join(missing[:4])}{', ...' if len(missing) > 4 else ''}"
            )
        extras = {
            name: np.empty(len(stored), header.vertex.dtype[name].newbyteorder("="))
            for name in fields
            if name not in columns and (name == FILTER or name not in known.used)
        }
        start = 0
        for block in rows:
            end = start + len(block["x"])
            # A double beyond float32 becomes infinite, which makes its row invalid.
            with np.errstate(over="ignore", invalid="ignore"):
                for name, column in (columns | extras).items():
                    column[start:end] = block[name]
            start = end
    width = extras.pop(FILTER, None)
    gaussians = activated(stored)
    if width is not None:
        gaussians = filtered(gaussians, width.astype(np.float64))
    return replace(checked(gaussians, extras), notes=known.notes, comments=header.comments)


def read_blocks(path: str | os.PathLike[str]) -> Iterator[Mapping[str, Shaped[Array, " B"]]]:
    """The columns of a splat PLY as they are stored, those of 3DGS complete, block by block.

    Raises the errors of `read_ply` for a file that is not a PLY or is cut short.
    """
    with open_unpacked(path) as file:
        header = read_header(file, path)
        yield from _rows(file, header, columns_of(header))


def _rows(
    file: BinaryIO, header: Header, known: Columns
) -> Iterator[Mapping[str, Shaped[Array, " B"]]]:
    rows = read_rows(file, header)
    names = header.vertex.fields
    return (
        {name: block[name] for name in names}
        | {name: make(block) for name, make in known.made.items()}
        for block in rows
    )


def write_ply(
    path: str | os.PathLike[str],
    gaussians: Gaussians,
    *,
    extras: Mapping[str, Shaped[Array, " N"]] | None = None,
    comments: tuple[str, ...] = (),
) -> None:
    """Write Gaussians in the usual layout, then `extras` as float32 properties.

    The layout is x y z nx ny nz f_dc f_rest opacity scale rot. `comments` are whole lines of the
    header, "comment ...". Opacities of 0 and 1 and scales of 0
    are written as the nearest float32 whose logit or logarithm is finite. Raises `EngineError`
    "bad_input" if there is nothing to write or an extra does not fit, and the errors of
    `atomic_write`.
    """
    n = len(gaussians)
    stored = Gaussians(
        gaussians.means,
        gaussians.quats,
        log_scales(gaussians),
        logits(gaussians),
        gaussians.sh0,
        gaussians.shN,
    )
    normals = dict.fromkeys(("nx", "ny", "nz"), np.broadcast_to(np.float32(0), n))
    columns = (
        dict(zip("xyz", stored.means.T, strict=True))
        | normals
        | _columns(stored)
        | _checked(extras, n)
    )
    header = Header("", "<", (Element("vertex", n, dict.fromkeys(columns, "<f4")),), comments)
    blocks = (slice(start, start + BLOCK) for start in range(0, n, BLOCK))
    _write(
        path, header, ({name: column[rows] for name, column in columns.items()} for rows in blocks)
    )


def copy_ply(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    keep: Bool[Array, " F"],
    *,
    extras: Mapping[str, Shaped[Array, " F"]] | None = None,
) -> None:
    """Copy the kept rows of a PLY bit by bit, with all properties, and add `extras` as float32.

    An extra replaces the property of its name. Comments and byte order stay; an ascii file becomes
    binary. Elements other than `vertex` are left out, because faces and the like refer to rows by
    number. `target` may be `source`. Raises `EngineError` "bad_input" if `keep` or an extra has
    another length than the file.
    """
    with open_unpacked(source) as file:
        header = read_header(file, source)
        order = "<" if header.order == "=" else header.order
        if keep.shape != (header.vertex.count,) or keep.dtype != bool:
            raise _mismatch("The selection", keep, header.vertex.count)
        added = _checked(extras, len(keep))
        fields = dict(header.vertex.fields) | dict.fromkeys(added, order + "f4")
        kept = Header("", order, (Element("vertex", int(keep.sum()), fields),), header.comments)

        def blocks() -> Iterator[dict[str, Array]]:
            start = 0
            for block in read_rows(file, header):
                rows = slice(start, start + len(block))
                columns = {
                    name: added[name][rows] if name in added else block[name] for name in fields
                }
                yield {name: column[keep[rows]] for name, column in columns.items()}
                start += len(block)
            file.close()  # Windows cannot replace an open file

        _write(target, kept, blocks())


def _columns(stored: Gaussians) -> dict[str, Shaped[Array, " N"]]:
    """The columns of the Gaussians by the properties they are stored as, in the usual order."""
    s = stored.shN.shape[1]
    columns = dict(zip("xyz", stored.means.T, strict=True))
    columns |= {f"f_dc_{c}": stored.sh0[:, 0, c] for c in range(3)}
    columns |= {f"f_rest_{c * s + k}": stored.shN[:, k, c] for c in range(3) for k in range(s)}
    columns |= {"opacity": stored.opacities} | {f"scale_{i}": stored.scales[:, i] for i in range(3)}
    return columns | {f"rot_{i}": stored.quats[:, i] for i in range(4)}


def _empty(header: Header) -> Gaussians:
    """Uninitialized Gaussians, of the number and the degree that the header states."""
    n = header.vertex.count
    rest = sum(name.startswith("f_rest_") for name in header.vertex.fields)
    if rest not in (0, 9, 24, 45, 72):
        raise header.bad(
            f"it has {rest} f_rest properties, "
            "where 0, 9, 24, 45 or 72 make whole spherical harmonics"
        )
    shapes = [(n, 3), (n, 4), (n, 3), (n,), (n, 1, 3), (n, rest // 3, 3)]
    return Gaussians(*[np.empty(shape, np.float32) for shape in shapes])


def _checked(extras: Mapping[str, Array] | None, rows: int) -> dict[str, Array]:
    for name, values in (extras or {}).items():
        if values.shape != (rows,):
            raise _mismatch(name, values, rows)
        if not name or name != "".join(name.split()):
            raise EngineError(
                "bad_input", f'A PLY property cannot be called "{name}".', ["Leave out the spaces."]
            )
    return dict(extras or {})


def _mismatch(name: str, values: Array, rows: int) -> EngineError:
    return EngineError(
        "bad_input",
        f"{name} has {values.size:,} values (shape {values.shape}), "
        f"but there are {rows:,} splats in the file.",
        ["Use the result that was made from this file."],
    )


def _write(
    path: str | os.PathLike[str], header: Header, blocks: Iterable[Mapping[str, Array]]
) -> None:
    """Write a header, and the rows of its vertex element from blocks of columns."""
    vertex = header.vertex
    if not vertex.count:
        raise EngineError("bad_input", "There are no splats to write.", ["Select at least one."])
    with (
        atomic_write(path, needed=vertex.count * vertex.dtype.itemsize) as temporary,
        temporary.open("wb") as file,
    ):
        file.write(header.encode())
        for columns in blocks:
            block = np.empty(len(next(iter(columns.values()))), vertex.dtype)
            for name, column in columns.items():
                block[name] = column
            # Not tofile, whose error does not tell that the disk is full.
            file.write(block.data)
