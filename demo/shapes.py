"""Meshes to build things from: boxes, balls, lathed shapes, bent tubes and leaves.

Every function adds one object to the scene and returns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bmesh
import bpy
import numpy as np

Point = tuple[float, float, float]


def box(
    size: Point,
    at: Point = (0, 0, 0),
    *,
    turn: Point = (0, 0, 0),
    bevel: float = 0.04,
    material: Any,
) -> Any:
    """A box of `size` around `at` with rounded edges; `turn` is Euler angles XYZ in radians."""
    mesh = bmesh.new()
    bmesh.ops.create_cube(mesh, size=1)
    thing = _placed(mesh, material, at, turn)
    thing.data.transform(_diagonal(size))
    modifier = thing.modifiers.new("bevel", "BEVEL")
    modifier.width, modifier.segments = bevel, 3
    return thing


def ball(radius: float, at: Point, *, squash: float = 1.0, material: Any) -> Any:
    """A sphere that is `squash` times as high as wide."""
    mesh = bmesh.new()
    bmesh.ops.create_uvsphere(mesh, u_segments=48, v_segments=32, radius=radius)
    thing = _placed(mesh, material, at)
    thing.data.transform(_diagonal((1, 1, squash)))
    return thing


def monkey(size: float, at: Point, *, turn: Point = (0, 0, 0), material: Any) -> Any:
    """Blender's own test model, Suzanne."""
    mesh = bmesh.new()
    bmesh.ops.create_monkey(mesh)
    thing = _placed(mesh, material, at, turn)
    thing.data.transform(_diagonal((size, size, size)))
    return _smooth(thing, 2)


def lathe(
    profile: Sequence[tuple[float, float]],
    at: Point = (0, 0, 0),
    *,
    material: Any,
    sharp: bool = False,
) -> Any:
    """A profile of (radius, height) that is turned around the z axis; smoothed unless `sharp`."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    rings = [[(r * np.cos(a), r * np.sin(a), z) for a in angles] for r, z in profile]
    return _smooth(_skin(rings, material, at), 0 if sharp else 2)


def tube(
    path: Sequence[Point], radii: Sequence[float], at: Point = (0, 0, 0), *, material: Any
) -> Any:
    """A round tube along `path` with a radius at each of its points, closed at both ends."""
    points = np.asarray(path, float)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    side = np.cross(tangents[0], [0.3, 0.9, 0.2])
    angles, rings = np.linspace(0, 2 * np.pi, 16, endpoint=False), []
    for point, tangent, radius in zip(points, tangents, radii, strict=True):
        # The side direction is carried along the path without twisting.
        side = side - tangent * (side @ tangent)
        side /= np.linalg.norm(side)
        other = np.cross(tangent, side)
        rings.append(
            [tuple(point + radius * (np.cos(a) * side + np.sin(a) * other)) for a in angles]
        )
    ends = [[tuple(points[0])] * 16], [[tuple(points[-1])] * 16]
    return _smooth(_skin([*ends[0], *rings, *ends[1]], material, at), 1)


def leaf(length: float, width: float, at: Point, *, turn: Point, bend: float, material: Any) -> Any:
    """A pointed leaf that grows from `at` along its x axis and bends down by `bend` radians."""
    along, across = np.meshgrid(np.linspace(0, 1, 13), np.linspace(-1, 1, 7), indexing="ij")
    half = width / 2 * np.sin(np.pi * along**0.8) ** 0.8 + 0.02
    angle = bend * along
    x = length * np.sinc(angle / np.pi) * along
    # The second term folds the leaf a little along the middle.
    z = -length * along * angle / 2 + 0.25 * half * np.abs(across)
    points = np.stack([x, across * half, z], -1)
    thing = _placed(_grid(points), material, at, turn)
    thing.modifiers.new("thickness", "SOLIDIFY").thickness = 0.03
    return _smooth(thing, 1)


def _skin(rings: Sequence[Sequence[Point]], material: Any, at: Point) -> Any:
    points = np.array(rings, float)
    return _placed(_grid(np.concatenate([points, points[:, :1]], 1)), material, at)


def _grid(points: np.ndarray) -> Any:
    """A sheet of quads through points (rows, columns, 3); coinciding points are merged."""
    rows, columns = points.shape[:2]
    mesh = bmesh.new()
    corners = [[mesh.verts.new(p) for p in row] for row in points]
    for i in range(rows - 1):
        for j in range(columns - 1):
            upper, lower = corners[i], corners[i + 1]
            mesh.faces.new((upper[j], upper[j + 1], lower[j + 1], lower[j]))
    bmesh.ops.remove_doubles(mesh, verts=mesh.verts, dist=1e-5)
    bmesh.ops.recalc_face_normals(mesh, faces=mesh.faces)
    return mesh


def _placed(mesh: Any, material: Any, at: Point, turn: Point = (0, 0, 0)) -> Any:
    for face in mesh.faces:
        face.smooth = True
    data = bpy.data.meshes.new("part")
    mesh.to_mesh(data)
    mesh.free()
    data.materials.append(material)
    thing = bpy.data.objects.new("part", data)
    thing.location, thing.rotation_euler = at, turn
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _smooth(thing: Any, levels: int) -> Any:
    if levels:
        thing.modifiers.new("smooth", "SUBSURF").render_levels = levels
    return thing


def _diagonal(scale: Point) -> Any:
    from mathutils import Matrix

    return Matrix.Diagonal((*scale, 1))
