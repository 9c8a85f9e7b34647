"""Recolor splats but keep their shading: every edit is an affine map, applied to all harmonics.

The color of a Gaussian is 0.5 + C0 sh0 + Σ Y_k(d) shN_k, linear in its coefficients. So color' = M
color + b in every direction is the same as shN' = M shN and C0 sh0' = M (0.5 + C0 sh0) + b - 0.5:
highlights and shading keep their place and take the new color. Colors are those of the photos
(sRGB, not linear light), as the splats were trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sh import C0

LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709


@dataclass(frozen=True)
class ColorMap:
    """color' = matrix @ color + offset."""

    matrix: np.ndarray  # (3, 3)
    offset: np.ndarray  # (3,)

    def then(self, other: ColorMap) -> ColorMap:
        """This map, followed by the other."""
        return ColorMap(other.matrix @ self.matrix, other.matrix @ self.offset + other.offset)

    def mixed(self, strength: float) -> ColorMap:
        """Part of the way from no change (0) to this map (1)."""
        return ColorMap(strength * self.matrix + (1 - strength) * np.eye(3), strength * self.offset)


def tint(color: np.ndarray) -> ColorMap:
    """Shades of one color (3,): white becomes the color, black stays black."""
    return ColorMap(np.outer(color, LUMA), np.zeros(3))


def replace(color: np.ndarray) -> ColorMap:
    """One color (3,), the same from every direction."""
    return ColorMap(np.zeros((3, 3)), np.asarray(color, np.float64))


def hue_saturation_value(hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> ColorMap:
    """Turn the hue by `hue`, scale saturation and value; (0, 1, 1) changes nothing.

    A hue of 1 is a full turn; 1/3 turns red to green. The map is linear, unlike a conversion to HSV
    and back: the hue turns about the gray axis in a plane of equal luma, so gray colors do not
    change and brightness does not jump.
    """
    gray = np.ones(3) / np.sqrt(3)
    cross = np.array([[0, -gray[2], gray[1]], [gray[2], 0, -gray[0]], [-gray[1], gray[0], 0]])
    cos, sin = np.cos(2 * np.pi * hue), np.sin(2 * np.pi * hue)
    turn = cos * np.eye(3) + sin * cross + (1 - cos) * np.outer(gray, gray)
    # Shear along gray so that the rotation keeps the plane of equal luma; then shear back.
    level = np.eye(3) + np.outer(np.ones(3), LUMA - 1 / 3)
    turn = np.linalg.inv(level) @ turn @ level
    luma = np.outer(np.ones(3), LUMA)
    return ColorMap(value * (luma + saturation * (np.eye(3) - luma)) @ turn, np.zeros(3))


def apply(
    sh0: np.ndarray, shN: np.ndarray, change: ColorMap, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (N, 1, 3), (N, S, 3) after a change.

    `weights` (N,) are a mask, or 0..1 for soft edges. Rows of weight 0 are returned unchanged.
    """
    rows = slice(None) if weights is None else np.flatnonzero(weights)
    given = np.ones(len(sh0)) if weights is None else weights
    amount = given[rows].astype(np.float32)[:, None, None]
    matrix = change.matrix.astype(np.float32)
    constant = ((change.matrix @ np.full(3, 0.5) + change.offset - 0.5) / C0).astype(np.float32)
    new0, newN = sh0.copy(), shN.copy()
    new0[rows] += amount * (sh0[rows] @ matrix.T + constant - sh0[rows])
    newN[rows] += amount * (shN[rows] @ matrix.T - shN[rows])
    return new0, newN
