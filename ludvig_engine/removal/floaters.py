"""How likely each Gaussian is a floater: something in the air that is on no surface.

A logistic regression of what the views say about it and of how it lies among its neighbors. A
floater is in front of what other views see, is seen by few of them, has another color than the
photos where it is drawn, and is far from others for its size. None of these is enough alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float
from ..graph.neighbors import nearest
from ..io.photos import read_photo
from ..progress import SILENT, Job
from ..rendering import adjoint, colours, render
from ..scene import Camera, Gaussians, Scene, View
from ..stages import FLOATERS

SIDE = 480  # pixels; the longer side of the pictures that views are compared in
NEIGHBORS = 8
# Of the depth that a view sees: a Gaussian nearer by this and three standard deviations is in front
# of the surface, and one within it is on the surface.
FRONT = 0.04


@dataclass(frozen=True)
class Sightings:
    """What the views say about each Gaussian, summed over them."""

    weight: Float[Array, " N"]  # Σ w in pixels
    squares: Float[Array, " N"]  # Σ over views of (Σ w)²
    error: Float[Array, " N"]  # Σ w |color − photo|²
    spread: Float[Array, " N"]  # Σ w |photo|² − |Σ w photo|² / Σ w
    front: Float[Array, " N"]  # the number of views that see something behind its center
    on: Float[Array, " N"]  # the number of views that see it on the surface
    near: Float[Array, " N"]  # the smallest depth over what its view sees usually
    inside: Float[Array, " N"]  # the number of views with its center in their picture
    area: Float[Array, " N"]  # the most pixels that it could fill in a view, roughly


def sightings(
    scene: Scene, *, solid: Bool[Array, " N"] | None = None, job: Job = SILENT
) -> Sightings:
    """Ask all views; `solid` are the Gaussians whose depth is taken for the surface, or all."""
    n = len(scene)
    sums = {name: np.zeros(n, np.float64) for name in Sightings.__annotations__}
    sums["near"][:] = np.inf
    photo_sum = np.zeros((n, 3))
    gaussians = scene.gaussians
    surface = gaussians if solid is None else gaussians.take(solid)
    for view in job.track(scene.views, FLOATERS):
        camera = _small(view.camera)
        picture = _photo(view, camera)
        colors = colours(gaussians, camera.center)
        image = np.concatenate([picture, (picture**2).sum(0, keepdims=True)])
        seen, weight = adjoint(gaussians, camera, image, raster=scene.raster, job=job)
        sums["weight"] += weight
        sums["squares"] += weight.astype(np.float64) ** 2
        photo_sum += seen[:, :3]
        sums["spread"] += seen[:, 3]
        own = (colors**2).sum(1) * weight
        sums["error"] += np.maximum(seen[:, 3] - 2 * (colors * seen[:, :3]).sum(1) + own, 0)
        _compare_depths(scene, surface, camera, sums, job)
    heavy = np.maximum(sums["weight"], 1e-9)
    sums["spread"] = np.maximum(sums["spread"] - (photo_sum**2).sum(1) / heavy, 0)
    return Sightings(**sums)


def _compare_depths(
    scene: Scene, surface: Gaussians, camera: Camera, sums: Mapping[str, Array], job: Job
) -> None:
    """Count who is in front of the surface that a view sees, and who is on it."""
    depths = _depth(surface, camera)[:, None]
    drawn, alpha = render(surface, camera, depths, raster=scene.raster, job=job)
    seen = np.divide(drawn[0], alpha, out=np.full_like(alpha, np.inf), where=alpha > 0.5)
    depth = _depth(scene.gaussians, camera)
    x, y, z = (scene.gaussians.means @ camera.viewmat[:3, :3].T + camera.viewmat[:3, 3]).T
    ahead = depth > scene.raster.near
    where = np.full((2, len(depth)), -1, np.int64)
    where[0][ahead] = np.floor(camera.K[0, 0] * x[ahead] / z[ahead] + camera.K[0, 2])
    where[1][ahead] = np.floor(camera.K[1, 1] * y[ahead] / z[ahead] + camera.K[1, 2])
    inside = (where >= 0).all(0) & (where[0] < camera.width) & (where[1] < camera.height)
    rows = np.flatnonzero(inside)
    behind = seen[where[1][rows], where[0][rows]]
    known = np.isfinite(behind)
    largest = scene.gaussians.scales[rows].max(1)
    gap = (behind - depth[rows]) / np.where(known, behind, 1)
    slack = FRONT + 3 * largest / np.where(known, behind, 1)
    slack = np.minimum(slack, 0.3)
    sums["front"][rows] += known & (gap > slack)
    sums["on"][rows] += known & (np.abs(gap) <= slack)
    sums["inside"][rows] += 1
    usual = float(np.median(depth[ahead])) if ahead.any() else 1.0
    np.minimum.at(sums["near"], rows, depth[rows] / usual)
    sorted_scales = np.sort(scene.gaussians.scales[rows], axis=1)
    focal = camera.K[0, 0]
    area = np.pi * sorted_scales[:, 1] * sorted_scales[:, 2] * (focal / depth[rows]) ** 2
    np.maximum.at(sums["area"], rows, area)


def _depth(gaussians: Gaussians, camera: Camera) -> Float[Array, " N"]:
    turn, shift = camera.viewmat[2, :3], camera.viewmat[2, 3]
    return np.asarray(gaussians.means @ turn + shift, np.float32)


def _small(camera: Camera) -> Camera:
    scale = min(SIDE / max(camera.width, camera.height), 1.0)
    return camera.resized(max(round(camera.width * scale), 1), max(round(camera.height * scale), 1))


def _photo(view: View, camera: Camera) -> Float[Array, "3 H W"]:
    from PIL import Image

    pixels = read_photo(view).pixels
    if pixels.shape[:2] != (camera.height, camera.width):
        image = Image.fromarray((pixels * 255).round().astype(np.uint8))
        image = image.resize((camera.width, camera.height), Image.Resampling.BOX)
        pixels = np.asarray(image, np.float32) / 255
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def evidence(scene: Scene, found: Sightings, *, job: Job = SILENT) -> dict[str, Array]:
    g = scene.gaussians
    near = nearest(g.means.astype(np.float64), NEIGHBORS, job=job)
    gaps = np.linalg.norm(g.means[near[:, -1]] - g.means, axis=1) + 1e-9
    size = g.scales.max(1) + 1e-9
    around, sizes = np.median(gaps[near], axis=1), np.median(size[near[:, 1:]], axis=1)
    total = len(scene.views)
    weight = found.weight + 1e-6
    effective = found.weight**2 / np.maximum(found.squares, 1e-12)
    thin = np.sort(g.scales, 1)
    return {
        "weight": np.log(weight),
        "shown": np.log(weight / (found.area + 1e-3) + 1e-4),
        "views": np.log1p(effective),
        "few": (effective < 1.5).astype(float),
        "unseen": (found.weight <= 0).astype(float),
        "outside": (found.inside == 0).astype(float),
        "insideshare": found.inside / total,
        "error": np.log(np.sqrt(found.error / weight) + 0.01),
        "spread": np.log(np.sqrt(found.spread / weight) + 0.01),
        "front": found.front / np.maximum(found.front + found.on, 1),
        "frontshare": found.front / np.maximum(found.inside, 1),
        "onshare": found.on / np.maximum(found.inside, 1),
        "near": np.log(np.clip(found.near, 1e-2, 1e1)),
        "isolated": np.log(gaps / np.median(gaps)),
        "alone": np.log(gaps / size),
        "lonely": np.log(gaps / around),
        "big": np.log(size / sizes),
        "large": np.log(size / np.median(size)),
        "opacity": np.log(g.opacities / (1 - np.minimum(g.opacities, 0.995)) + 1e-3),
        "flat": np.log(thin[:, 1] / (thin[:, 0] + 1e-9)),
        "long": np.log(thin[:, 2] / (thin[:, 1] + 1e-9)),
    }
