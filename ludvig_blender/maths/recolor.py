"""Recolour splats without flattening them: every edit is an affine map of colours, applied to all harmonics.

The colour a Gaussian shows is 0.5 + C0 sh0 + Σ Y_k(d) shN_k, linear in its coefficients. So colour' = M colour + b in
every direction is shN' = M shN and C0 sh0' = M (0.5 + C0 sh0) + b - 0.5: highlights and shading keep their place and
take the new colour. Colours are those of the photos (sRGB, not linear light), as the splats were trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sh import C0

LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709


@dataclass(frozen=True)
class ColorMap:
    """colour' = matrix @ colour + offset."""

    matrix: np.ndarray  # (3, 3)
    offset: np.ndarray  # (3,)

    def then(self, other: ColorMap) -> ColorMap:
        """This map, followed by the other."""
        return ColorMap(other.matrix @ self.matrix, other.matrix @ self.offset + other.offset)

    def mixed(self, strength: float) -> ColorMap:
        """Part of the way from no change (0) to this map (1)."""
        return ColorMap(strength * self.matrix + (1 - strength) * np.eye(3), strength * self.offset)


def tint(color: np.ndarray) -> ColorMap:
    """Shades of one colour (3,): white becomes the colour, black stays black."""
    return ColorMap(np.outer(color, LUMA), np.zeros(3))


def replace(color: np.ndarray) -> ColorMap:
    """One colour (3,) seen from everywhere."""
    return ColorMap(np.zeros((3, 3)), np.asarray(color, np.float64))


def hue_saturation_value(hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> ColorMap:
    """Turn the hue by `hue` (1 = once around; red goes to green at 1/3), scale saturation and value; (0, 1, 1) = none.

    Linear, unlike the conversion to HSV and back: the hue turns about the grey axis in a plane of equal luma, so greys
    stay what they are and brightness does not jump.
    """
    grey = np.ones(3) / np.sqrt(3)
    cross = np.array([[0, -grey[2], grey[1]], [grey[2], 0, -grey[0]], [-grey[1], grey[0], 0]])
    angle = 2 * np.pi * hue
    turn = (
        np.cos(angle) * np.eye(3)
        + np.sin(angle) * cross
        + (1 - np.cos(angle)) * np.outer(grey, grey)
    )
    # Shear along grey so that the plane of equal luma is the one the rotation keeps; then back.
    level = np.eye(3) + np.outer(np.ones(3), LUMA - 1 / 3)
    turn = np.linalg.inv(level) @ turn @ level
    luma = np.outer(np.ones(3), LUMA)
    return ColorMap(value * (luma + saturation * (np.eye(3) - luma)) @ turn, np.zeros(3))


def apply(
    sh0: np.ndarray, shN: np.ndarray, change: ColorMap, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (N, 1, 3), (N, S, 3) after a change. `weights` (N,) are a mask, or 0..1 for soft edges.

    Rows of weight 0 come back bit for bit.
    """
    rows = slice(None) if weights is None else np.flatnonzero(weights)
    amount = (
        np.ones(len(sh0), np.float32)[rows] if weights is None else weights[rows].astype(np.float32)
    )
    amount = amount[:, None, None]
    matrix = change.matrix.astype(np.float32)
    constant = ((change.matrix @ np.full(3, 0.5) + change.offset - 0.5) / C0).astype(np.float32)
    new0, newN = sh0.copy(), shN.copy()
    new0[rows] += amount * (sh0[rows] @ matrix.T + constant - sh0[rows])
    newN[rows] += amount * (shN[rows] @ matrix.T - shN[rows])
    return new0, newN
