"""Render photos of the arrangement, and record which surface each of their pixels shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ludvig_engine.arrays import Array, Float, Int
from ludvig_engine.scene import Camera

WIDTH = 960  # pixels
HEIGHT = 640  # pixels
# Focal length in mm, on a sensor 36 mm wide.
LENS = 42.0
ORBITS = ((10, 13.0), (8, 32.0), (6, 54.0))  # number of photos, degrees above the horizon
DISTANCE, TARGET = 11.6, (0.0, 0.0, 1.1)

# Blender's z points up. In splat files y points down, as in COLMAP: (x, y, z) -> (x, -z, y).
TO_FILE = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])


@dataclass(frozen=True)
class Shot:
    """A photo with its camera and the surface at the center of each pixel.

    Positions and normals are in the space of the splat file.
    """

    name: str
    camera: Camera
    positions: Float[Array, "H W 3"]
    normals: Float[Array, "H W 3"]
    # 1, 2, ... in the order of the arrangement, and 0 for everything else.
    things: Int[Array, "H W"]


def stations() -> list[Any]:
    """Blender's camera-to-world matrices, all around the table at three heights."""
    found = []
    for ring, (count, height) in enumerate(ORBITS):
        for k in range(count):
            turn, rise = 2 * math.pi * (k + ring / 3) / count, math.radians(height)
            # The distance varies, since nobody walks on a perfect circle.
            far = DISTANCE * (1 + 0.06 * math.sin(3.0 * k + ring))
            flat = math.cos(rise)
            direction = math.cos(turn) * flat, math.sin(turn) * flat, math.sin(rise)
            offset = Vector(direction) * far
            facing = (-offset).to_track_quat("-Z", "Y").to_matrix().to_4x4()
            found.append(Matrix.Translation(Vector(TARGET) + offset) @ facing)
    return found


def photograph(folder: Path, *, samples: int, scale: float = 1.0) -> list[Shot]:
    """Render a photo of every station into `folder`: photo_00.jpg, photo_01.jpg, and so on."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens, camera.data.sensor_width = LENS, 36.0
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = round(WIDTH * scale)
    scene.render.resolution_y = round(HEIGHT * scale)
    scene.render.use_persistent_data = True
    scene.cycles.seed, scene.cycles.max_bounces = 1, 4
    shots = []
    for number, station in enumerate(stations()):
        camera.matrix_world = station
        name = f"photo_{number:02d}.jpg"
        _develop(scene, folder / name, samples)
        shots.append(Shot(name, _camera(scene, station), *_survey(scene, folder)))
        print(f"{name} taken", flush=True)
    return shots


def _develop(scene: Any, path: Path, samples: int) -> None:
    scene.cycles.samples, scene.cycles.use_denoising = samples, True
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.use_nodes = False
    scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", 90
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def _survey(scene: Any, folder: Path) -> tuple[Array, Array, Array]:
    """The position, normal and thing at the center of each pixel."""
    # With one sample and a pixel filter of almost no width, Cycles samples the centers of pixels.
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
    layer = bpy.context.view_layer
    layer.use_pass_position = layer.use_pass_normal = layer.use_pass_object_index = True
    scene.use_nodes = True
    nodes, links = scene.node_tree.nodes, scene.node_tree.links
    nodes.clear()
    source, sink = nodes.new("CompositorNodeRLayers"), nodes.new("CompositorNodeOutputFile")
    sink.base_path = str(folder)
    sink.format.file_format, sink.format.color_depth = "OPEN_EXR", "32"
    sink.file_slots.clear()
    passes = ("Position", "Normal", "IndexOB")
    for name in passes:
        sink.file_slots.new(name)
        links.new(source.outputs[name], sink.inputs[name])
    bpy.ops.render.render()
    position, normal, index = (
        _take(folder / f"{name}{scene.frame_current:04d}.exr") for name in passes
    )
    turn = TO_FILE[:3, :3].astype(np.float32)
    return position @ turn.T, normal @ turn.T, np.rint(index[..., 0]).astype(np.int32)


def _take(path: Path) -> Float[Array, "H W 3"]:
    """Read a float image, top row first, and delete it."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    path.unlink()
    return values.reshape(height, width, 4)[::-1, :, :3].copy()


def _camera(scene: Any, station: Any) -> Camera:
    width, height = scene.render.resolution_x, scene.render.resolution_y
    focal = LENS / 36.0 * width
    opencv = np.diag([1.0, -1, -1, 1]) @ np.array(station.inverted()) @ TO_FILE.T
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    return Camera(opencv, K, width, height)
