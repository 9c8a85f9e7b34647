"""One object from one view, as in the paper (section 4.2, "DINOv2 + diffusion").

Seeds are the Gaussians that lie most under the prompt, and P is how much a Gaussian looks like the
object. From the seeds a flood runs through the edges whose S_ij √(P_i P_j) is above a cut. What it
reaches gets the score P, everything else 0. Bandwidths and threshold are those whose picture in the
reference view agrees best with the reference mask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

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
from ..segmentation.paint import Paint
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Segment
from ..stages import BANDWIDTHS
from ..uplifting import Uplifted
from .configs import Foreground, Words
from .cuts import CUTS, agreements, li, to_unit_range
from .diffusions import kept_edges, release_edges, seed_median
from .unary import boundary, logistic, to_mean

LARGE = 400_000  # scenes with more Gaussians are pruned


@dataclass(frozen=True)
class Found:
    """The segment, and how the benchmarks draw it: stretched to 0..1 and cut at `cut`."""

    segment: Segment
    # None: each picture has its own cut, by Li's rule.
    cut: float | None
    # IoU with the reference mask.
    agreement: float
    # If given, the values (N) to draw, and the offset that is added to the picture before the
    # logistic function is applied.
    logits: tuple[Float[Array, " N"], np.float32] | None = None


def prepare_pruned(
    scene: Scene,
    extractor: Extractor,
    config: Foreground | Words,
    *,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> tuple[Prepared, Array]:
    """Features and graph of the Gaussians with the largest weights, and the indices of these.

    A scene that is not large keeps all its Gaussians (`heaviest`).
    """
    uplifted = lifted_features(scene, extractor, recipe=config.recipe, cache=cache, job=job)
    rows = heaviest(uplifted.weights, config.keep)
    gaussians = scene.gaussians.take(rows)
    kept = Uplifted(uplifted.features[rows], uplifted.weights[rows], uplifted.views[rows])
    graph = connect(gaussians, config.recipe.neighbors, Steps(cache, job))
    graph = graph.with_features(kept.features, job=job)
    raster = config.recipe.raster or scene.raster
    return Prepared(gaussians, kept, graph, extractor.name, raster=raster), rows


def of_rows(scene: Scene, rows: Array) -> Scene:
    """The scene with these of its Gaussians alone, as later steps of the experiments see it."""
    return replace(scene, gaussians=scene.gaussians.take(rows), rows=scene.rows[rows])


def heaviest(weights: Float[Array, " N"], keep: float) -> Array:
    """Indices, ascending, of the Gaussians to keep; all if there are at most `LARGE`.

    These are the `keep` heaviest if `keep` is an integer, else those above that quantile.
    """
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
    """Find the object of the prompt `paint`, which is on one view.

    The result agrees best with `reference`, a mask in that view; by default this is the positive
    paint itself. Raises `EngineError` "bad_input" if no Gaussian is visible under positive paint.
    """
    raster, paint = prepared.raster, paint.whole
    sums, weights = adjoint(
        prepared.gaussians, paint.camera, paint.positive[None], raster=raster, job=job
    )
    share = np.divide(sums[:, 0], weights, out=np.zeros_like(weights), where=weights > 0)
    under = share > 0
    if not under.any():
        raise EngineError(
            "bad_input",
            "None of your positive prompts touches a visible splat.",
            ["Prompt on a part of the object that the splats show."],
        )
    seeds = under & (share >= np.quantile(share[under], 1 - config.seeds))
    target = paint.positive > 0.5 if reference is None else reference
    if config.unary == "pixels":
        return _by_pixels(prepared, paint.camera, target, config, job)
    best = Found(Segment(np.zeros_like(share), 1.0, "nothing agrees", {}, {}), 1.0, -1.0)
    trials = list(product(config.unary_bandwidths, config.bandwidths))
    tried = _scores(prepared, seeds, share, weights, config, trials)
    for n, (trial, scores) in enumerate(zip(trials, tried, strict=True)):
        job.check()
        job.report(BANDWIDTHS, n, len(trials))
        image = render(prepared.gaussians, paint.camera, scores[:, None], raster=raster, job=job)[0]
        found = _cut_by_agreement(scores, image[0], target)
        if found.agreement > best.agreement:
            named = dict(zip(("unary_bandwidth", "bandwidth"), trial, strict=True))
            parameters = {**named, **found.segment.parameters}
            evidence = {**found.segment.evidence, "seeds": float(seeds.sum())}
            segment = replace(found.segment, parameters=parameters, evidence=evidence)
            best = replace(found, segment=segment)
    job.report(BANDWIDTHS, len(trials), len(trials))
    return best


def _cut_by_agreement(
    scores: Float[Array, " N"], image: Float[Array, "H W"], target: Bool[Array, "H W"]
) -> Found:
    """Cut the picture of the scores where it agrees best with the target mask."""
    found = agreements(to_unit_range(image), target)
    n = int(np.argmax(found))
    cut, best = float(CUTS[n]), float(found[n])
    level = float(image.min() + CUTS[n] * np.ptp(image))
    how = f"found by agreement with the reference view, IoU {best:.3f}"
    return Found(Segment(scores, level, how, {"cut": cut}, {"agreement": best}), cut, best)


def picture(
    gaussians: Gaussians, found: Found, camera: Camera, *, raster: Raster, job: Job = SILENT
) -> Bool[Array, "H W"]:
    """The object's mask in a camera, as the benchmarks draw it."""
    values = found.segment.scores if found.logits is None else found.logits[0]
    image = render(gaussians, camera, values[:, None], raster=raster, job=job)[0][0]
    image = to_unit_range(image if found.logits is None else _probability(image + found.logits[1]))
    return image > (li(image) if found.cut is None else found.cut)


def _by_pixels(
    prepared: Prepared, camera: Camera, target: Bool[Array, "H W"], config: Foreground, job: Job
) -> Found:
    """Without diffusion: a logistic regression on the rendered features of the reference view.

    Rendering and the regression are both linear, so only one logit per Gaussian needs to be drawn
    in other views, instead of all features.
    """
    if target.all() or not target.any():
        covers = "covers the whole picture" if target.all() else "is empty"
        raise EngineError("bad_input", f"The mask {covers}.", ["Paint only the object white."])
    raster, x = prepared.raster, unit(prepared.uplifted.features)
    features = render(prepared.gaussians, camera, x, raster=raster, job=job)[0]
    pixels = features.reshape(x.shape[1], -1).T
    weights = np.ones(len(pixels), np.float32)
    direction, offset = boundary(pixels, target.ravel(), weights, C=config.C, balance="count")
    logits = x @ direction
    drawn = render(prepared.gaussians, camera, logits[:, None], raster=raster, job=job)[0][0]
    scores, image = _probability(logits + offset), _probability(drawn + offset)
    return replace(_cut_by_agreement(scores, image, target), logits=(logits, offset))


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
    """For every (unary bandwidth, bandwidth), P where the flood reaches and 0 elsewhere."""
    x = unit(prepared.uplifted.features)
    scale = max(seed_median(prepared.graph, seeds), 1e-6)
    probability = None
    if config.unary == "logistic":
        probability = logistic(x, share > 0.5, weights, C=config.C, balance="count")
    table = distances = None
    if config.release_cut:
        table = nearest(prepared.gaussians.means, config.recipe.neighbors)
        distances = _distances(x, table)
    for unary_bandwidth, bandwidth in trials:
        if probability is None:
            P = to_mean(x, seeds, bandwidth=unary_bandwidth)
        else:
            P = probability ** (1 / unary_bandwidth)
        P = P.astype(np.float32)
        graph: Graph = prepared.graph
        if table is None or distances is None:
            kept = kept_edges(graph, P, bandwidth=bandwidth, scale=scale)
        else:
            graph, kept = release_edges(table, distances, P, bandwidth=bandwidth, scale=scale)
        reached = flood(graph, kept, seeds, hops=config.hops) >= 0
        yield np.where(reached, P, 0).astype(np.float32)


def _distances(x: Float[Array, "N D"], table: Array) -> Float[Array, "N K"]:
    """Feature distances to the neighbors in `table` (N, K), in blocks to save memory."""
    out = np.empty(table.shape, np.float32)
    for start in range(0, len(x), 4096):
        rows = slice(start, start + 4096)
        out[rows] = np.linalg.norm(x[rows, None] - x[table[rows]], axis=2)
    return out
