"""A little capture as trainers leave it: three heaps of splats, photos of them, cameras.json."""

from __future__ import annotations

import json
import struct
import zlib

import numpy as np

import looks
import reference
from extension import blender_module

WIDTH = 96
HEIGHT = 64
FOCAL = 80.0
VIEWS = 6


def make(folder, *, moved=0.0):
    """Write scene.ply, cameras.json and images/, and return the path of the PLY.

    `moved` shifts the cameras after the photos were taken.
    """
    made = looks.heaps()
    colors = np.clip(0.5 + reference.C0 * made.sh0[:, 0].astype(np.float64), 0, 1)
    (folder / "images").mkdir(parents=True)
    cameras = []
    for n in range(VIEWS):
        angle = 2 * np.pi * n / VIEWS
        viewmat = look_at(
            np.array([10 * np.sin(angle), -3.0, 10 * np.cos(angle)]), looks.CENTERS.mean(0)
        )
        K = intrinsics(n)
        picture, _ = reference.render(
            made.means, made.quats, made.scales, made.opacities, colors, viewmat, K, WIDTH, HEIGHT
        )
        write_png(
            folder / "images" / f"{n}.png",
            np.rint(255 * np.clip(picture[..., :3], 0, 1)).astype(np.uint8),
        )
        pose = np.linalg.inv(viewmat)
        pose[:3, 3] += moved
        lens = {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
        place = {"position": pose[:3, 3].tolist(), "rotation": pose[:3, :3].tolist()}
        size = {"width": WIDTH, "height": HEIGHT}
        cameras.append({"id": n, "img_name": f"{n}.png", **size, **place, **lens})
    (folder / "cameras.json").write_text(json.dumps(cameras))
    flat = blender_module("ludvig_engine.scene").Gaussians(
        made.means, made.quats, made.scales, made.opacities, made.sh0, made.shN[:, :0]
    )
    path = folder / "scene.ply"
    blender_module("ludvig_engine.io.ply").write_ply(path, flat)
    return path


def intrinsics(n):
    """K (3, 3) of view `n`: each with a principal point of its own."""
    return np.array([[FOCAL, 0, WIDTH / 2 + n], [0, FOCAL, HEIGHT / 2 - 2 * n], [0, 0, 1]])


def look_at(eye, target):
    """World -> camera (4, 4), OpenCV axes, with the world's -y up."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    viewmat = np.eye(4)
    viewmat[:3, :3] = right, np.cross(forward, right), forward
    viewmat[:3, 3] = -viewmat[:3, :3] @ eye
    return viewmat


def write_png(path, pixels):
    """An 8-bit RGB picture (H, W, 3)."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
