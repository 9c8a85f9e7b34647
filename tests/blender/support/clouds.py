"""Small made-up splats, and short ways to put them into Blender."""

from __future__ import annotations

import bpy
import numpy as np

from extension import blender_module

FIELDS = ("means", "quats", "scales", "opacities", "sh0", "shN")


def gaussians(n=50, *, degree=3, seed=0, spread=1.0, scale=0.1):
    """Random Gaussians of all shapes and opacities."""
    rng = np.random.default_rng(seed)
    quats = rng.normal(size=(n, 4))
    return blender_module("ludvig_engine.scene").Gaussians(
        means=(spread * rng.normal(size=(n, 3))).astype(np.float32),
        quats=(quats / np.linalg.norm(quats, axis=1, keepdims=True)).astype(np.float32),
        scales=(scale * np.exp(rng.normal(size=(n, 3)) * 0.7)).astype(np.float32),
        opacities=rng.uniform(0.02, 0.98, n).astype(np.float32),
        sh0=rng.normal(size=(n, 1, 3)).astype(np.float32),
        shN=(0.2 * rng.normal(size=(n, (degree + 1) ** 2 - 1, 3))).astype(np.float32),
    )


def write_ply(path, made=None, *, extras=None, seed=0):
    """A PLY as trainers write it, with quaternions of any length.

    log and logit of the activated values do not give these numbers back.
    """
    made = made or gaussians(seed=seed)
    rng = np.random.default_rng(seed)
    raw = {
        f"rot_{i}": q
        for i, q in enumerate(
            (made.quats * rng.uniform(0.3, 3, (len(made), 1))).T.astype(np.float32)
        )
    }
    raw |= {"opacity": rng.normal(0, 8, len(made)).astype(np.float32)}
    raw |= {f"scale_{i}": rng.normal(-1, 2, len(made)).astype(np.float32) for i in range(3)}
    blender_module("ludvig_engine.io.ply").write_ply(path, made, extras=raw | (extras or {}))
    return path


def rows(cloud):
    """The row in the file of each splat, (N,); duplicated splats have the same row."""
    splats = blender_module("ludvig_blender.data.splats")
    known = blender_module("ludvig_blender.data.attributes").get(cloud, splats.ROW)
    return np.arange(len(cloud.points), dtype=np.int32) if known is None else known


def new_object(made=None, **options):
    """A splat object in no collection yet."""
    making = blender_module("ludvig_blender.data.making")
    columns = making.columns(made if made is not None else gaussians(), **options)
    return making.made(making.steps("splats", columns))


def splat_object(made=None, **options):
    """A splat object in the scene, selected and active."""
    thing = new_object(made, **options)
    bpy.context.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = thing
    thing.select_set(True)
    return thing


def columns(path):
    """Every property of a binary PLY, by an independent, naive reader."""
    data = path.read_bytes()
    head, body = data.split(b"end_header\n", 1)
    lines = head.decode().splitlines()
    assert lines[1] == "format binary_little_endian 1.0"
    names = [line.split()[2] for line in lines if line.startswith("property float ")]
    count = int(next(line for line in lines if line.startswith("element vertex")).split()[2])
    values = np.frombuffer(body, "<f4").reshape(count, len(names))
    return {name: values[:, i] for i, name in enumerate(names)}


def directions(n, seed=0):
    """Unit vectors (N, 3)."""
    d = np.random.default_rng(seed).normal(size=(n, 3))
    return d / np.linalg.norm(d, axis=1, keepdims=True)


def orthogonal(seed, mirror=False):
    """A random rotation matrix, or with `mirror` one of determinant -1."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return q * (np.sign(np.linalg.det(q)) * (-1 if mirror else 1))


def assert_same(a, b):
    """The same Gaussians, bit for bit."""
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(a, field), getattr(b, field), err_msg=field)
