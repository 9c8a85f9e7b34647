"""How likely two regions that touch are one thing.

A logistic regression of what lies between them. Differences are compared on a logarithmic scale,
because twice a small difference says as much as twice a large one. The weights were learned from
pairs of regions whose right answer is known, and by the panoptic quality of the outcome;
docs/segmentation.md says on which scenes. No difference of looks may speak for a merge, and no
contact against one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Float
from .regions import Regions

CERTAIN = 0.05  # what masks say is believed to ln(1.05 / 0.05) = ±3


@dataclass(frozen=True)
class Weights:
    """What adds to the logit of "one thing"; each multiplies what its comment says."""

    one: float = 5.75  # always; with it, detail 0.5 cuts at logit 0
    color: float = -0.78  # ln(1 + ΔE / 3), of the mean colors; lightness counts half
    contrast: float = -0.74  # ln(1 + ΔE / 5), of the colors on both sides of the contact
    features: float = -1.14  # ln(1 + d / 0.3), d in standard deviations of the scene's features
    concave: float = -0.92  # ln(1 + bend / 0.1), the mean turn inwards of the surfaces there
    color_concave: float = -0.76  # the smaller of both
    contrast_concave: float = -0.59  # the smaller of both
    convex: float = -0.95  # ln(1 + bend / 0.2), the mean turn outwards
    share: float = 2.66  # the contact, as a part of the rim of the smaller region, 0..1
    thin: float = -0.80  # ln(√area of the smaller region / contact), -1..3
    big: float = 3.84  # how many times e³ less than 1/e of the views the larger one fills
    small_concave: float = 0.25  # the same of the smaller one, below 1/e⁴, times `concave`
    masked: float = 2.0  # the logit of how far a SAM's masks hold both, −3..3; 0 without a SAM


WEIGHTS = Weights()


def logit(regions: Regions, weights: Weights = WEIGHTS) -> Float[Array, " E"]:
    """ln(p / (1 − p)) of each pair of regions."""
    parts = evidence(regions)
    return weights.one + sum(getattr(weights, name) * part for name, part in parts.items())


def evidence(regions: Regions) -> dict[str, Float[Array, " E"]]:
    """What `Weights` multiply, by their names."""
    a, b = regions.a, regions.b
    mass = regions.mass[:, None]
    color, features = regions.color / mass, regions.features / regions.count[:, None]
    length = np.maximum(regions.contact[:, 0], 1e-12)
    differ, inwards, outwards = (regions.contact[:, 1:4] / length[:, None]).T
    smaller = np.where(regions.area[a] <= regions.area[b], a, b)
    apart = np.abs(color[a] - color[b])
    hue = _log(np.sqrt((apart[:, 0] / 2) ** 2 + (apart[:, 1:] ** 2).sum(1)), 0.03)
    contrast, concave = _log(differ, 0.05), _log(inwards, 0.1)
    relative = length / np.sqrt(np.maximum(regions.area[smaller], 1e-12))
    fills = np.log(regions.share + 1e-5)
    small = np.clip(-np.minimum(fills[a], fills[b]) - 4, 0, 6) / 3
    together = 0.5 if regions.masked is None else regions.masked.together(a, b)
    return {
        "color": hue,
        "contrast": contrast,
        "features": _log(np.linalg.norm(features[a] - features[b], axis=1), 0.3),
        "concave": concave,
        "color_concave": np.minimum(hue, concave),
        "contrast_concave": np.minimum(contrast, concave),
        "convex": _log(outwards, 0.2),
        "share": np.clip(length / np.maximum(regions.rim[smaller], 1e-12), 0, 1),
        "thin": np.clip(-np.log(np.minimum(relative, 3) + 1e-3), -1, 3),
        "big": np.clip(-np.maximum(fills[a], fills[b]) - 1, 0, 6) / 3,
        "small_concave": small * concave,
        "masked": np.log((together + CERTAIN) / (1 - together + CERTAIN)),
    }


def _log(values: Float[Array, " E"], scale: float) -> Float[Array, " E"]:
    return np.log1p(values / scale)
