"""The engine's views as Blender's cameras: in a collection, children of the splats, with the photo as their background.

A camera looks down its -z axis with y up (OpenGL), the engine's views down +z with y down (OpenCV).
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import paths

FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
SENSOR = 36.0  # mm; only its ratio to the focal length means anything
VIEW, SIZE = (
    "ludvig_view",
    "ludvig_size",
)  # custom properties of a camera object: the view's name; width and height
LENGTH = 0.05  # of a camera's drawing, relative to the distance between the cameras


def make(thing: Any, opened: Any) -> None:
    """Make the cameras of a splat object from `methods.SceneOpened`; earlier ones are replaced."""
    from mathutils import Matrix

    own = thing.ludvig_capture
    remove(thing)
    collection = bpy.data.collections.new(f"{thing.name} Cameras")
    own.cameras = collection
    (thing.users_collection or [bpy.context.scene.collection])[0].children.link(collection)
    places = np.linalg.inv(np.asarray(opened.viewmats, np.float64)) @ FLIP
    size = LENGTH * max(float(np.ptp(places[:, :3, 3], axis=0).max()), 1e-3) if len(places) else 1.0
    for index, name in enumerate(opened.names):
        data = bpy.data.cameras.new(name)
        set_lens(data, opened.Ks[index], opened.sizes[index])
        data.display_size = size
        view = bpy.data.objects.new(name, data)
        view[VIEW], view[SIZE] = name, [int(n) for n in opened.sizes[index]]
        view.parent, view.matrix_local = thing, Matrix(places[index].tolist())
        if path := opened.photos[index]:
            _photo(data, path, own)
        collection.objects.link(view)


def set_lens(data: Any, K: np.ndarray, size: np.ndarray) -> None:
    """Focal length and principal point of K (3, 3), in pixels of an image of `size` (width, height)."""
    width, height = (float(n) for n in size)
    data.type = "PERSP"
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = SENSOR
    data.lens = float(K[0, 0]) / width * SENSOR
    # Blender moves the picture, in units of its width and with y up; K says where the axis meets it, with y down.
    data.shift_x = (width / 2 - float(K[0, 2])) / width
    data.shift_y = (float(K[1, 2]) - height / 2) / width


def _photo(data: Any, path: str, own: Any) -> None:
    image = bpy.data.images.load(
        paths.relative(path), check_existing=True
    )  # its pixels wait until they are shown
    background = data.background_images.new()
    background.image = image
    background.display_depth = "FRONT"
    background.frame_method = "STRETCH"
    background.alpha = own.photo_opacity
    data.show_background_images = own.show_photos


def of(thing: Any) -> list[Any]:
    """The camera objects of a splat object."""
    collection = thing.ludvig_capture.cameras
    return [view for view in collection.objects if VIEW in view] if collection else []


def owner(view: Any) -> Any:
    """The splat object a camera belongs to, or None."""
    from . import splats

    return (
        view.parent if view is not None and VIEW in view and splats.is_splats(view.parent) else None
    )


def follow(own: Any) -> None:
    """Show the photos as the settings say."""
    for view in of(own.id_data):
        view.data.show_background_images = own.show_photos
        for background in view.data.background_images:
            background.alpha = own.photo_opacity


def remove(thing: Any) -> None:
    """Delete the cameras of a splat object, and their photos if nothing else shows them."""
    images = set()
    for view in of(thing):
        data = view.data
        images |= {background.image for background in data.background_images if background.image}
        bpy.data.objects.remove(view)
        if not data.users:
            bpy.data.cameras.remove(data)
    for image in images:
        if not image.users:
            bpy.data.images.remove(image)
    collection = thing.ludvig_capture.cameras
    if collection and not collection.objects and not collection.children:
        bpy.data.collections.remove(collection)
