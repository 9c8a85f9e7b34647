"""Splat objects to files, and points of other importers to splat objects.

A file's own numbers (log scales, logit opacities, quaternions of any length) cannot be computed
back bit for bit from the values that Blender shows. So hidden attributes keep them, and they are
written again wherever they still give the splat's present values. Untouched splats are written as
they were read (reading.py), even if the source file is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.io import formats
from ...ludvig_engine.io.activation import activate, log_scales, logits
from ...ludvig_engine.scene import Gaussians
from ..maths import transform
from ..translation.say import say_report
from . import attributes, file_segments, frame, making, reading, splats
from .file_segments import Kept

if TYPE_CHECKING:
    from .types import Geometry, SplatObject


def adopt(thing: bpy.types.Object) -> tuple[SplatObject, int]:
    """A new splat object from attributes named as in a PLY, and the number of unusable points.

    It is in no collection yet. Raises `EngineError` if the harmonics are incomplete.
    """
    points = thing.data
    assert isinstance(points, bpy.types.PointCloud | bpy.types.Mesh)
    known = _floats(points)
    rest = sum(name.startswith("f_rest_") for name in known)
    if rest % 3 or rest // 3 not in splats.SH_COUNTS:
        raise EngineError(
            "bad_input",
            say_report(
                '"{name}" has {count} f_rest attributes; splats have 0, 9, 24, 45 or 72.',
                name=thing.name,
                count=rest,
            ),
            ["Import the file again with File > Import > Gaussian Splats."],
        )

    def joined(prefix: str, width: int) -> np.ndarray:
        return np.stack([known.pop(f"{prefix}{i}") for i in range(width)], axis=1)

    stored = {".ply_opacity": known.pop("opacity")}
    stored |= {".ply_scale": joined("scale_", 3), ".ply_rotation": joined("rot_", 4)}
    shN = np.empty((attributes.count(points), 0, 3), np.float32)
    if rest:
        shN = np.ascontiguousarray(
            joined("f_rest_", rest).reshape(-1, 3, rest // 3).transpose(0, 2, 1)
        )
    means = attributes.get(points, "position")
    assert means is not None
    raw = Gaussians(
        means=means,
        quats=stored[".ply_rotation"].copy(),
        scales=stored[".ply_scale"].copy(),
        opacities=stored[".ply_opacity"].copy(),
        sh0=joined("f_dc_", 3)[:, None],
        shN=shN,
    )
    extras = {name: values for name, values in known.items() if not name.startswith(".")}
    file, kept = file_segments.restored(activate(raw, extras))
    columns, *_ = reading.columns(thing.name, file, stored)
    new = making.made(making.steps(thing.name, columns))
    file_segments.add(new, kept)
    return new, int((~file.valid).sum())


def _floats(geometry: Geometry) -> dict[str, np.ndarray]:
    """All FLOAT attributes, by name."""
    found = {name: attributes.get(geometry, name) for name in attributes.names(geometry, "FLOAT")}
    return {name: values for name, values in found.items() if values is not None}


@dataclass(frozen=True)
class Saved:
    """What an export has written, and what the format has no place for."""

    count: int  # of splats
    unnamed: int  # segments whose names, colors and certainties are lost


@dataclass(frozen=True)
class _Part:
    """What an object adds to a file."""

    gaussians: Gaussians
    numbers: dict[str, np.ndarray]  # instead of those of the Gaussians, by property
    extras: dict[str, np.ndarray]  # beside them, by attribute
    segments: dict[str, Kept]  # by the attribute with the scores


def _named(parts: Sequence[_Part]) -> tuple[dict[str, np.ndarray], list[str]]:
    """The further properties of a file, each for all of its splats, and its segments' comments."""
    named: dict[tuple[str, float | None], str] = {}
    comments: list[str] = []
    tables = []
    for part in parts:
        table = dict(part.numbers)
        for attribute, values in part.extras.items():
            kept = part.segments.get(attribute)
            key = attribute, kept.threshold if kept else None
            if key not in named:
                named[key] = file_segments.property_name(attribute, named.values())
                comments += [file_segments.comment(named[key], kept)] if kept else []
            table.setdefault(named[key], values)
        tables.append(table)
    nothing = [np.zeros(len(part.gaussians), np.float32) for part in parts]
    extras = {
        name: np.concatenate(
            [table.get(name, zeros) for table, zeros in zip(tables, nothing, strict=True)]
        )
        for name in dict.fromkeys(name for table in tables for name in table)
    }
    return extras, comments


def save(
    path: str, objects: Sequence[SplatObject], *, only_selected: bool, to_file: np.ndarray | None
) -> Saved:
    """Write splat objects into one file, in the format of its ending.

    `to_file` (4, 4) maps world space to the file's; None leaves every object in its own frame.
    Segments of several objects are one in the file if their names and certainties are the same.
    Raises `EngineError`.
    """
    format, write = formats.by_ending(path), formats.writer(path)
    parts = [_part(thing, only_selected, to_file) for thing in objects]
    parts = [part for part in parts if len(part.gaussians)]
    if not parts and only_selected:
        how = ["Select splats in Edit Mode, or turn Only Selected off."]
        raise EngineError("bad_input", "No splat is selected.", how)
    if not parts:
        how = ["Select a splat object."]
        raise EngineError("bad_input", "There are no splats to export.", how)
    widest = max(part.gaussians.shN.shape[1] for part in parts)
    whole = Gaussians.joined([_with_coefficients(part.gaussians, widest) for part in parts])
    extras, comments = _named(parts)
    if format is not None and format.comments:
        write(path, whole, extras=extras, comments=tuple(comments))
        return Saved(len(whole), 0)
    write(path, whole, extras=extras)
    return Saved(len(whole), len(comments))


def _part(thing: SplatObject, only_selected: bool, to_file: np.ndarray | None) -> _Part:
    cloud = thing.data
    gaussians = splats.read(cloud)
    extras = {name: splats.required(cloud, name) for name in splats.extra_names(cloud)}
    stored = {name: attributes.get(cloud, name) for name in reading.STORED}
    kept = {
        segment.attribute: Kept(segment.name, segment.threshold, tuple(segment.color))
        for segment in thing.ludvig.segments
        if segment.attribute in extras
    }
    order = _file_order(cloud)
    if only_selected:
        order = order[splats.selection(cloud)[order]]
    if not np.array_equal(order, np.arange(len(gaussians))):
        gaussians = gaussians.take(order)
        extras = {name: values[order] for name, values in extras.items()}
        stored = {
            name: None if values is None else values[order] for name, values in stored.items()
        }
    if only_selected:
        for name in [n for n, one in kept.items() if not (extras[n] > one.threshold).any()]:
            del kept[name], extras[name]  # a segment of other splats
    if to_file is not None:
        gaussians = transform.apply(gaussians, to_file @ np.array(thing.matrix_world, np.float64))
    else:
        gaussians = replace(gaussians, means=gaussians.means + frame.origin(thing))
    return _Part(gaussians, _file_numbers(gaussians, *stored.values()), extras, kept)


def _file_order(cloud: bpy.types.PointCloud) -> np.ndarray:
    """The points in the order of the file that they come from, those of no file last."""
    rows = attributes.get(cloud, splats.ROW)
    if rows is None:
        return np.arange(attributes.count(cloud))
    return np.argsort(rows.view(np.uint32), kind="stable")  # the row -1 stands for no file


def _with_coefficients(gaussians: Gaussians, count: int) -> Gaussians:
    missing = count - gaussians.shN.shape[1]
    if not missing:
        return gaussians
    return replace(gaussians, shN=np.pad(gaussians.shN, ((0, 0), (0, missing), (0, 0))))


def _file_numbers(
    gaussians: Gaussians,
    opacity: np.ndarray | None,
    scale: np.ndarray | None,
    rotation: np.ndarray | None,
) -> dict[str, np.ndarray]:
    """What to write as opacity, scale_* and rot_*.

    These are the file's own numbers where they still give the splat's values.
    """
    logit = logits(gaussians)
    log_scale = log_scales(gaussians)
    quats = gaussians.quats
    if opacity is not None and scale is not None and rotation is not None:
        file = replace(
            gaussians, quats=rotation.copy(), scales=scale.copy(), opacities=opacity.copy()
        )
        before = activate(file).gaussians
        same_opacity = np.abs(before.opacities - gaussians.opacities) <= 1e-6
        same_scale = (np.abs(before.scales - gaussians.scales) <= 1e-6 * gaussians.scales).all(1)
        same_rotation = (np.abs(before.quats - gaussians.quats) <= 1e-6).all(1)
        logit = np.where(same_opacity, opacity, logit)
        log_scale = np.where(same_scale[:, None], scale, log_scale)
        quats = np.where(same_rotation[:, None], rotation, quats)
    columns = {"opacity": logit} | {f"scale_{i}": log_scale[:, i] for i in range(3)}
    return columns | {f"rot_{i}": quats[:, i] for i in range(4)}
