"""What the views say about each Gaussian: how much of it they show, in what colors, and where.

A view is a witness against a Gaussian if it sees a surface behind it, and if its photo has another
color where the Gaussian is drawn. Sizes are small, because a sum over pixels needs no sharp ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..arrays import Array, Float
from ..io.photos import read_photo
from ..progress import SILENT, Job
from ..rendering import adjoint, colours, render
from ..scene import Camera, Scene, View
from ..segmentation.fronts import reduced
from ..stages import FIND_FLOATERS

SIDE = 480  # pixels; the longer side of the pictures that views are compared in
# Of the depth that a view sees: a Gaussian is in front of the surface if it is nearer by this and
# three of its standard deviations, which together count at most `MOST`.
FRONT, MOST = 0.04, 0.3
OPAQUE = 0.5  # alpha from which on a pixel is taken to show a surface


@dataclass(frozen=True)
class Witnesses:
    """Sums over all views, per Gaussian."""

    weight: Float[Array, " N"]  # Σ w in pixels; 0 if no view shows it
    error: Float[Array, " N"]  # Σ w |color − photo|²
    spread: Float[Array, " N"]  # Σ w |photo − its mean|², with the mean weighted by w
    inside: Float[Array, " N"]  # the number of views that have its center in their picture
    front: Float[Array, " N"]  # the number of those that see a surface behind it
    # The smallest depth of its center, over the median depth of what the view has before it;
    # infinite if no view has it in its picture.
    near: Float[Array, " N"]


def hear(scene: Scene, *, job: Job = SILENT) -> Witnesses:
    """Ask all views that have a photo, or a render in its place. Raises `Cancelled`."""
    gaussians, n = scene.gaussians, len(scene)
    weight, error, squares, inside, front = (np.zeros(n) for _ in range(5))
    total, near = np.zeros((n, 3)), np.full(n, np.inf)
    for view in job.track([view for view in scene.views if view.pictured], FIND_FLOATERS):
        camera = reduced(view.camera, SIDE)
        photo = picture(view, camera)
        colors = colours(gaussians, camera.center)
        image = np.concatenate([photo, (photo**2).sum(0, keepdims=True)])
        sums, w = adjoint(gaussians, camera, image, raster=scene.raster, job=job)
        weight += w
        total += sums[:, :3]
        squares += sums[:, 3]
        products = (colors * sums[:, :3]).sum(1)
        error += np.maximum(sums[:, 3] - 2 * products + (colors**2).sum(1) * w, 0)
        rows, seen_behind, closeness = _places(scene, camera, job)
        inside[rows] += 1
        front[rows] += seen_behind
        near[rows] = np.minimum(near[rows], closeness)
    spread = np.maximum(squares - (total**2).sum(1) / np.maximum(weight, 1e-9), 0)
    values = (weight, error, spread, inside, front, near)
    return Witnesses(*(value.astype(np.float32) for value in values))


def _places(scene: Scene, camera: Camera, job: Job) -> tuple[Array, Array, Array]:
    """Who has its center in the picture, whether a surface is behind, and the relative depth."""
    means = scene.gaussians.means
    z = means @ camera.viewmat[2, :3] + camera.viewmat[2, 3]
    drawn, alpha = render(
        scene.gaussians, camera, z[:, None].astype(np.float32), raster=scene.raster, job=job
    )
    surface = np.divide(drawn[0], alpha, out=np.full_like(alpha, -1), where=alpha > OPAQUE)
    which, rows, columns, depth = camera.in_picture(means, scene.raster.near)
    size, behind = scene.gaussians.scales[which].max(1), surface[rows, columns]
    slack = np.minimum(FRONT * behind + 3 * size, MOST * behind)
    ahead = z[z > scene.raster.near]
    usual = float(np.median(ahead)) if len(ahead) else 1.0
    return which, (behind > 0) & (behind - depth > slack), depth / usual


def picture(view: View, camera: Camera) -> Float[Array, "3 H W"]:
    """The view's photo at the camera's size."""
    pixels = read_photo(view).pixels
    if pixels.shape[:2] != (camera.height, camera.width):
        image = Image.fromarray((pixels * 255).round().astype(np.uint8))
        image = image.resize((camera.width, camera.height), Image.Resampling.BOX)
        pixels = np.asarray(image, np.float32) / 255
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))
