"""A camera: from Blender's matrices to the uniforms of the shader."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Pixels²: 3DGS adds this to every ellipse so that none falls between the pixels.
BLUR = 0.3
# The Jacobian is evaluated at most this many tan(fov / 2) beyond the border, as in gsplat.
MARGIN = 0.3


@dataclass(frozen=True)
class Trained:
    """What splats were trained with, as far as drawing them differs; the defaults are usual."""

    antialiased: bool = False  # opacities make up for the blur
    cull: float = -1.0  # tan(fov/2) beyond the border; splats farther out are not drawn. < 0: none
    blur: float = BLUR
    alpha_clamp: float = 0.99

    @property
    def texel(self) -> tuple[float, float, float, float]:
        """The four values as the shader reads them."""
        return float(self.antialiased), self.cull, self.blur, self.alpha_clamp


USUAL = Trained()


@dataclass(frozen=True)
class Lens:
    """A view of `width` x `height` pixels, perspective or orthographic.

    The matrices are OpenGL's, in float64.
    """

    view: np.ndarray  # (4, 4) world -> camera (x right, y up, z backward)
    projection: np.ndarray  # (4, 4) camera -> clip space
    width: int
    height: int

    @property
    def orthographic(self) -> bool:
        return bool(self.projection[3, 3] == 1)

    @property
    def near(self) -> float:
        """The near clipping distance."""
        p22, p23 = self.projection[2, 2:]
        return float((p23 + 1) / p22) if self.orthographic else float(p23 / (p22 - 1))

    @property
    def position(self) -> np.ndarray:
        """The camera's position in world space; its viewing direction if it is orthographic."""
        turn, shift = self.view[:3, :3], self.view[:3, 3]
        return -turn[2] if self.orthographic else -turn.T @ shift

    def rows(self, world: np.ndarray) -> np.ndarray:
        """The map (3, 4) to right, up, forward from the space of an object with this matrix."""
        return (self.view @ world)[:3] * np.array([[1.0], [1.0], [-1.0]])

    def seen_from(self, world: np.ndarray) -> np.ndarray:
        """`position` in the space of an object with this world matrix."""
        inverse = np.linalg.inv(world)[:3]
        return inverse[:, :3] @ self.position + (0 if self.orthographic else inverse[:, 3])

    def size(self, scale: float) -> tuple[int, int]:
        """Its pixels at `scale` times the resolution: width, height."""
        return max(round(self.width * scale), 1), max(round(self.height * scale), 1)

    def uniforms(
        self,
        tint: tuple[float, float, float, float],
        scale: float = 1.0,
        side: int = 0,
        *,
        selected: bool = False,
    ) -> np.ndarray:
        """The shader's uniform block, (32,) float32, at `scale` times the resolution.

        With a `side` of 1, only what is nearer than the pixels' limits is drawn; with -1, only what
        is not. With `selected`, all splats count as selected; for the second pass it says that the
        selection gets an outline.
        """
        width, height = self.size(scale)
        p = self.projection
        # The image's borders as slopes x/z and y/z. The principal point need not be the center.
        slopes = []
        for axis in (0, 1):
            half, shift = 1 / p[axis, axis], p[axis, 2] / p[axis, axis]
            slopes += [shift - half - MARGIN * half, shift + half + MARGIN * half]
        block = np.zeros(32, np.float32)
        block[:16] = p.T.reshape(-1)
        block[16:20] = width, height, p[0, 0] * width / 2, p[1, 1] * height / 2
        block[20:24] = slopes
        block[24:28] = self.near, self.orthographic, side, selected
        block[28:32] = tint
        return block
