"""Cameras in another frame than the splats: find the turn and the scale that the photos agree with.

Programs differ in which axis is up, in whether cameras look along z or −z, and in their units. So
the usual turns are tried, with scales, by whether splats have the colors of the pixels they would
fall on. The likeliest are drawn, ever larger, until one fits as exactly as it can.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..scene import Camera, Gaussians, Photo
from ..scene.raster import Raster, usual_distance, usual_near
from ..stages import TRY_SETTINGS
from .trial import Trial

# Scales that are tried, from millimeters for meters to the reverse, in steps of 15 %: a scale that
# is off by half a step still puts most splats on pixels of their color.
SCALES = np.exp(np.arange(-50, 51) * np.log(1.15))
POINTS = 200  # splats whose colors are compared, per photo
# Candidates that are drawn. In 12 trials on three scenes the right one was always the first.
LIKELY = 6
# The pictures that a scale is refined in: their longer side in pixels, and the part of the scale by
# which it may be off before and after.
LEVELS = ((64, 0.15, 0.02), (256, 0.04, 0.005), (1024, 0.015, 2e-4))
# Median PSNR in dB that another frame must reach, and by how much it must be better. Unrelated
# pictures of one place have 8 to 13 dB.
CLEAR, GAIN = 18.0, 4.0
SH0 = 0.28209479177387814  # the spherical harmonic of degree 0


@dataclass(frozen=True)
class Frame:
    """How cameras are brought into the frame of the splats: x' = scale · turn x."""

    turn: Float[Array, "3 3"]  # of the world, a quarter turn or several
    scale: float = 1.0
    backwards: bool = False  # whether cameras look along −z, y up, as OpenGL's do

    def camera(self, camera: Camera) -> Camera:
        """A camera in the frame of the splats."""
        viewmat = camera.viewmat.copy()
        viewmat[:3, :3] = viewmat[:3, :3] @ self.turn.T
        viewmat[:3, 3] *= self.scale
        if self.backwards:
            viewmat[1:3] *= -1
        return replace(camera, viewmat=viewmat)

    def described(self) -> str:
        """The frame for people: what is done to the cameras."""
        parts = []
        if self.backwards:
            parts.append("turned to look the other way, as OpenGL's cameras do")
        if not np.array_equal(self.turn, np.eye(3)):
            axes = [
                "−" * int(row.sum() < 0) + "xyz"[int(np.abs(row).argmax())] for row in self.turn
            ]
            parts.append(f"turned so that x, y, z become {', '.join(axes)}")
        if self.scale != 1:
            parts.append(f"scaled by {self.scale:.4g}")
        return " and ".join(parts)


def turns() -> list[Float[Array, "3 3"]]:
    """The 24 rotations that map axes to axes."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            turn = np.eye(3)[list(order)] * np.array(signs)[:, None]
            if np.linalg.det(turn) > 0:
                found.append(turn)
    return found


def find_frame(
    gaussians: Gaussians,
    shots: Sequence[tuple[Camera, Photo]],
    raster: Raster,
    *,
    job: Job = SILENT,
) -> Frame | None:
    """The frame in which the cameras clearly fit; None if there is none. Raises `Cancelled`."""
    small = [_Small.of(camera, photo) for camera, photo in shots]
    coarse, fine = LEVELS[0][0], LEVELS[-1][0]

    def value(frame: Frame, side: int) -> float:
        return _psnr(gaussians, shots, frame, raster, side, job)

    least = max(CLEAR, value(Frame(np.eye(3)), fine) + GAIN)
    # Turned cameras are more frequent than scaled ones, and found in a hundredth of the work.
    for scales in (np.ones(1), SCALES):
        likely = _likely(gaussians, small, scales, job)
        best = max(likely, key=lambda frame: value(frame, coarse))
        if len(scales) > 1:
            for level in LEVELS:
                best = _refined(best, value, *level)
        if value(best, fine) >= least:
            return best
    return None


@dataclass(frozen=True)
class _Small:
    """A photo small enough that a splat falls on a pixel of its color though it is a little off."""

    camera: Camera
    photo: Photo

    @classmethod
    def of(cls, camera: Camera, photo: Photo, side: int = 64) -> _Small:
        factor = max(max(camera.width, camera.height) // side, 1)
        w, h = camera.width // factor, camera.height // factor
        blocks = photo.pixels[: h * factor, : w * factor].reshape(h, factor, w, factor, 3)
        valid: Bool[Array, "H W"] | None = None
        if photo.valid is not None:
            cut = photo.valid[: h * factor, : w * factor].reshape(h, factor, w, factor)
            valid = np.asarray(cut.all((1, 3)))
        K = np.diag([1 / factor, 1 / factor, 1]) @ camera.K
        pixels = blocks.mean((1, 3), dtype=np.float32)
        return cls(
            replace(camera, K=K, width=w, height=h), replace(photo, pixels=pixels, valid=valid)
        )


def _likely(
    gaussians: Gaussians, small: Sequence[_Small], scales: Float[Array, " S"], job: Job
) -> list[Frame]:
    """The candidates whose splats have the colors of the pixels that they fall on, best first."""
    opaque = np.flatnonzero(gaussians.opacities > 0.5)
    rows = opaque if len(opaque) >= 10 else np.arange(len(gaussians))
    some = gaussians.take(rows[np.random.default_rng(0).permutation(len(rows))[:POINTS]])
    found = []
    for backwards, turn in job.track(list(itertools.product((False, True), turns())), TRY_SETTINGS):
        frame = Frame(turn, 1.0, backwards)
        scores = np.sum([_agreements(some, one, frame, scales) for one in small], axis=0)
        for n in np.argsort(-scores)[:2]:
            found.append((float(scores[n]), replace(frame, scale=float(scales[n]))))
    found.sort(key=lambda pair: -pair[0])
    return [frame for _, frame in found[:LIKELY]]


def _agreements(
    some: Gaussians, small: _Small, frame: Frame, scales: Float[Array, " S"]
) -> Float[Array, " S"]:
    """For each scale, how the splats' colors correlate with those of their pixels, −1..1.

    Splats that fall beside the photo count as uncorrelated.
    """
    camera = frame.camera(small.camera)
    base = some.means.astype(np.float64) @ camera.viewmat[:3, :3].T
    points = (base + scales[:, None, None] * camera.viewmat[:3, 3]).astype(np.float32)
    depth = np.maximum(points[..., 2], 1e-9)
    x = camera.K[0, 0] * points[..., 0] / depth + camera.K[0, 2]
    y = camera.K[1, 1] * points[..., 1] / depth + camera.K[1, 2]
    within = (
        (points[..., 2] > 1e-6) & (x >= 0) & (x < camera.width) & (y >= 0) & (y < camera.height)
    )
    column = np.where(within, x, 0).astype(int)
    row = np.where(within, y, 0).astype(int)
    if small.photo.valid is not None:
        within &= small.photo.valid[row, column]
    own = np.clip(0.5 + SH0 * some.sh0[:, 0], 0, 1)
    seen = small.photo.pixels[row, column]
    count = np.maximum(within.sum(1), 1)[:, None, None]
    mask = within[..., None]
    a = (seen - (seen * mask).sum(1, keepdims=True) / count) * mask
    b = (own - (own * mask).sum(1, keepdims=True) / count) * mask
    norm = np.sqrt((a**2).sum((1, 2)) * (b**2).sum((1, 2)))
    agreement: Float[Array, " S"] = (a * b).sum((1, 2)) / np.maximum(norm, 1e-9)
    return agreement * np.minimum(within.mean(1) / 0.3, 1)


def _psnr(
    gaussians: Gaussians,
    shots: Sequence[tuple[Camera, Photo]],
    frame: Frame,
    raster: Raster,
    side: int,
    job: Job,
) -> float:
    """The median PSNR over the photos, drawn at a size."""
    moved = [(frame.camera(camera), photo) for camera, photo in shots]
    distance = usual_distance(gaussians.means, [camera.center for camera, _ in moved])
    near = replace(raster, near=usual_near(distance))
    small = [_Small.of(camera, photo, side) for camera, photo in moved]
    trials = [Trial(gaussians, one.camera, one.photo) for one in small]
    return float(np.median([one.psnr(near, job=job) for one in trials if not one.empty] or [0]))


def _refined(
    frame: Frame, value: Callable[[Frame, int], float], side: int, width: float, tolerance: float
) -> Frame:
    """The best scale within `width` of a frame's, on the logarithm, in pictures of this size."""

    def loss(logarithm: float) -> float:
        return -value(replace(frame, scale=float(np.exp(logarithm))), side)

    middle = float(np.log(frame.scale))
    bounds, options = (middle - width, middle + width), {"xatol": tolerance}
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options=options)
    return replace(frame, scale=float(np.exp(found.x)))
