"""Pictures of a scene, and of any values of its Gaussians: `render`."""

from __future__ import annotations

import numpy as np

from ..arrays import Array, Float, Shaped
from ..errors import EngineError
from ..io.photos import to_photo
from ..pictures import draw
from ..progress import SILENT, Job
from ..rendering import colours
from ..rendering import render as blend
from ..scene import Camera, Gaussians, Scene, View
from ..scene.raster import GSPLAT, Raster


def render(
    scene: Scene | Gaussians,
    view: str | Camera,
    values: Shaped[Array, "N ..."] | None = None,
    *,
    raster: Raster | None = None,
    job: Job = SILENT,
) -> Float[Array, "..."]:
    """Render the colors of a scene, or any values of its Gaussians, as a camera sees them.

    Args:
        scene: A scene, or Gaussians in the engine's order.
        view: The name of one of the scene's photos: the image then has the pixels of the photo
            file, its size and its distortion. Or a pinhole `Camera`, such as
            `scene.view(name).camera`: the image then has its pixels.
        values: What to render instead of colors, in the engine's order: scores or a selection (N,),
            or features (N, D).
        raster: Constants of the rasterizer, such as its near plane; None: those of the scene.
        job: Asked whether to go on.

    Returns:
        float32, rows downwards. Without `values` (H, W, 3): colors in 0..1, sRGB, over black. Of
        scores (H, W) and of features (D, H, W): in each pixel the mean of what it shows, weighted
        by the blending weights; 0 where it shows nothing.

    Raises:
        EngineError: "not_found" if no view has that name; "bad_input" if Gaussians alone are given
            with a name, or there are not N values.
    """
    gaussians = scene.gaussians if isinstance(scene, Scene) else scene
    raster = raster or (scene.raster if isinstance(scene, Scene) else GSPLAT)
    camera = view if isinstance(view, Camera) else _named(scene, view).camera
    if values is None:
        image, _ = blend(
            gaussians, camera, colours(gaussians, camera.center), raster=raster, job=job
        )
        image = np.clip(image, 0, 1)
    else:
        image = _means(gaussians, camera, values, raster, job)
    image = image.transpose(1, 2, 0)
    if isinstance(view, str):
        image = to_photo(_named(scene, view), image)
    if values is None:
        return np.ascontiguousarray(image)
    return np.ascontiguousarray(image[..., 0] if values.ndim == 1 else image.transpose(2, 0, 1))


def _named(scene: Scene | Gaussians, name: str) -> View:
    if isinstance(scene, Scene):
        return scene.view(name)
    raise EngineError(
        "bad_input",
        f'Gaussians alone have no view "{name}".',
        ["Give the scene, or a camera instead of a name."],
    )


def _means(
    gaussians: Gaussians, camera: Camera, values: Array, raster: Raster, job: Job
) -> Float[Array, "D H W"]:
    """Σ w v / Σ w per pixel."""
    if values.ndim not in (1, 2) or len(values) != len(gaussians):
        raise EngineError(
            "bad_input",
            f"The values have the shape {values.shape}, but there are {len(gaussians):,} splats.",
            ["Give (N,) or (N, D) in the engine's order; `scene.from_file` leads there."],
        )
    columns = values.astype(np.float32).reshape(len(values), -1)
    return draw.means(gaussians, camera, columns, raster=raster, job=job)[0]
