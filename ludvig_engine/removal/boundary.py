"""Gaussians across the border of an object, cut in two: what draws the object, and the rest.

No selection of whole Gaussians is exact, because a Gaussian on the border draws both sides. Each is
cut where its own footprint says that the border is, by a plane through it; its halves are the
Gaussians with the mass, mean and covariance of the two parts. Together they have those of the
whole, so pictures of the whole scene stay what they were.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.spatial.transform import Rotation
from scipy.special import ndtri

from ..arrays import Array, Bool, Float, Int
from ..scene import Gaussians
from .footprints import Footprints, close

# A selected Gaussian is cut if less than this share of it draws the object, and another one if more
# than that does. The edge of a thing's own Gaussians is always a little outside of its silhouette,
# and what is beside it always a little inside. Where a thing touches another one, its hidden
# Gaussians shine through a little, and half of one that is left would be a speck.
SELECTED, OTHER = 0.35, 0.25
LITTLE = 0.05  # less than this share of a Gaussian on either side is not cut off
# Its parts are so many pixels apart in the pictures (one of a pixel's size is not worth it),
APART = 1.0
# and the views agree this much about where inside is.
STEADY = 0.6
# The parts of its footprint are at least this share as far from each other as its halves will be:
# else the border does not run through it, as where a large faint one lies before the object.
SHARP = 0.5
# Less weight than this, in pixels of all pictures together, says nothing.
LEAST = 2.0
# The largest opacity of a half: an opaque Gaussian has nothing to gain from a clamp.
OPAQUE = 0.99


@dataclass(frozen=True)
class Split:
    """All Gaussians of a scene, those on the border as two; inner halves are at the end."""

    gaussians: Gaussians
    source: Int[Array, " M"]  # the index of the Gaussian each came from
    selected: Bool[Array, " M"]


def split(gaussians: Gaussians, selected: Bool[Array, " N"], seen: Footprints) -> Split:
    """Cut the Gaussians that `seen` says are on both sides of the object's border."""
    share = seen.share
    cut = np.flatnonzero(
        np.where(selected, share < SELECTED, share > OTHER)
        & (share > LITTLE)
        & (share < 1 - LITTLE)
        & (seen.apart > APART)
        & (seen.steady > STEADY)
        & (seen.inside + seen.outside > LEAST)
        # What is farther away is beside the object in a few pictures only, by chance.
        & close(gaussians.means, gaussians.means[selected])
    )
    inner, outer = halves(gaussians.take(cut), seen.inward[cut], share[cut])
    away = np.linalg.norm(inner.means - outer.means, axis=1)
    sharp = np.linalg.norm(seen.inward[cut], axis=1) > SHARP * away
    cut = cut[sharp]
    inner, outer = inner.take(sharp), outer.take(sharp)
    whole = {f.name: getattr(gaussians, f.name).copy() for f in fields(Gaussians)}
    for name, values in whole.items():
        values[cut] = getattr(outer, name)
    source = np.concatenate([np.arange(len(gaussians)), cut]).astype(np.int32)
    chosen = np.concatenate([selected, np.ones(len(cut), bool)])
    chosen[cut] = False
    return Split(Gaussians.joined([Gaussians(**whole), inner]), source, chosen)


def halves(
    gaussians: Gaussians, inward: Float[Array, "N 3"], share: Float[Array, " N"]
) -> tuple[Gaussians, Gaussians]:
    """The parts before and behind a plane across `inward` that has `share` of the mass before it.

    Σ mass, Σ mass mean and Σ mass second moment are those of the whole, where the mass is opacity
    times volume; an opacity that would be above `OPAQUE` is cut.
    """
    rotation = Rotation.from_quat(gaussians.quats, scalar_first=True).as_matrix()
    root = rotation * gaussians.scales[:, None].astype(np.float64)  # Σ = root rootᵀ
    # In the space where the Gaussian is round, the plane is across this direction.
    across = np.einsum("nij,ni->nj", root, inward.astype(np.float64))
    length = np.linalg.norm(across, axis=1, keepdims=True)
    across = np.where(length > 0, across / np.maximum(length, 1e-30), [1.0, 0, 0])
    at = -ndtri(share.astype(np.float64))
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    part = share.astype(np.float64)
    before, behind = density / part, -density / (1 - part)
    spread = (1 + at * before - before**2, 1 + at * behind - behind**2)
    return (
        _part(gaussians, root, across, part, before, spread[0]),
        _part(gaussians, root, across, 1 - part, behind, spread[1]),
    )


def _part(
    whole: Gaussians, root: Array, across: Array, share: Array, middle: Array, spread: Array
) -> Gaussians:
    """One part, whose mean and variance along `across` are given in standard deviations."""
    spread = np.maximum(spread, 1e-4)
    step = np.einsum("nij,nj->ni", root, across)
    covariance = root @ root.transpose(0, 2, 1)
    covariance -= (1 - spread)[:, None, None] * step[:, :, None] * step[:, None, :]
    values, axes = np.linalg.eigh(covariance)
    axes[:, :, 0] *= np.sign(np.linalg.det(axes))[:, None]
    return Gaussians(
        (whole.means + middle[:, None] * step).astype(np.float32),
        Rotation.from_matrix(axes).as_quat(scalar_first=True).astype(np.float32),
        np.sqrt(np.maximum(values, 1e-16)).astype(np.float32),
        np.minimum(whole.opacities * share / np.sqrt(spread), OPAQUE).astype(np.float32),
        whole.sh0,
        whole.shN,
    )
