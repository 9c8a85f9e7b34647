"""Floaters: how many of those put into a scene are found, and how much else is taken for one?

Three kinds are put in, where training leaves them: specks before the lens of one camera, sheets of
haze between the cameras and what they see, and Gaussians far outside. They have the colors of the
scene, and no photo shows them.

Everything of the scene itself counts as wrong when it is found, though trained scenes have floaters
of their own. So there is a second precision with the photos as judges: only that is wrong without
which they fit worse. Scenes of demo/ know which of their Gaussians are floaters, and those do not
count in either.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ..arrays import Array, Bool, Int
from ..progress import SILENT, Job
from ..removal.missed import missed
from ..scene import Camera, Gaussians, Scene, morton_order
from ..scene.raster import usual_distance
from . import metrics
from .lifting import photos_psnr

KINDS = ("specks", "haze", "far")
# Of each kind, as a share of the scene's Gaussians: together 2 %.
SHARE = 0.007
# The least mean growth of the squared error over the pixels that a Gaussian is drawn in, by which
# the photos show it: two steps of 255 in every channel.
MISSED = 3 * (2 / 255) ** 2
SHEET = 60  # Gaussians of a sheet of haze


@dataclass(frozen=True)
class Strewn:
    """A scene with floaters in it."""

    scene: Scene
    kind: Int[Array, " N"]  # index in `KINDS`, or −1 for what the scene had
    known: Bool[Array, " N"]  # which of the scene's own are known to be floaters


@dataclass(frozen=True)
class Found:
    """How well floaters were found. Shares are 0..1, PSNRs in dB over all photos."""

    precision: float  # everything of the scene's own that was found counts as wrong
    judged: float  # precision, where only that counts as wrong which the photos show
    recall: float
    by_kind: dict[str, float]  # recall
    own: float  # the share of the scene's own Gaussians that were found
    strewn: float  # PSNR with the floaters
    after: float  # PSNR once all that were found are deleted
    before: float  # PSNR of the scene as it was
    cleaned: float  # PSNR of the scene without those of its own that were found


def known_floaters(folder: Path, scene: Scene) -> Bool[Array, " N"]:
    """Which Gaussians are floaters by the scene's own word: the last so many of its file."""
    file = folder / "scene.json"
    count = json.loads(file.read_text("utf-8")).get("floaters", 0) if file.is_file() else 0
    return np.asarray(scene.rows >= scene.file_count - count)


def strew(scene: Scene, known: Bool[Array, " N"], *, seed: int = 0) -> Strewn:
    """Put floaters of all kinds into a scene that has views, some of whose own are `known`."""
    random = np.random.default_rng(seed)
    count = max(int(SHARE * len(scene)), SHEET)
    parts = [_specks(scene, count, random), _haze(scene, count, random), _far(scene, count, random)]
    parts = [_dyed(scene.gaussians, part, random) for part in parts]
    kinds = [np.full(len(scene), -1), *(np.full(len(p), k) for k, p in enumerate(parts))]
    joined = Gaussians.joined([scene.gaussians, *parts])
    order = morton_order(joined.means)
    total = len(joined)
    strewn = replace(scene, gaussians=joined.take(order), rows=np.arange(total), file_count=total)
    extended = np.pad(known, (0, total - len(known)))
    return Strewn(strewn, np.concatenate(kinds)[order], extended[order])


def measure(
    scene: Scene,
    strewn: Strewn,
    found: Bool[Array, " N"],
    *,
    job: Job = SILENT,
) -> Found:
    """Judge what was found in a strewn scene; `scene` is what it was before."""
    real = strewn.kind < 0
    wrong, right = found & real & ~strewn.known, found & ~real
    # The scene as it was, in the order of the strewn one.
    before = replace(strewn.scene, gaussians=strewn.scene.gaussians.take(real))
    after = replace(strewn.scene, gaussians=strewn.scene.gaussians.take(~found))
    cleaned = replace(before, gaussians=before.gaussians.take(~found[real]))
    shown = np.zeros(len(found), bool)
    shown[real] = missed(before, found[real], job=job) > MISSED
    count = int(right.sum())
    return Found(
        count / max(count + int(wrong.sum()), 1),
        count / max(count + int((wrong & shown).sum()), 1),
        count / max(int((~real).sum()), 1),
        {name: float(found[strewn.kind == k].mean()) for k, name in enumerate(KINDS)},
        float(found[real].mean()),
        *(photos_psnr(one, job=job) for one in (strewn.scene, after, before, cleaned)),
    )


def _ahead(scene: Scene, count: int, random: np.random.Generator) -> tuple[Array, Array, Array]:
    """Random cameras' centers, and rays of length 1 in depth to random pixels; the depths there."""
    cameras = [view.camera for view in scene.views]
    depths = [float(np.median(_depths(scene, camera))) for camera in cameras]
    which = random.integers(len(cameras), size=count)
    rays = np.empty((count, 3))
    for row, k in enumerate(which):
        camera = cameras[k]
        pixel = random.uniform(0.05, 0.95, 2) * (camera.width, camera.height)
        ray = np.linalg.solve(camera.K, [*pixel, 1.0])
        rays[row] = camera.viewmat[:3, :3].T @ ray
    centers = np.stack([camera.center for camera in cameras])[which]
    return centers, rays, np.array(depths)[which]


def _depths(scene: Scene, camera: Camera) -> Array:
    turn, shift = camera.viewmat[2, :3], camera.viewmat[2, 3]
    depth = scene.gaussians.means[::7] @ turn + shift
    return depth[depth > scene.raster.near]


def _specks(scene: Scene, count: int, random: np.random.Generator) -> Gaussians:
    """Small Gaussians at 5 to 40 % of the way from a camera to the middle of what it sees."""
    centers, rays, depth = _ahead(scene, count, random)
    way = random.uniform(0.05, 0.4, count) * depth
    way = np.maximum(way, 1.2 * scene.raster.near)
    # 0.4 to 2 % of the picture's width, roughly.
    sizes = way[:, None] * 0.01 * np.exp(random.normal(0, 0.5, (count, 3)))
    means = centers + way[:, None] * rays
    return _made(means, random.normal(size=(count, 4)), sizes, random.uniform(0.15, 0.95, count))


def _haze(scene: Scene, count: int, random: np.random.Generator) -> Gaussians:
    """Faint sheets of large flat Gaussians at 30 to 75 % of the way to the middle."""
    parts = []
    for _ in range(max(count // SHEET, 1)):
        centers, rays, depth = _ahead(scene, 1, random)
        way = random.uniform(0.3, 0.75) * depth[0]
        middle = centers[0] + way * rays[0]
        turn = Rotation.random(random_state=random)
        spread = 0.12 * way * random.normal(size=(SHEET, 3)) * (1, 1, 0.05)
        sizes = 0.05 * way * np.exp(random.normal(0, 0.3, (SHEET, 3))) * (1, 1, 0.1)
        quats = np.tile(turn.as_quat()[[3, 0, 1, 2]], (SHEET, 1))
        opacities = random.uniform(0.02, 0.15, SHEET)
        parts.append(_made(middle + turn.apply(spread), quats, sizes, opacities))
    return Gaussians.joined(parts)


def _far(scene: Scene, count: int, random: np.random.Generator) -> Gaussians:
    """Gaussians at 2 to 8 times the scene's radius, in every direction."""
    means = scene.gaussians.means.astype(np.float64)
    middle = np.median(means, axis=0)
    radius = float(np.percentile(np.linalg.norm(means - middle, axis=1), 99))
    directions = random.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    far = radius * np.exp(random.uniform(np.log(2), np.log(8), (count, 1)))
    usual = usual_distance(scene.gaussians.means, [view.camera.center for view in scene.views])
    sizes = 0.02 * usual * np.exp(random.normal(0, 0.7, (count, 3)))
    quats = random.normal(size=(count, 4))
    return _made(middle + far * directions, quats, sizes, random.uniform(0.1, 1.0, count))


def _made(means: Array, quats: Array, scales: Array, opacities: Array) -> Gaussians:
    n = len(means)
    quats = quats / np.linalg.norm(quats, axis=1, keepdims=True)
    parts = (means, quats, scales, opacities, np.zeros((n, 1, 3)), np.zeros((n, 0, 3)))
    return Gaussians(*(np.asarray(part, np.float32) for part in parts))


def _dyed(scene: Gaussians, floaters: Gaussians, random: np.random.Generator) -> Gaussians:
    """The floaters in colors of random Gaussians of the scene."""
    some = random.integers(len(scene), size=len(floaters))
    return replace(floaters, sh0=scene.sh0[some], shN=scene.shN[some])


def summary(found: Sequence[Found]) -> dict[str, float]:
    """The means of precision and recall, and the smallest change of the photos' PSNR in dB."""
    return {
        "precision": metrics.mean(one.precision for one in found),
        "judged": metrics.mean(one.judged for one in found),
        "recall": metrics.mean(one.recall for one in found),
        "worst change": min(one.cleaned - one.before for one in found),
    }
