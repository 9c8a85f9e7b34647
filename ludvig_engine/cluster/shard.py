"""One shard of an uplift: the sums over its views only.

No shard waits for another. Each fits the PCA by itself, on the maps of the same few views
(`pca.sampled`). Where shards share a cache, each begins with other ones of these maps and finds the
rest there, so that together they compute each map about once.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import __version__
from ..cache.step import Steps
from ..cache.store import Cache, key, key_of_array
from ..errors import EngineError
from ..features import Extractor, pca
from ..features.maps import Lazy
from ..pipeline import Recipe, extract, key_of_weights, lift_params, reduced, reduction
from ..progress import SILENT, Job
from ..rendering import Sums, lift
from ..scene import Scene
from ..stages import UPLIFT
from .shares import shares


@dataclass(frozen=True)
class Shard:
    """The sums of one shard, and what all shards of an uplift have in common."""

    number: int  # from 1
    parts: int
    views: int  # of all shards
    sums: list[Sums]  # one for each node of `shares(views, parts)[number - 1]`
    reduction: pca.Reduction | None
    made_from: dict[str, str]  # a key of each thing that the sums depend on, by what it is called


def shard(
    scene: Scene,
    extractor: Extractor,
    number: int,
    parts: int,
    *,
    recipe: Recipe,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> Shard:
    """The sums over the views of shard `number` of `parts`, from 1.

    Maps are kept in the cache, so a shard that is killed resumes. Raises `EngineError` "bad_input"
    if the recipe refines or there are too many parts, and what `pipeline.lifted_features` raises.
    """
    if recipe.refine:
        raise EngineError(
            "bad_input",
            f"Each of the {recipe.refine} steps of refining needs the features of all shards.",
            ["Leave out --refine, or use --cluster instead of --shard."],
        )
    steps = Steps(cache, job)
    maps = extract(scene, extractor, steps)
    views, raster = maps.views, recipe.raster or scene.raster
    own = shares(len(views), parts)[number - 1]
    common = pca.sampled(len(views)) if recipe.components else []
    turn = (number - 1) * len(common) // parts
    computed = maps.compute(
        list(dict.fromkeys([*common[turn:], *common[:turn], *(n for node in own for n in node)]))
    )
    reduce = reduction(maps, recipe, steps)
    sights = reduced(views, computed, reduce)
    sums = [
        lift(
            scene.gaussians,
            Lazy(lambda n, node=node: sights[node[n]], len(node)),  # type: ignore[misc]
            raster=raster,
            stage=UPLIFT.of(f"{done + 1} of {len(own)}"),
            job=job,
        )
        for done, node in enumerate(own)
    ]
    return Shard(number, parts, len(views), sums, reduce, made_from(scene, extractor, recipe))


def made_from(scene: Scene, extractor: Extractor, recipe: Recipe) -> dict[str, str]:
    """A key of each thing that all shards must have in common, by what people call it."""
    views = [view for view in scene.views if view.pictured]
    return {
        "version of LUDVIG": __version__,
        "splats": key("splats", 1, key_of_weights(scene.gaussians), key_of_array(scene.rows)),
        "views": key("views", 1, [view.name for view in views]),
        "cameras or options": key("options", 1, lift_params(scene, views, recipe)),
        "features": extractor.key,
    }
