"""How likely each Gaussian is a floater: something in the air that is on no surface.

A logistic regression of what the views say (witnesses.py) and of how it lies among its neighbors.
None of these is enough alone: floaters may be opaque or faint, alone or in sheets, before the lens
of one camera or where none looks. What the photos would miss is spared (missed.py). The weights
were fitted to floaters put into the tuning half of demo/scenes, together with those that the scenes
have and know of. `ludvig eval floaters` measures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from ..arrays import Array, Bool, Float
from ..errors import EngineError
from ..graph.neighbors import nearest
from ..progress import SILENT, Job
from ..scene import Scene
from .missed import missed
from .witnesses import Witnesses, hear

STRENGTH = 0.5
NEIGHBORS = 8
# Logit from which on it is tried whether the photos miss a Gaussian: chosen at a strength of .73.
DOUBTED = -1.0
# The photos miss it if the squared error of all channels grows by more than this where it is drawn:
# one step of 255 in every channel. Its logit is lowered by so much then.
WORSE, SPARED = 3 * (1 / 255) ** 2, 6.0
FEWEST = 50  # Gaussians that a scene must have for "unusual in it" to mean something


@dataclass(frozen=True)
class Weights:
    """What adds to the logit of "a floater"; each multiplies what its comment says."""

    one: float = -13.2  # always; with it, a strength of 0.5 cuts at logit 0
    error: float = 0.77  # ln(0.01 + the distance of its color from the photos', 0..√3)
    spread: float = -0.79  # ln(0.01 + how much the photos vary where it is drawn, 0..√3)
    front: float = 6.97  # the share of the views with it in their picture that see past it, 0..1
    alone: float = 2.44  # ln(distance to the eighth neighbor / its own size)
    isolated: float = 1.57  # ln(the same distance / its median in the scene)
    lonely: float = 2.81  # ln(the same distance / its median among the neighbors)
    near: float = -3.22  # ln(smallest depth / usual depth), from .01 to 10, which is also unseen
    big: float = 1.75  # ln(its size / the median size of its neighbors)
    large: float = 1.95  # ln(its size / the median size in the scene)
    unseen: float = 7.58  # 1 if no view shows it, else 0
    opacity: float = -1.06  # ln(0.001 + the odds of its opacity)


WEIGHTS = Weights()


def find_floaters(
    scene: Scene, *, weights: Weights = WEIGHTS, job: Job = SILENT
) -> Float[Array, " N"]:
    """How likely each Gaussian is a floater, 0..1; `chosen` cuts that at a strength.

    Raises `EngineError` "bad_input" if the scene has no pictures or hardly any Gaussians, and
    `Cancelled`.
    """
    if not any(view.pictured for view in scene.views):
        raise EngineError(
            "bad_input",
            "Floaters are found by what photos show behind them, but the scene has no photos.",
            ["Choose the cameras and photos of this scene."],
        )
    if len(scene) < FEWEST:
        raise EngineError(
            "bad_input",
            f"The scene has {len(scene)} splats, too few to tell which of them are unusual.",
            [f"Open a scene of at least {FEWEST} splats."],
        )
    parts = evidence(scene, hear(scene, job=job), job=job)
    logit = weights.one + sum(getattr(weights, name) * part for name, part in parts.items())
    growth = missed(scene, np.asarray(logit > DOUBTED), job=job)
    return np.asarray(expit(logit - SPARED * (growth > WORSE)), np.float32)


def chosen(scores: Float[Array, " N"], strength: float = STRENGTH) -> Bool[Array, " N"]:
    """The floaters at a strength: 0 chooses none, and 1 everything."""
    return np.asarray(scores > 1 - strength)


def evidence(scene: Scene, heard: Witnesses, *, job: Job = SILENT) -> dict[str, Float[Array, " N"]]:
    """What `Weights` multiply, by their names."""
    g = scene.gaussians
    beside = nearest(g.means.astype(np.float64), NEIGHBORS, job=job)
    # Several Gaussians may lie in one place, and sizes may be 0.
    gap = np.linalg.norm(g.means[beside[:, -1]] - g.means, axis=1) + 1e-9
    size = g.scales.max(1) + 1e-9
    weight = heard.weight + 1e-6
    odds = g.opacities / (1 - np.minimum(g.opacities, 0.995))
    return {
        "error": np.log(np.sqrt(heard.error / weight) + 0.01),
        "spread": np.log(np.sqrt(heard.spread / weight) + 0.01),
        "front": heard.front / np.maximum(heard.inside, 1),
        "alone": np.log(gap / size),
        "isolated": np.log(gap / np.median(gap)),
        "lonely": np.log(gap / np.median(gap[beside], axis=1)),
        "near": np.log(np.clip(heard.near, 1e-2, 1e1)),
        "big": np.log(size / np.median(size[beside[:, 1:]], axis=1)),
        "large": np.log(size / np.median(size)),
        "unseen": (heard.weight <= 0).astype(np.float32),
        "opacity": np.log(odds + 1e-3),
    }
