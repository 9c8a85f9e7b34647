"""Splat objects to files, and points of other importers to splat objects.

A file's own numbers (log scales, logit opacities, quaternions of any length) cannot be computed
back bit for bit from the values that Blender shows. So hidden attributes keep them, and they are
written again wherever they still give the splat's present values. Untouched splats are written as
they were read (reading.py), even if the source file is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...ludvig_engine.errors import EngineError
from ...ludvig_engine.io import formats
from ...ludvig_engine.io.activation import activate, log_scales, logits
from ...ludvig_engine.scene import Gaussians
from ..maths import transform
from ..translation.say import say_report
from . import attributes, making, reading, splats

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

    def columns(prefix: str, width: int) -> np.ndarray:
        return np.stack([known.pop(f"{prefix}{i}") for i in range(width)], axis=1)

    stored = {".ply_opacity": known.pop("opacity")}
    stored |= {".ply_scale": columns("scale_", 3), ".ply_rotation": columns("rot_", 4)}
    shN = np.empty((attributes.count(points), 0, 3), np.float32)
    if rest:
        shN = np.ascontiguousarray(
            columns("f_rest_", rest).reshape(-1, 3, rest // 3).transpose(0, 2, 1)
        )
    means = attributes.get(points, "position")
    assert means is not None
    raw = Gaussians(
        means=means,
        quats=stored[".ply_rotation"].copy(),
        scales=stored[".ply_scale"].copy(),
        opacities=stored[".ply_opacity"].copy(),
        sh0=columns("f_dc_", 3)[:, None],
        shN=shN,
    )
    extras = {name: values for name, values in known.items() if not name.startswith(".")}
    file = activate(raw, extras)
    steps = making.steps(thing.name, reading.columns(thing.name, file, stored))
    return making.made(steps), int((~file.valid).sum())


def _floats(geometry: Geometry) -> dict[str, np.ndarray]:
    """All FLOAT attributes, by name."""
    found = {name: attributes.get(geometry, name) for name in attributes.names(geometry, "FLOAT")}
    return {name: values for name, values in found.items() if values is not None}


def save(
    path: str, objects: Sequence[SplatObject], *, only_selected: bool, to_file: np.ndarray | None
) -> int:
    """Write splat objects into one file, in the format of its ending; returns the number of splats.

    `to_file` (4, 4) maps world space to the file's; None writes every object in its own space.
    Raises `EngineError`.
    """
    write = formats.writer(path)
    parts = [_part(thing, only_selected, to_file) for thing in objects]
    parts = [part for part in parts if len(part[0])]
    if not parts and only_selected:
        how = ["Select splats in Edit Mode, or turn Only Selected off."]
        raise EngineError("bad_input", "No splat is selected.", how)
    if not parts:
        how = ["Select a splat object."]
        raise EngineError("bad_input", "There are no splats to export.", how)
    widest = max(gaussians.shN.shape[1] for gaussians, _ in parts)
    names = dict.fromkeys(name for _, columns in parts for name in columns)
    padded = [_with_coefficients(gaussians, widest) for gaussians, _ in parts]
    whole = Gaussians.joined(padded)
    extras = {
        name: np.concatenate(
            [columns.get(name, np.zeros(len(g), np.float32)) for g, columns in parts]
        )
        for name in names
    }
    write(path, whole, extras=extras)
    return len(whole)


def _part(
    thing: SplatObject, only_selected: bool, to_file: np.ndarray | None
) -> tuple[Gaussians, dict[str, np.ndarray]]:
    """An object's Gaussians, and the columns to write beside or instead of theirs."""
    cloud = thing.data
    gaussians = splats.read(cloud)
    columns = {name: splats.required(cloud, name) for name in splats.extra_names(cloud)}
    stored = {name: attributes.get(cloud, name) for name in reading.STORED}
    if only_selected:
        chosen = splats.selection(cloud)
        gaussians = gaussians.take(chosen)
        columns = {name: values[chosen] for name, values in columns.items()}
        stored = {
            name: None if values is None else values[chosen] for name, values in stored.items()
        }
    if to_file is not None:
        gaussians = transform.apply(gaussians, to_file @ np.array(thing.matrix_world, np.float64))
    columns = {
        "_".join(name.removeprefix("ply_").split()): values for name, values in columns.items()
    }
    return gaussians, columns | _file_numbers(gaussians, *stored.values())


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
