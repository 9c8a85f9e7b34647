"""Turn photos with known geometry into Gaussians that resemble trained ones.

The surface point of every pixel is known. The pixels of all photos are clustered by position,
normal and color, with more clusters where the photos have more detail. A cluster becomes a Gaussian
with the mean and covariance of its points. So, as in a trained scene, Gaussians are flat, lie along
edges, are small in detailed parts and cover only what a photo shows; and where things touch, a few
of them belong to two things. Their colors are fitted to the photos.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from photograph import Shot
from scipy.ndimage import (
    distance_transform_edt,
    gaussian_filter,
    gaussian_gradient_magnitude,
    maximum_filter,
    minimum_filter,
)
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from ludvig_engine.arrays import Array, Float
from ludvig_engine.io.sh import basis
from ludvig_engine.progress import SILENT, Job
from ludvig_engine.rendering import adjoint, colours, render
from ludvig_engine.scene import Camera, Gaussians
from ludvig_engine.scene.raster import GSPLAT, Raster
from ludvig_engine.uplifting import Sight, uplift

SAMPLES = 40  # pixels per Gaussian
# The opacity of Gaussians on glass, relative to others.
GLASS = 0.35
# In clustering, a difference of 1 in a normal or a color counts as this many scene units.
NORMAL, COLOR = 0.2, 0.15
# The standard deviation of a Gaussian over that of its cluster, on things and beside them.
TIGHT, LOOSE = 1.5, 2.1
THINNEST, WIDEST = 0.002, 1.2  # limits of the standard deviations, in scene units
# Gaussians per pixel on the table and in the room, relative to those on things.
TABLE, ROOM = 0.2, 0.05
# Added weight of silhouettes, relative to the inside of a thing.
RIM = 2.0
# Gaussians are moved along their normals by this share of their width, since training is not exact.
NOISE = 0.02
FLOATERS = 300


@dataclass(frozen=True)
class Points:
    """Pixels of the photos as points on surfaces."""

    positions: Float[Array, "P 3"]
    normals: Float[Array, "P 3"]
    colors: Float[Array, "P 3"]
    importance: Float[Array, " P"]
    # TIGHT keeps silhouettes sharp, and LOOSE leaves no holes.
    spread: Float[Array, " P"]
    solid: Float[Array, " P"]  # GLASS on glass, and 1 elsewhere
    inside: Float[Array, " P"]  # distance from the next silhouette in the photo, in pixels


def on_table(shot: Shot) -> Float[Array, "H W"]:
    """How densely Gaussians lie at each pixel, relative to things; the table is at z = 0."""
    height = -shot.positions[..., 1]
    return np.where(shot.things > 0, 1.0, np.where(height > -1, TABLE, ROOM))


def splat(
    shots: Sequence[Shot],
    photos: Sequence[Float[Array, "3 H W"]],
    *,
    count: int,
    seed: int,
    samples: int = SAMPLES,
    tight: float = TIGHT,
    dense: Callable[[Shot], Float[Array, "H W"]] = on_table,
    glass: Sequence[int] = (),
) -> Gaussians:
    """About `count` Gaussians without colors, for the surfaces that the photos show.

    They are made of `samples` pixels each, and `tight` is the standard deviation of those on things
    over that of their pixels. `dense` gives the density of Gaussians, relative to
    that on things, and `glass` has the numbers of the things that are of glass.
    """
    random = np.random.default_rng(seed)
    points = points_of(shots, photos, count * samples, random, tight, dense, glass)
    gaussians = clustered(points, count, random)
    return Gaussians.joined([gaussians, floaters(shots, random)])


def points_of(
    shots: Sequence[Shot],
    photos: Sequence[Array],
    count: int,
    random: np.random.Generator,
    tight: float,
    dense: Callable[[Shot], Array],
    glass: Sequence[int],
) -> Points:
    """A random sample of all pixels; `importance` is the relative density of Gaussians there."""
    parts = []
    for shot, photo in zip(shots, photos, strict=True):
        detail = gaussian_filter(gaussian_gradient_magnitude(photo.mean(0), 1.0), 2.0)
        edge = rim_of(shot.things)
        rim = gaussian_filter(edge.astype(np.float32), 1.5)
        base = dense(shot)
        importance = base * (1 + 12 * detail + RIM * rim)
        some = random.choice(shot.things.size, count // len(shots), replace=False)
        spread = np.where(base >= 1, tight, LOOSE).ravel()
        solid = np.where(np.isin(shot.things, glass), GLASS, 1.0).ravel()
        places, normals = shot.positions.reshape(-1, 3), shot.normals.reshape(-1, 3)
        colors, inside = photo.reshape(3, -1).T, distance_transform_edt(~edge).ravel()
        flat = (places, normals, colors, importance.ravel(), spread, solid, inside)
        parts.append([values[some] for values in flat])
    return Points(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def rim_of(things: Array) -> Array:
    """The pixels next to a pixel of another thing.

    On such silhouettes training puts its smallest Gaussians.
    """
    return (maximum_filter(things, 3) != things) | (minimum_filter(things, 3) != things)


def clustered(
    points: Points, count: int, random: np.random.Generator, noise: float = NOISE
) -> Gaussians:
    """A Gaussian for each of about `count` clusters; `noise` is a share of its width."""
    space = np.concatenate(
        [points.positions, NORMAL * points.normals, COLOR * points.colors], axis=1
    )
    share = points.importance / points.importance.sum()
    centers = space[random.choice(len(space), count, replace=False, p=share)]
    # Four steps of k-means (Lloyd's algorithm).
    for _ in range(4):
        _, member = cKDTree(centers).query(space, workers=-1)
        size = np.bincount(member, minlength=len(centers))
        sums = [np.bincount(member, column, minlength=len(centers)) for column in space.T]
        centers = (np.stack(sums, 1) / np.maximum(size, 1)[:, None])[size >= 4]
    _, member = cKDTree(centers).query(space, workers=-1)
    means, covariances = _moments(points.positions, member, len(centers))
    variances, axes = np.linalg.eigh(covariances)
    axes[np.linalg.det(axes) < 0, :, 0] *= -1
    normal = axes[:, :, 0]
    spread = np.bincount(member, points.spread) / np.bincount(member)
    scales = np.clip(spread[:, None] * np.sqrt(np.maximum(variances, 0)), THINNEST, WIDEST)
    means += normal * (noise * scales[:, 1:2] * random.normal(size=(len(means), 1)))
    n = len(means)
    solid = np.bincount(member, points.solid) / np.bincount(member)
    opacities = solid * (1 - random.beta(1.5, 12, n))
    quats = Rotation.from_matrix(axes).as_quat()[:, [3, 0, 1, 2]]
    return _gaussians(means, quats, scales, opacities)


def _moments(
    positions: Array, member: Array, count: int
) -> tuple[Float[Array, "N 3"], Float[Array, "N 3 3"]]:
    """The mean and covariance of the positions of each cluster."""
    size = np.maximum(np.bincount(member, minlength=count), 1)
    sums = [np.bincount(member, column, minlength=count) for column in positions.T]
    means = np.stack(sums, 1) / size[:, None]
    off = positions - means[member]
    covariances = np.empty((count, 3, 3))
    for i in range(3):
        for j in range(3):
            products = np.bincount(member, off[:, i] * off[:, j], minlength=count)
            covariances[:, i, j] = products / size
    return means, covariances


def floaters(shots: Sequence[Shot], random: np.random.Generator) -> Gaussians:
    """Faint Gaussians in the air, at random places between a camera and the surfaces it sees."""
    which = random.integers(len(shots), size=FLOATERS)
    rows = random.integers(shots[0].camera.height, size=FLOATERS)
    columns = random.integers(shots[0].camera.width, size=FLOATERS)
    places = zip(which, rows, columns, strict=True)
    seen = np.stack([shots[k].positions[i, j] for k, i, j in places])
    eyes = np.stack([shots[k].camera.center for k in which])
    means = eyes + random.uniform(0.5, 0.99, (FLOATERS, 1)) * (seen - eyes)
    scales = 0.08 * np.exp(0.6 * random.normal(size=(FLOATERS, 3)))
    quats = random.normal(size=(FLOATERS, 4))
    return _gaussians(means, quats, scales, random.uniform(0.02, 0.2, FLOATERS))


def _gaussians(means: Array, quats: Array, scales: Array, opacities: Array) -> Gaussians:
    """Gaussians without colors; `quats` need not be normalized."""
    n = len(means)
    quats = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    rest = np.zeros((n, 1, 3)), np.zeros((n, 0, 3))
    return Gaussians(*(np.asarray(a, np.float32) for a in (means, quats, scales, opacities, *rest)))


def colored(
    gaussians: Gaussians,
    cameras: Sequence[Camera],
    photos: Sequence[Float[Array, "3 H W"]],
    *,
    steps: int = 12,
    momentum: bool = False,
    raster: Raster = GSPLAT,
    job: Job = SILENT,
) -> Gaussians:
    """Fit colors as spherical harmonics of degree 1: the mean by uplifting, the rest by iteration.

    A step of the iteration adds to each coefficient k the sum over the photos of w Y_k times the
    residual of the rendered photo, divided by Σ w |Y_k| Σ_l |Y_l|. The divisor bounds the row sums
    of the normal matrix, which makes the iteration converge. With `momentum`, every step is taken
    from a point ahead (Nesterov's method): 12 steps are worth more than 24.
    """
    sights = [Sight(c, p) for c, p in zip(cameras, photos, strict=True)]
    mean = uplift(gaussians, sights, refine=3, raster=raster, job=job).features
    y0 = float(basis(np.zeros((1, 3), np.float32), 0)[0, 0])
    sh = np.zeros((len(gaussians), 4, 3), np.float32)
    sh[:, 0] = (mean - 0.5) / y0
    before = sh
    for step in job.track(range(steps), "Fitting colors"):
        if momentum:
            ahead = sh + step / (step + 3) * (sh - before)
            before, sh = sh, ahead
        gaussians = replace(gaussians, sh0=sh[:, :1].copy(), shN=sh[:, 1:].copy())
        lack, evidence = np.zeros_like(sh), np.full(sh.shape[:2], 1e-3, np.float32)
        for camera, photo in zip(cameras, photos, strict=True):
            direction = gaussians.means - camera.center.astype(np.float32)
            Y = basis(direction / np.linalg.norm(direction, axis=1, keepdims=True), 1)
            image, _ = render(gaussians, camera, colours(gaussians, camera.center), raster=raster)
            missing, weight = adjoint(gaussians, camera, photo - image, raster=raster)
            lack += Y[:, :, None] * missing[:, None]
            evidence += weight[:, None] * np.abs(Y) * np.abs(Y).sum(1, keepdims=True)
        sh = sh + lack / evidence[:, :, None]
    return replace(gaussians, sh0=sh[:, :1].copy(), shN=sh[:, 1:].copy())
