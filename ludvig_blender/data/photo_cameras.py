"""The engine's views as Blender cameras, each with its photo as background.

The cameras are children of the splat object, in a collection of their own.

A Blender camera looks along -z with y up (OpenGL), a view of the engine along +z with y down
(OpenCV).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import bpy
import numpy as np

from . import frame, paths

if TYPE_CHECKING:
    from ...ludvig_engine.wire.methods import SceneOpened
    from .types import CameraObject, Capture, SplatObject

FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
SENSOR = 36.0  # mm; only the ratio to the focal length matters
# Custom properties of a camera object: the view's name, and its width and height.
VIEW = "ludvig_view"
SIZE = "ludvig_size"
# The size at which a camera is drawn, relative to the extent of all cameras.
LENGTH = 0.05


def make(thing: SplatObject, opened: SceneOpened) -> None:
    """Make the cameras of a splat object from the engine's views; earlier ones are replaced."""
    from mathutils import Matrix

    own = thing.ludvig_capture
    remove(thing)
    collection = bpy.data.collections.new(f"{thing.name} Cameras")
    own.cameras = collection
    _collection_of(thing).children.link(collection)
    viewmats = np.asarray(opened.viewmats, np.float64) @ frame.shift(thing)
    places = np.linalg.inv(viewmats) @ FLIP
    size = LENGTH * max(float(np.ptp(places[:, :3, 3], axis=0).max()), 1e-3) if len(places) else 1.0
    for index, name in enumerate(opened.names):
        data = bpy.data.cameras.new(name)
        set_lens(data, opened.Ks[index], opened.sizes[index])
        data.display_size = size
        view = bpy.data.objects.new(name, data)
        view[VIEW] = name
        view[SIZE] = [int(n) for n in opened.sizes[index]]
        view.parent, view.matrix_local = thing, Matrix(places[index].tolist())
        if path := opened.photos[index]:
            _photo(data, path, own)
        collection.objects.link(view)
    # Blender does not place what is hidden, so they must be placed before.
    assert bpy.context.view_layer is not None
    bpy.context.view_layer.update()
    follow(own)


def _collection_of(thing: bpy.types.Object) -> bpy.types.Collection:
    """The first collection an object is in, else the scene's."""
    if thing.users_collection:
        return thing.users_collection[0]
    assert bpy.context.scene is not None
    return bpy.context.scene.collection


def set_lens(data: bpy.types.Camera, K: np.ndarray, size: np.ndarray) -> None:
    """Set focal length and principal point from K (3, 3), in pixels of a (width, height) image."""
    width, height = (float(n) for n in size)
    data.type = "PERSP"
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = SENSOR
    data.lens = float(K[0, 0]) / width * SENSOR
    # Blender's shift moves the image, in units of its width with y up. K gives the principal point,
    # with y down.
    data.shift_x = (width / 2 - float(K[0, 2])) / width
    data.shift_y = (float(K[1, 2]) - height / 2) / width


def _photo(data: bpy.types.Camera, path: str, own: Capture) -> None:
    # Blender reads the pixels only when the image is shown.
    image = bpy.data.images.load(paths.relative(path), check_existing=True)
    background = data.background_images.new()
    background.image = image
    background.display_depth = "FRONT"
    background.frame_method = "STRETCH"
    background.alpha = own.photo_opacity
    data.show_background_images = own.show_photos


def of(thing: SplatObject) -> list[CameraObject]:
    """The camera objects of a splat object."""
    collection = thing.ludvig_capture.cameras
    return [view for view in collection.objects if is_view(view)] if collection else []


def is_view(thing: bpy.types.Object) -> TypeGuard[CameraObject]:
    """Whether an object is a camera that was made here."""
    # The stubs do not know that `in` finds custom properties.
    return VIEW in thing and isinstance(thing.data, bpy.types.Camera)  # type: ignore[operator]


def owner(view: bpy.types.Object | None) -> SplatObject | None:
    """The splat object a camera belongs to, or None."""
    from . import splats

    if view is None or not is_view(view):
        return None
    parent = view.parent
    return parent if splats.is_splats(parent) else None


def follow(own: Capture) -> None:
    """Show the cameras and their photos as the settings say.

    Many cameras and the lines to their parent clutter the view. Blender draws the photo of a camera
    only if it draws the camera, so the one that is looked through is always shown.
    """
    assert bpy.context.scene is not None
    for view in of(own.id_data):
        view.hide_viewport = not own.show_cameras and view != bpy.context.scene.camera
        view.data.show_background_images = own.show_photos
        for background in view.data.background_images:
            background.alpha = own.photo_opacity


def remove(thing: SplatObject) -> None:
    """Delete the cameras of a splat object, and their photos if nothing else uses them."""
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
