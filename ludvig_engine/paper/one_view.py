"""One object from one view, the paper's way (section 4.2, "DINOv2 + diffusion" on NVOS and SPIn-NeRF).

Seeds are the surest Gaussians under the prompt, P how much a Gaussian looks like the object; through edges whose
S_ij √(P_i P_j) is above a cut the seeds flood the graph, and what they reach scores P. Bandwidths and the threshold are
those whose picture in the reference view agrees best with the reference mask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from skimage.filters import threshold_li

from ..arrays import Array, Bool, Float
from ..cache.step import Steps
from ..cache.store import Cache
from ..errors import EngineError
from ..features import Extractor
from ..graph.flood import flood
from ..graph.neighbors import Graph, nearest, unit
from ..pipeline import connect, lifted_features
from ..progress import SILENT, Job
from ..rendering import Raster, adjoint, render
from ..scene import Camera, Gaussians, Scene
from ..segmentation.painting import Paint
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment
from ..stages import BANDWIDTHS
from ..uplifting import Uplifted
from .configs import Foreground
from .diffusions import kept_edges, release_edges, seed_median
from .unary import boundary, logistic, to_mean

CUTS = 1 - np.arange(1, 98) / 100  # of the picture stretched to 0..1
LARGE = 400_000  # Gaussians: scenes above it are pruned


@dataclass(frozen=True)
class Found:
    """The segment, and how the benchmarks look at it: in pictures stretched to 0..1, cut at `cut`."""

    segment: Segment
    cut: float | None  # None: each picture's own, by Li's rule
    agreement: float  # IoU with the reference mask
    logits: tuple[Float[Array, " N"], np.float32] | None = (
        None  # what is drawn, and added, before the logistic function
    )


def prepare_pruned(
    scene: Scene,
    extractor: Extractor,
    config: Foreground,
    *,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> tuple[Prepared, Array]:
    """The scene of the Gaussians that carry most weight, and which those are; all of a scene that is not large."""
    uplifted = lifted_features(scene, extractor, recipe=config.recipe, cache=cache, job=job)
    rows = heaviest(uplifted.weights, config.keep)
    gaussians = scene.gaussians.take(rows)
    kept = Uplifted(uplifted.features[rows], uplifted.weights[rows], uplifted.views[rows])
    graph = connect(gaussians, config.recipe.neighbours, Steps(cache, job))
    return Prepared(
        gaussians, kept, graph.with_features(kept.features, job=job), extractor.name
    ), rows


def heaviest(weights: Float[Array, " N"], keep: float) -> Array:
    """Rows, ascending: the `keep` heaviest if a whole number, those above that quantile if a share."""
    if len(weights) <= LARGE:
        return np.arange(len(weights))
    if isinstance(keep, int):
        return np.sort(np.argpartition(weights, -min(keep, len(weights)))[-keep:])
    return np.flatnonzero(weights > np.quantile(weights, keep))


def find_foreground(
    prepared: Prepared,
    paint: Paint,
    config: Foreground,
    *,
    reference: Bool[Array, "H W"] | None = None,
    job: Job = SILENT,
) -> Found:
    """`paint` is the prompt; `reference` the mask to agree with in its view, by default the positive paint itself.

    Raises `EngineError` "bad_input" if the prompt shows no Gaussian.
    """
    raster = config.recipe.raster
    sums, weights = adjoint(
        prepared.gaussians, paint.camera, paint.positive[None], raster=raster, job=job
    )
    share = np.divide(sums[:, 0], weights, out=np.zeros_like(weights), where=weights > 0)
    under = share > 0
    if not under.any():
        raise EngineError(
            "bad_input",
            "No splat is visible under the prompt.",
            ["Prompt on what the splats show."],
        )
    seeds = under & (share >= np.quantile(share[under], 1 - config.seeds))
    target = paint.positive > 0.5 if reference is None else reference
    if config.unary == "pixels":
        return _by_pixels(prepared, paint.camera, target, config, job)
    best = Found(Segment(np.zeros_like(share), 1.0, "nothing agrees", {}, {}), 1.0, -1.0)
    trials = list(product(config.unary_bandwidths, config.bandwidths))
    for (unary_bandwidth, bandwidth), scores in zip(
        trials, _scores(prepared, seeds, share, weights, config, trials), strict=True
    ):
        job.check()
        job.report(BANDWIDTHS, trials.index((unary_bandwidth, bandwidth)), len(trials))
        image = render(prepared.gaussians, paint.camera, scores[:, None], raster=raster, job=job)[
            0
        ][0]
        agreements = agreement(stretched(image), target)
        n = int(np.argmax(agreements))
        if agreements[n] > best.agreement:
            level = float(image.min() + CUTS[n] * np.ptp(image))
            how = f"found by agreement with the reference view, IoU {agreements[n]:.3f}"
            parameters = {
                "bandwidth": bandwidth,
                "unary_bandwidth": unary_bandwidth,
                "cut": float(CUTS[n]),
            }
            evidence = {"agreement": float(agreements[n]), "seeds": float(seeds.sum())}
            best = Found(
                Segment(scores, level, how, parameters, evidence),
                float(CUTS[n]),
                float(agreements[n]),
            )
    job.report(BANDWIDTHS, len(trials), len(trials))
    return best


def picture(
    gaussians: Gaussians, found: Found, camera: Camera, *, raster: Raster, job: Job = SILENT
) -> Bool[Array, "H W"]:
    """The object as the benchmarks see it from a camera."""
    values = found.segment.scores if found.logits is None else found.logits[0]
    image = render(gaussians, camera, values[:, None], raster=raster, job=job)[0][0]
    image = stretched(image if found.logits is None else _probability(image + found.logits[1]))
    return image > (li(image) if found.cut is None else found.cut)


def li(image: Float[Array, "H W"]) -> float:
    """Li's threshold; 0 of a flat image."""
    return float(threshold_li(image)) if np.ptp(image) > 0 else 0.0


def stretched(image: Float[Array, "H W"]) -> Float[Array, "H W"]:
    """Minimum to 0, maximum to 1; a flat image becomes 0."""
    return np.asarray((image - image.min()) / max(float(np.ptp(image)), 1e-12), np.float32)


def agreement(image: Float[Array, "H W"], mask: Bool[Array, "H W"]) -> Float[Array, " T"]:
    """IoU of image > cut with the mask, for each of `CUTS`, from two histograms."""
    level = np.searchsorted(CUTS[::-1], image.ravel())  # how many cuts a pixel is above
    inside = np.bincount(level, mask.ravel(), len(CUTS) + 1)[::-1].cumsum()[::-1][1:]
    above = np.bincount(level, minlength=len(CUTS) + 1)[::-1].cumsum()[::-1][1:]
    return np.asarray(inside / np.maximum(mask.sum() + above - inside, 1))[::-1]


def _by_pixels(
    prepared: Prepared, camera: Camera, target: Bool[Array, "H W"], config: Foreground, job: Job
) -> Found:
    """Without diffusion: what parts the reference view's pixels, by their rendered features.

    Rendering is linear, and so is the regression: drawing one logit per Gaussian is drawing all features.
    """
    if target.all() or not target.any():
        raise EngineError(
            "bad_input", "The mask is empty or the whole picture.", ["Paint the object white."]
        )
    raster, x = config.recipe.raster, unit(prepared.uplifted.features)
    pixels = (
        render(prepared.gaussians, camera, x, raster=raster, job=job)[0].reshape(x.shape[1], -1).T
    )
    weights = np.ones(len(pixels), np.float32)
    direction, offset = boundary(pixels, target.ravel(), weights, C=config.C, balance="count")
    logits = x @ direction
    image = _probability(
        render(prepared.gaussians, camera, logits[:, None], raster=raster, job=job)[0][0] + offset
    )
    agreements = agreement(stretched(image), target)
    n = int(np.argmax(agreements))
    level, best = float(image.min() + CUTS[n] * np.ptp(image)), float(agreements[n])
    how = f"found by agreement with the reference view, IoU {best:.3f}"
    segment = Segment(
        _probability(logits + offset), level, how, {"cut": float(CUTS[n])}, {"agreement": best}
    )
    return Found(segment, float(CUTS[n]), best, (logits, offset))


def _probability(logits: Float[Array, "..."]) -> Float[Array, "..."]:
    return np.exp(-np.logaddexp(0, -logits)).astype(np.float32)


def _scores(
    prepared: Prepared,
    seeds: Bool[Array, " N"],
    share: Float[Array, " N"],
    weights: Float[Array, " N"],
    config: Foreground,
    trials: list[tuple[float, float]],
) -> Iterator[Float[Array, " N"]]:
    """What the seeds reach, times P, of every (unary bandwidth, bandwidth)."""
    x = unit(prepared.uplifted.features)
    scale = max(seed_median(prepared.graph, seeds), 1e-6)
    probability = None
    if config.unary == "logistic":
        probability = logistic(x, share > 0.5, weights, C=config.C, balance="count")
    table = (
        nearest(prepared.gaussians.means, config.recipe.neighbours) if config.release_cut else None
    )
    distances = None if table is None else _distances(x, table)
    for unary_bandwidth, bandwidth in trials:
        P = (
            to_mean(x, seeds, bandwidth=unary_bandwidth)
            if probability is None
            else probability ** (1 / unary_bandwidth)
        )
        P = P.astype(np.float32)
        graph: Graph = prepared.graph
        if table is None or distances is None:
            kept = kept_edges(graph, P, bandwidth=bandwidth, scale=scale)
        else:
            graph, kept = release_edges(table, distances, P, bandwidth=bandwidth, scale=scale)
        reached = flood(graph, kept, seeds, hops=config.hops) >= 0
        yield np.where(reached, P, 0).astype(np.float32)


def _distances(x: Float[Array, "N D"], table: Array) -> Float[Array, "N K"]:
    out = np.empty(table.shape, np.float32)
    for start in range(0, len(x), 4096):
        rows = slice(start, start + 4096)
        out[rows] = np.linalg.norm(x[rows, None] - x[table[rows]], axis=2)
    return out
