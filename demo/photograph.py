"""Render photos of the arrangement, and record which surface each of their pixels shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ludvig_engine.arrays import Array, Float, Int
from ludvig_engine.scene import Camera

SENSOR = 36.0  # mm, the width
ORBITS = ((10, 13.0), (8, 32.0), (6, 54.0))  # number of photos, degrees above the horizon
DISTANCE, TARGET = 11.6, (0.0, 0.0, 1.1)

# Blender's z points up. In splat files y points down, as in COLMAP: (x, y, z) -> (x, -z, y).
TO_FILE = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])


@dataclass(frozen=True)
class Optics:
    """What all photos of a scene have in common."""

    width: int = 960  # pixels
    height: int = 640  # pixels
    lens: float = 42.0  # focal length in mm
    samples: int = 14  # of Cycles per pixel
    # Light that surfaces throw at each other is estimated: half the time, and softer corners.
    quick: bool = False


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


def stations(
    rings: Sequence[tuple[int, float]] = ORBITS,
    distance: float = DISTANCE,
    target: tuple[float, float, float] = TARGET,
    *,
    middle: float = 0.0,
    arc: float = 360.0,
) -> list[Any]:
    """Blender's camera-to-world matrices, around `target` in rings of (photos, degrees of height).

    A ring covers `arc` degrees, with its middle at `middle`; 0 degrees are along the x axis.
    """
    found = []
    for ring, (count, height) in enumerate(rings):
        for k in range(count):
            turn = 2 * math.pi * (k + ring / 3) / count
            if arc < 360:
                turn = math.radians(middle + arc * ((k + 0.5) / count - 0.5))
            rise = math.radians(height)
            # The distance varies, since nobody walks on a perfect circle.
            far = distance * (1 + 0.06 * math.sin(3.0 * k + ring))
            flat = math.cos(rise)
            direction = math.cos(turn) * flat, math.sin(turn) * flat, math.sin(rise)
            found.append(looking(Vector(target) + Vector(direction) * far, target))
    return found


def looking(eye: Any, target: tuple[float, float, float]) -> Any:
    """Blender's camera-to-world matrix of a camera at `eye` that looks at `target`."""
    facing = (Vector(target) - Vector(eye)).to_track_quat("-Z", "Y")
    return Matrix.Translation(eye) @ facing.to_matrix().to_4x4()


def photograph(
    folder: Path, places: Sequence[Any], optics: Optics, form: str = "photo_{:02d}.jpg"
) -> list[Shot]:
    """Render a photo from every place into `folder`: photo_00.jpg, photo_01.jpg, and so on.

    Names are of the `form`, and end in .jpg or .png.
    """
    scene, shots = bpy.context.scene, []
    for name, place in _visits(places, optics, form):
        _develop(scene, folder / name, optics.samples)
        shots.append(Shot(name, _camera(scene, place, optics.lens), *_survey(scene, folder)))
        print(f"{name} taken", flush=True)
    return shots


def render_only(folder: Path, places: Sequence[Any], optics: Optics, form: str) -> None:
    """Render as `photograph` does, without asking which surface the pixels show."""
    for name, _ in _visits(places, optics, form):
        _develop(bpy.context.scene, folder / name, optics.samples)


def _visits(places: Sequence[Any], optics: Optics, form: str) -> Iterator[tuple[str, Any]]:
    """Set Cycles up, and move the camera to one place after the other; name and place of each."""
    scene = bpy.context.scene
    if scene.camera is None:
        scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        scene.collection.objects.link(scene.camera)
    scene.camera.data.lens, scene.camera.data.sensor_width = optics.lens, SENSOR
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = optics.width
    scene.render.resolution_y = optics.height
    scene.render.use_persistent_data = True
    scene.cycles.seed, scene.cycles.max_bounces = 1, 4
    if optics.quick:
        scene.cycles.use_fast_gi, scene.cycles.fast_gi_method = True, "REPLACE"
        scene.cycles.ao_bounces_render = 1
        scene.cycles.denoising_quality, scene.cycles.denoising_prefilter = "FAST", "FAST"
    for number, place in enumerate(places):
        scene.camera.matrix_world = place
        yield form.format(number), place


def _develop(scene: Any, path: Path, samples: int) -> None:
    scene.cycles.samples, scene.cycles.use_denoising = samples, True
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.use_nodes = False
    kind = {".jpg": "JPEG", ".png": "PNG"}[path.suffix]
    scene.render.image_settings.file_format, scene.render.image_settings.quality = kind, 90
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)


def _survey(scene: Any, folder: Path) -> tuple[Array, Array, Array]:
    """The position, normal and thing at the center of each pixel."""
    # With one sample and a pixel filter of almost no width, Cycles samples the centers of pixels.
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.cycles.pixel_filter_type, scene.cycles.filter_width = "BOX", 0.01
    layer = bpy.context.view_layer
    # Glass is a thing too, though most light goes through it.
    layer.pass_alpha_threshold = 0
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


def _camera(scene: Any, place: Any, lens: float) -> Camera:
    width, height = scene.render.resolution_x, scene.render.resolution_y
    focal = lens / SENSOR * width
    opencv = np.diag([1.0, -1, -1, 1]) @ np.array(place.inverted()) @ TO_FILE.T
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    return Camera(opencv, K, width, height)
