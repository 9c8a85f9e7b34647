"""What a stroke means: one of the nested groups around it.

How likely each is meant is the product of two things. A group that merges late, compared with the
parts that made it, is more likely a thing. And people click in the middle of what they mean: a
group in whose middle the stroke is not, as its camera shows it, is hardly the one.

Many groups differ by little, so the likeliest is not the best answer: the one is taken whose mean
IoU with all of them is highest, each weighted by how likely it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Array, Bool, Float
from ..progress import SILENT, Job
from ..scene.raster import Raster
from .coarse import Coarse
from .nesting import Nesting
from .picture import Picture
from .prepared import Prepared
from .settings import Settings
from .stroke import Stroke
from .trail import small_view

# Groups smaller than this share of the scene are noise.
LEAST = 0.0003
# Touched superpoints count if they show half as much of a stroke as the one that shows most.
CLEARLY = 0.5


@dataclass(frozen=True)
class Meaning:
    """The K groups of S superpoints that a stroke may mean, from the smallest to the largest."""

    groups: list[Bool[Array, " S"]]
    # Of what each would change in the stroke's picture, how deep the stroke is in it: 1 is deepest.
    depth: Float[Array, " K"]
    pixels: Float[Array, " K"]  # how much each would change there
    mass: Float[Array, " K"]  # share of the scene
    lasts: Float[Array, " K"]  # log of how much dearer the next merge is
    # How much larger a part of the selection each would change in all photos than around the stroke
    # in its picture: a sliver of what is mostly elsewhere or out of sight has a large one.
    hidden: Float[Array, " K"]

    def expected(
        self, settings: Settings, beside: Float[Array, " K"] | None = None
    ) -> Float[Array, " K"]:
        """The mean IoU of each group with what is meant.

        For the first stroke, `beside` is what else speaks for each group, as log of how much
        likelier that makes it.
        """
        careful, middle = settings.careful, settings.middle
        likely = self.lasts * (1 - careful + careful * (middle + 1) * self.depth**middle)
        if beside is not None:
            likely = likely * np.exp(beside)
        size = self.pixels + 1
        alike = np.minimum.outer(size, size) / np.maximum.outer(size, size)
        found: Array = alike @ likely / max(float(likely.sum()), 1e-12)
        return found

    def usual(self, settings: Settings) -> Float[Array, " K"]:
        """How usual their sizes are for things, as a log."""
        found: Array = -((np.log(self.mass / settings.usual) / settings.unusual) ** 2)
        return found

    def clear(self, settings: Settings, *, hidden: float = np.inf) -> Bool[Array, " S"] | None:
        """The group that a correction means; None if it is in the middle of none, or `hidden`."""
        if not self.groups:
            return None
        best = int(self.expected(settings).argmax())
        means = self.depth[best] > settings.clear_group and self.hidden[best] <= hidden
        return self.groups[best] if means else None


def around(
    prepared: Prepared,
    strokes: Sequence[Stroke],
    selected: Bool[Array, " N"],
    *,
    coarse: Coarse,
    nesting: Nesting,
    settings: Settings,
    raster: Raster,
    job: Job = SILENT,
) -> tuple[Meaning, Picture]:
    """What the last stroke may mean, and what its camera shows.

    No group holds a stroke of the other kind, and none is most of the scene, unless the scene is
    one thing with nothing around it.
    """
    stroke = strokes[-1]
    labels = coarse.labels
    touched = _shows(stroke, selected[stroke.rows] != stroke.positive, coarse)
    chain = nesting.around(int(touched.argmax()))
    rank = nesting.ranks(chain)
    ranks = rank[labels].astype(np.float32)
    view = small_view(prepared, stroke.paint, raster=raster, job=job)
    picture = Picture.of(view, stroke.paint, ranks, selected)
    against = np.zeros(nesting.count, bool)
    for other in [one for one in strokes[:-1] if one.positive != stroke.positive]:
        shown = _shows(other, np.ones(len(other.rows), bool), coarse)
        against |= shown >= CLEARLY * shown.max()
    there = picture.selected != stroke.positive  # what the stroke may mean
    changes = np.where(selected != stroke.positive, prepared.visible, 0)
    change = np.bincount(labels, changes, nesting.count)
    # What one pixel of the selection usually is of all that the photos show of it.
    usual = max(float(prepared.visible[selected].sum()), 1e-12) / max(picture.selected.sum(), 1)
    lasts = nesting.lasts(chain)
    # Of a single superpoint nothing stands out, even if it is all that there is.
    most = np.inf if picture.alone and len(chain) > 1 else settings.most
    found: list[int] = []
    depth: list[tuple[float, float]] = []
    pixels: list[float] = []
    for number, group in enumerate(chain):
        if (rank[against] <= number).any() or nesting.mass[group] > most:
            break
        if nesting.mass[group] < LEAST:
            continue
        region = (picture.rank <= number + 0.5) & there
        found.append(number)
        depth.append(picture.depth(region))
        pixels.append(float(region.sum()))
    groups = [rank <= number for number in found]
    changed = np.array([change[group].sum() for group in groups])
    depths, parts = np.array(depth).reshape(-1, 2).T
    meaning = Meaning(
        groups,
        depths,
        np.array(pixels),
        nesting.mass[chain[found]],
        lasts[found],
        changed / (usual * np.maximum(parts, 1)),
    )
    return meaning, picture


def _shows(stroke: Stroke, rows: Bool[Array, " M"], coarse: Coarse) -> Float[Array, " S"]:
    """How much of a stroke each superpoint shows, of some of its rows."""
    weights: Array = np.bincount(
        coarse.labels[stroke.rows[rows]], stroke.weights[rows], len(coarse.size)
    )
    return weights
