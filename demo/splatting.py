"""From photos with known geometry to Gaussians, such as training would give.

Every pixel says where its surface is. The pixels of all photos are clustered by position, normal and color, more
clusters where the photos have more to show; a cluster becomes a Gaussian with the mean and covariance of its points.
So Gaussians are flat, lie along edges, get small where detail is, cover only what a photo shows, and a few of them,
where things touch, belong to two things: as in a trained scene. Their colors are fitted to the photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from photograph import Shot
from scipy.ndimage import (
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
from ludvig_engine.uplifting import Sight, uplift

SAMPLES = 40  # pixels per Gaussian
NORMAL, COLOR = 0.2, 0.15  # scene units that a whole normal or color is worth
TIGHT, LOOSE = (
    1.5,
    2.1,
)  # standard deviations of a Gaussian per standard deviation of its cluster, on things and beside
THINNEST, WIDEST = 0.002, 1.2  # scene units
TABLE, ROOM = 0.2, 0.05  # Gaussians per pixel, of a thing's
RIM = 2.0  # times more Gaussians at silhouettes
NOISE = 0.02  # of a Gaussian's width, along its normal: nobody trains to perfection
FLOATERS = 300


@dataclass(frozen=True)
class Points:
    """Pixels of the photos as points of the surfaces."""

    positions: Float[Array, "P 3"]
    normals: Float[Array, "P 3"]
    colors: Float[Array, "P 3"]
    importance: Float[Array, " P"]
    spread: Float[Array, " P"]  # TIGHT keeps silhouettes sharp, LOOSE leaves no holes


def splat(
    shots: Sequence[Shot], photos: Sequence[Float[Array, "3 H W"]], *, count: int, seed: int
) -> Gaussians:
    """About `count` Gaussians for what the photos show, without colors."""
    random = np.random.default_rng(seed)
    points = _points(shots, photos, count * SAMPLES, random)
    gaussians = _clustered(points, count, random)
    return _joined(gaussians, _floaters(shots, random))


def _points(
    shots: Sequence[Shot], photos: Sequence[Array], count: int, random: np.random.Generator
) -> Points:
    """A sample of all pixels, each with the number of Gaussians it deserves."""
    parts = []
    for shot, photo in zip(shots, photos, strict=True):
        detail = gaussian_filter(gaussian_gradient_magnitude(photo.mean(0), 1.0), 2.0)
        height = -shot.positions[..., 1]
        rim = gaussian_filter(_rim(shot.things).astype(np.float32), 1.5)
        base = np.where(shot.things > 0, 1.0, np.where(height > -1, TABLE, ROOM))
        importance = base * (1 + 12 * detail + RIM * rim)
        some = random.choice(shot.things.size, count // len(shots), replace=False)
        spread = np.where(shot.things > 0, TIGHT, LOOSE).ravel()
        places, normals = shot.positions.reshape(-1, 3), shot.normals.reshape(-1, 3)
        flat = (places, normals, photo.reshape(3, -1).T, importance.ravel(), spread)
        parts.append([values[some] for values in flat])
    return Points(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _rim(things: Array) -> Array:
    """Pixels beside a pixel of another thing: silhouettes, where training puts its smallest Gaussians."""
    return (maximum_filter(things, 3) != things) | (minimum_filter(things, 3) != things)


def _clustered(points: Points, count: int, random: np.random.Generator) -> Gaussians:
    space = np.concatenate(
        [points.positions, NORMAL * points.normals, COLOR * points.colors], axis=1
    )
    share = points.importance / points.importance.sum()
    centres = space[random.choice(len(space), count, replace=False, p=share)]
    for _ in range(4):  # Lloyd's algorithm: k-means
        _, member = cKDTree(centres).query(space, workers=-1)
        size = np.bincount(member, minlength=len(centres))
        sums = [np.bincount(member, column, minlength=len(centres)) for column in space.T]
        centres = (np.stack(sums, 1) / np.maximum(size, 1)[:, None])[size >= 4]
    _, member = cKDTree(centres).query(space, workers=-1)
    means, covariances = _moments(points.positions, member, len(centres))
    variances, axes = np.linalg.eigh(covariances)
    axes[np.linalg.det(axes) < 0, :, 0] *= -1
    normal = axes[:, :, 0]
    spread = np.bincount(member, points.spread) / np.bincount(member)
    scales = np.clip(spread[:, None] * np.sqrt(np.maximum(variances, 0)), THINNEST, WIDEST)
    means += normal * (NOISE * scales[:, 1:2] * random.normal(size=(len(means), 1)))
    n = len(means)
    opacities = 1 - random.beta(1.5, 12, n)
    return _gaussians(
        means, Rotation.from_matrix(axes).as_quat()[:, [3, 0, 1, 2]], scales, opacities
    )


def _moments(
    positions: Array, member: Array, count: int
) -> tuple[Float[Array, "N 3"], Float[Array, "N 3 3"]]:
    """Mean and covariance of the positions of each cluster."""
    size = np.maximum(np.bincount(member, minlength=count), 1)
    means = (
        np.stack([np.bincount(member, column, minlength=count) for column in positions.T], 1)
        / size[:, None]
    )
    off = positions - means[member]
    covariances = np.empty((count, 3, 3))
    for i in range(3):
        for j in range(3):
            covariances[:, i, j] = (
                np.bincount(member, off[:, i] * off[:, j], minlength=count) / size
            )
    return means, covariances


def _floaters(shots: Sequence[Shot], random: np.random.Generator) -> Gaussians:
    """Faint Gaussians in the air, somewhere between a camera and what it sees."""
    which = random.integers(len(shots), size=FLOATERS)
    rows, columns = (
        random.integers(shots[0].camera.height, size=FLOATERS),
        random.integers(shots[0].camera.width, size=FLOATERS),
    )
    seen = np.stack(
        [shots[k].positions[i, j] for k, i, j in zip(which, rows, columns, strict=True)]
    )
    eyes = np.stack([shots[k].camera.centre for k in which])
    means = eyes + random.uniform(0.5, 0.99, (FLOATERS, 1)) * (seen - eyes)
    scales = 0.08 * np.exp(0.6 * random.normal(size=(FLOATERS, 3)))
    return _gaussians(
        means, random.normal(size=(FLOATERS, 4)), scales, random.uniform(0.02, 0.2, FLOATERS)
    )


def _gaussians(means: Array, quats: Array, scales: Array, opacities: Array) -> Gaussians:
    """Gaussians still without colors."""
    n = len(means)
    quats = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    rest = np.zeros((n, 1, 3)), np.zeros((n, 0, 3))
    return Gaussians(*(np.asarray(a, np.float32) for a in (means, quats, scales, opacities, *rest)))


def _joined(*parts: Gaussians) -> Gaussians:
    names = ("means", "quats", "scales", "opacities", "sh0", "shN")
    return Gaussians(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def colored(
    gaussians: Gaussians,
    cameras: Sequence[Camera],
    photos: Sequence[Float[Array, "3 H W"]],
    *,
    steps: int = 12,
    job: Job = SILENT,
) -> Gaussians:
    """Colors of spherical harmonics of degree 1: the mean by uplifting the photos, the rest by the same iteration.

    One step of the iteration adds to a coefficient the weighted mean of what the rendered photos lack, times its basis
    function. Dividing by Σ w |Y_k| Σ_l |Y_l|, the row sums, makes it converge.
    """
    mean = uplift(
        gaussians, [Sight(c, p) for c, p in zip(cameras, photos, strict=True)], refine=3, job=job
    ).features
    y0 = float(basis(np.zeros((1, 3), np.float32), 0)[0, 0])
    sh = np.zeros((len(gaussians), 4, 3), np.float32)
    sh[:, 0] = (mean - 0.5) / y0
    for _ in job.track(range(steps), "Fitting colors"):
        gaussians = replace(gaussians, sh0=sh[:, :1].copy(), shN=sh[:, 1:].copy())
        lack, evidence = np.zeros_like(sh), np.full(sh.shape[:2], 1e-3, np.float32)
        for camera, photo in zip(cameras, photos, strict=True):
            direction = gaussians.means - camera.centre.astype(np.float32)
            Y = basis(direction / np.linalg.norm(direction, axis=1, keepdims=True), 1)
            image, _ = render(gaussians, camera, colours(gaussians, camera.centre))
            missing, weight = adjoint(gaussians, camera, photo - image)
            lack += Y[:, :, None] * missing[:, None]
            evidence += weight[:, None] * np.abs(Y) * np.abs(Y).sum(1, keepdims=True)
        sh += lack / evidence[:, :, None]
    return replace(gaussians, sh0=sh[:, :1].copy(), shN=sh[:, 1:].copy())
