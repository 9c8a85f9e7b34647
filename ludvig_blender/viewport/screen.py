"""The splats of an object as a camera shows them, sorted so that any pixel is looked up at once.

NumPy only, as the worker makes it: 0.2 s per million splats. Then a pixel takes less than a ms.
Python keeps other threads waiting while it indexes an array with another one, so the worker goes
through the splats in parts.
"""

from __future__ import annotations

import numpy as np

from ..maths.lens import BLUR, MARGIN
from ..maths.transform import CHUNK

# Splats nearer than this part of the median depth are too close to be seen.
NEAR = 1e-3
FAINT = 0.1  # a pixel with a lower alpha shows nothing
CELL = 32  # pixels
# Splats that reach farther than this many pixels are looked at for each pixel.
WIDE = CELL
SAMPLE = 10_000  # splats whose depths give the median
SHOWN = "rows", "centers", "reach"  # what tells whether a splat is in a pixel


class Screen:
    """Which splats are where in an image. The camera has OpenCV's axes, in object space.

    `low` and `high` (2,) are the first and the last pixel that are looked up; (0, 0) is the center
    of the upper left pixel. `texels` (N, 3, 4) are those of `cloud.pack`.
    """

    def __init__(
        self,
        texels: np.ndarray,
        viewmat: np.ndarray,
        K: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
    ) -> None:
        self.viewmat, self.K = viewmat, K
        self._flat = texels.reshape(-1, 12)
        self._focal = np.array([K[0, 0], K[1, 1]], np.float32)
        # A border of one cell more, so that no pixel has a cell without neighbors.
        self._low = np.asarray(low, np.float32) - CELL
        self._shape = ((np.asarray(high) - self._low) // CELL + 2).astype(int)
        # As in the shader: without it, large splats beside the eye would smear over the image. The
        # last pixel may be any of a line's, so the image is as large as its middle says, or larger.
        size = np.maximum(np.asarray(high) + 1, 2 * K[:2, 2])
        ends = np.array([-K[:2, 2], size - K[:2, 2]]) / self._focal
        self._slopes = (ends + MARGIN / 2 * np.ptp(ends, axis=0) * [[-1], [1]]).astype(np.float32)
        step = max(len(texels) // SAMPLE, 1)
        depths = np.abs(self._seen(self._flat[::step, :3])[:, 2])
        self._near = NEAR * float(np.median(depths)) if len(depths) else 0.0
        parts = [self._part(start) for start in range(0, max(len(texels), 1), CHUNK)]
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        wide = found["reach"] > WIDE**2
        self._wide = {name: values[wide] for name, values in found.items()}
        small = np.flatnonzero(~wide)
        cells = self._cells(found["centers"][small])
        order = small[np.argsort(cells, kind="stable")]
        self._small = {name: np.take(values, order, axis=0) for name, values in found.items()}
        counts = np.bincount(cells, minlength=int(self._shape.prod()))
        self._starts = np.append(0, np.cumsum(counts))

    def _seen(self, means: np.ndarray) -> np.ndarray:
        turn, shift = self.viewmat[:3, :3], self.viewmat[:3, 3]
        return means @ turn.T.astype(np.float32) + shift.astype(np.float32)

    def _projected(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The slopes and the pixels (N, 2) of points (N, 3) before the camera."""
        slopes = t[:, :2] / t[:, 2:]
        return slopes, slopes * self._focal + (self.K[:2, 2] - 0.5).astype(np.float32)

    def _part(self, start: int) -> dict[str, np.ndarray]:
        """The rows, means, centers in pixels and squared reach of splats that may be seen.

        The means are kept too, because those of a cell are far apart in the object's order.
        """
        flat = self._flat[start : start + CHUNK]
        t = self._seen(flat[:, :3])
        ahead = np.flatnonzero((flat[:, 3] > 1 / 255) & (t[:, 2] > self._near))
        flat, t = flat[ahead], t[ahead]
        slopes, centers = self._projected(t)
        # An upper bound of the splat's extent in the image: no axis of the ellipsoid is longer than
        # all of them together, and perspective stretches none by more than this factor.
        longest = (flat[:, 4] + flat[:, 7] + flat[:, 9]) * (1 + (slopes**2).sum(1))
        scale = (self._focal.max() / t[:, 2]) ** 2
        reach = 2 * np.log(255 * flat[:, 3]) * (longest * scale + BLUR)
        size = CELL * self._shape
        within = (centers - self._low + np.sqrt(reach)[:, None] > 0).all(1)
        within &= (centers - self._low - np.sqrt(reach)[:, None] < size).all(1)
        every = {"rows": start + ahead, "means": flat[:, :3], "centers": centers, "reach": reach}
        return {name: values[within] for name, values in every.items()}

    def _cells(self, centers: np.ndarray) -> np.ndarray:
        columns, lines = np.clip((centers - self._low) // CELL, 0, self._shape - 1).astype(int).T
        # 16 bits sort fastest, and a screen of 8,000 x 8,000 pixels has 62,500 cells.
        kind = np.uint16 if self._shape.prod() < 2**16 else np.int64
        return (lines * self._shape[0] + columns).astype(kind)

    def _between(self, low: np.ndarray, high: np.ndarray, *names: str) -> list[np.ndarray]:
        """What `_part` says of all splats whose centers may be between two pixels (2,)."""
        first, last = (
            np.clip((end - self._low) // CELL, 0, self._shape - 1).astype(int)
            for end in (low, high)
        )
        begins = np.arange(first[1], last[1] + 1) * self._shape[0] + first[0]
        ends = self._starts[begins + last[0] - first[0] + 1]
        parts = [slice(*line) for line in zip(self._starts[begins], ends, strict=True)]
        return [
            np.concatenate([self._wide[name], *(self._small[name][part] for part in parts)])
            for name in names
        ]

    def near(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows and means of all splats seen in the box around points (P, 3), and of some beside it.

        To leave those out takes longer than to copy them.
        """
        _, pixels = self._projected(points)
        rows, means = self._between(pixels.min(0), pixels.max(0), "rows", "means")
        return rows, means

    def under(
        self, pixel: np.ndarray, hidden: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The rows, depths and weights of the splats in a pixel (2,), front to back.

        `hidden` (N,) bool says which splats are not there.
        """
        rows, centers, reach = self._between(pixel - WIDE, pixel + WIDE, *SHOWN)
        offsets = pixel.astype(np.float32) - centers
        there = np.einsum("nc,nc->n", offsets, offsets) < reach
        rows, offsets = rows[there], offsets[there]
        if hidden is not None:
            shown = ~hidden[rows]
            rows, offsets = rows[shown], offsets[shown]
        flat = self._flat[rows]
        t = self._seen(flat[:, :3])
        slopes = np.clip(self._projected(t)[0], *self._slopes)
        alphas = _alphas(flat, slopes, self._focal / t[:, 2:], offsets, self.viewmat)
        order = np.argsort(t[:, 2], kind="stable")
        alphas = alphas[order]
        weights = alphas * np.cumprod(np.append(1, 1 - alphas))[:-1]
        return rows[order], t[order, 2], weights

    def depth(self, pixel: np.ndarray, hidden: np.ndarray | None) -> float:
        """The depth of a pixel, the median over its splats' weights; NaN where it shows nothing."""
        _, depths, weights = self.under(pixel, hidden)
        place = middle(weights)
        return float("nan") if place is None else float(depths[place])

    def point(self, pixel: np.ndarray, depth: float) -> np.ndarray:
        """The point (3,) in object space at a depth along the ray of a pixel."""
        return unprojected(self.viewmat, self.K, pixel[None], np.array([depth]))[0]


def middle(weights: np.ndarray) -> int | None:
    """The place of the splat that makes half of a pixel; None if the pixel shows nothing."""
    sums = np.cumsum(weights)
    if not len(sums) or sums[-1] <= FAINT:
        return None
    return int(np.searchsorted(sums, sums[-1] / 2))


def unprojected(
    viewmat: np.ndarray, K: np.ndarray, pixels: np.ndarray, depths: np.ndarray
) -> np.ndarray:
    """The points (P, 3) at these depths (P,) along the rays of pixels (P, 2)."""
    slopes = (np.asarray(pixels, np.float64) + 0.5 - K[:2, 2]) / [K[0, 0], K[1, 1]]
    inverse = np.linalg.inv(viewmat)
    return (
        np.column_stack([slopes, np.ones(len(slopes))]) * np.reshape(depths, (-1, 1))
    ) @ inverse[:3, :3].T + inverse[:3, 3]


def _alphas(
    flat: np.ndarray, slopes: np.ndarray, scale: np.ndarray, offset: np.ndarray, viewmat: np.ndarray
) -> np.ndarray:
    """The alpha (M,) of each splat in a pixel that is `offset` (M, 2) from the splat's center."""
    # J S Jᵀ and its inverse are written out, because NumPy takes small matrices one after another,
    # which was most of a pixel's time.
    turn = viewmat[:3, :3]
    across, down = (
        (scale[:, [n]] * (turn[n] - slopes[:, [n]] * turn[2])).T for n in (0, 1)
    )  # the two lines of J, (3, M)
    xx, yy = _form(flat, across, across) + BLUR, _form(flat, down, down) + BLUR
    xy = _form(flat, across, down)
    x, y = offset.T
    exponent = (yy * x * x - 2 * xy * x * y + xx * y * y) / (xx * yy - xy * xy)
    alphas = np.minimum(flat[:, 3] * np.exp(-0.5 * exponent), 0.99)
    return np.where(alphas < 1 / 255, 0, alphas)


def _form(flat: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """aᵀ S b (M,) of vectors (3, M), with the covariance S of each splat."""
    xx, xy, xz, yy, yz, zz = flat[:, 4:10].T
    return (
        a[0] * (xx * b[0] + xy * b[1] + xz * b[2])
        + a[1] * (xy * b[0] + yy * b[1] + yz * b[2])
        + a[2] * (xz * b[0] + yz * b[1] + zz * b[2])
    )
