"""The straight way, from photos to everything a prompt needs.

    photos --extract--> maps --PCA, uplift--> features --k-NN--> graph --segment--> scores

Each step is a pure function in a file of its own. `prepare` puts them in a row, and `Steps`
(cache/step.py) wraps them: results are kept by what they depend on, and a canceled job resumes
where it stopped. The last step, `segment`, runs again for each prompt: segmentation/segment.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .cache.step import Steps
from .cache.store import Arrays, Cache, key, key_of_array
from .errors import EngineError, Fix
from .features import Extractor
from .features import pca as pca_
from .features.maps import FeatureMaps, Lazy
from .graph.neighbors import Graph, build, nearest
from .machine.memory import give_back
from .progress import SILENT, Job
from .scene import Gaussians, Scene, View
from .scene.raster import Raster
from .segmentation.prepared import Prepared
from .uplifting import Sight, Uplifted, uplift

# Neighbors of each Gaussian. 16 gives the same selections as the paper's 200 in a twelfth of the
# time.
NEIGHBORS = 16


@dataclass(frozen=True)
class Recipe:
    """What features and graph are made with."""

    components: int = pca_.COMPONENTS  # channels kept; 0: all, neither standardized nor rotated
    weighted: bool = False  # whether channels are multiplied by their singular values
    refine: int = 0  # steps from the weighted mean towards least squares
    neighbors: int = NEIGHBORS
    raster: Raster | None = None  # None: the scene's

    def finished(self, uplifted: Uplifted) -> Uplifted:
        """Change uplifted features; for recipes that differ from the method (`paper/`)."""
        return uplifted


DEFAULT = Recipe()
LIFTED = "uplift", 2  # the step's name and the version of its code, in the cache
# What computes features in place of `lifted_here`, such as a cluster (cluster/).
Lifter = Callable[[Scene, FeatureMaps, Recipe, Steps], Uplifted]


def prepare(
    scene: Scene,
    extractor: Extractor,
    *,
    recipe: Recipe = DEFAULT,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> Prepared:
    """Features and graph of a scene, computed or from the cache.

    Raises `EngineError` "bad_input" if the scene has no photos, and whatever reading the photos
    raises.
    """
    steps = Steps(cache, job)
    maps = extract(scene, extractor, steps)
    uplifted = lift(scene, maps, recipe, steps)
    graph = connect(scene.gaussians, recipe.neighbors, steps)
    graph = graph.with_features(uplifted.features, job=job)
    raster = recipe.raster or scene.raster
    return Prepared(scene.gaussians, uplifted, graph, extractor.name, scene.views, raster, cache)


def lifted_features(
    scene: Scene,
    extractor: Extractor,
    *,
    recipe: Recipe = DEFAULT,
    cache: Cache | None = None,
    job: Job = SILENT,
    lifter: Lifter | None = None,
) -> Uplifted:
    """The features of `prepare` alone, without the graph; `lifter` None computes them here."""
    steps = Steps(cache, job)
    return lift(scene, extract(scene, extractor, steps), recipe, steps, lifter)


def compared_features(
    scene: Scene,
    extractor: Extractor,
    *,
    recipe: Recipe = DEFAULT,
    cache: Cache | None = None,
    job: Job = SILENT,
) -> tuple[Uplifted, Callable[[View], Sight]]:
    """The features of `prepare`, and what returns the map of a view that they are lifted from.

    Both have the same channels, since the maps are reduced in the same way. The views are those
    that have a photo, or a render in its place.
    """
    steps = Steps(cache, job)
    maps = extract(scene, extractor, steps)
    uplifted = lift(scene, maps, recipe, steps)
    sights = reduced(maps.views, maps.compute(), reduction(maps, recipe, steps))
    place = {view.name: n for n, view in enumerate(maps.views)}
    return uplifted, lambda view: sights[place[view.name]]


def extract(scene: Scene, extractor: Extractor, steps: Steps) -> FeatureMaps:
    """Photos -> feature maps. They are computed when `lift` needs them."""
    views = [view for view in scene.views if view.pictured]
    if not views:
        raise EngineError(
            "bad_input",
            "The scene has no photos to take features from.",
            [Fix("Give the photos' folder.", "choose_photos")],
        )
    return FeatureMaps(views, extractor, steps)


def lift(
    scene: Scene, maps: FeatureMaps, recipe: Recipe, steps: Steps, lifter: Lifter | None = None
) -> Uplifted:
    """Feature maps -> features of the Gaussians, reduced by PCA unless all channels are kept."""

    def make() -> Arrays:
        made = (lifter or lifted_here)(scene, maps, recipe, steps)
        return {"features": made.features, "weights": made.weights, "views": made.views}

    about = f"{maps.extractor.name} features of {scene.path}"
    params, inputs = _lifted_from(scene, maps, recipe, steps)
    found = steps.kept(*LIFTED, params, *inputs, make=make, about=about)
    return recipe.finished(Uplifted(found["features"], found["weights"], found["views"]))


def is_lifted(
    scene: Scene, extractor: Extractor, *, recipe: Recipe = DEFAULT, cache: Cache | None
) -> bool:
    """Whether the cache holds the features, so that `prepare` has only the graph to make.

    This reads the bytes of the photos. Raises `EngineError` as `prepare` does.
    """
    steps = Steps(cache)
    maps = extract(scene, extractor, steps)
    params, inputs = _lifted_from(scene, maps, recipe, steps)
    return steps.known(*LIFTED, params, *inputs)


def _lifted_from(
    scene: Scene, maps: FeatureMaps, recipe: Recipe, steps: Steps
) -> tuple[list[object], list[str]]:
    """All that lifted features depend on: parameters, and the keys of the inputs."""
    shape = key_of_weights(scene.gaussians) if steps.cache else ""
    return lift_params(scene, maps.views, recipe), [shape, *maps.keys()]


def lifted_here(scene: Scene, maps: FeatureMaps, recipe: Recipe, steps: Steps) -> Uplifted:
    """What `lift` keeps, computed by this process."""
    sights = reduced(maps.views, maps.compute(), reduction(maps, recipe, steps))
    raster = recipe.raster or scene.raster
    found = uplift(scene.gaussians, sights, refine=recipe.refine, raster=raster, job=steps.job)
    give_back()
    return found


def reduction(maps: FeatureMaps, recipe: Recipe, steps: Steps) -> pca_.Reduction | None:
    """What reduces the maps, fitted on a sample of them or from the cache; None: nothing does.

    Machines that share a cache thereby share the axes, even if their processors round differently.
    """
    if not recipe.components:
        return None
    chosen = pca_.sampled(len(maps.views))

    def make() -> Arrays:
        made = maps.compute(chosen)
        views = [maps.views[n] for n in chosen]
        alike = reduced(views, Lazy(lambda n: made[chosen[n]], len(chosen)), None)
        every = Lazy(lambda n: alike[n].feature_map, len(chosen))
        fit = pca_.fit_pca(every, components=recipe.components, job=steps.job)
        return {name: array for name, array in vars(fit).items() if name != "weighted"}

    about, keys = f"PCA of {maps.extractor.name}", maps.keys(chosen)
    found = steps.kept("reduction", 2, recipe.components, *keys, make=make, about=about)
    return pca_.Reduction(**found, weighted=recipe.weighted)


def reduced(
    views: Sequence[View], maps: Sequence[Arrays], reduce: pca_.Reduction | None
) -> Sequence[Sight]:
    """Feature maps -> what `uplift` takes: maps of few channels, each with its camera."""
    channels = [] if reduce is None else [len(reduce.mean)]  # else those of the map read first

    def sight(n: int) -> Sight:
        arrays = maps[n]  # once: this may read a file
        found = arrays["map"]
        channels.append(len(found))
        if len(found) != channels[0]:
            raise EngineError(
                "bad_input",
                f"The map of {views[n].name} has {len(found)} channels, but others have "
                f"{channels[0]}.",
                ["Give all maps the same channels, first."],
            )
        return Sight(views[n].camera, reduce(found) if reduce else found, arrays.get("valid"))

    return Lazy(sight, len(maps))


def connect(gaussians: Gaussians, neighbors: int, steps: Steps) -> Graph:
    """Gaussians -> the graph of nearest centers, still without features."""

    def make() -> Arrays:
        return {"neighbours": nearest(gaussians.means, neighbors, job=steps.job)}

    means = steps.key_of(gaussians.means)
    found = steps.kept("neighbours", 1, neighbors, means, make=make, about="neighbours")
    return steps.job.aside(lambda: build(found["neighbours"]))


def lift_params(scene: Scene, views: Sequence[View], recipe: Recipe) -> list[object]:
    """What features depend on beside the Gaussians and the maps, as JSON."""
    cameras = [view.camera.as_json() for view in views]
    raster = recipe.raster or scene.raster
    return [recipe.components, recipe.weighted, recipe.refine, repr(raster), cameras]


def key_of_weights(gaussians: Gaussians) -> str:
    """The key of everything that blending weights depend on, which colors are not."""
    arrays = gaussians.means, gaussians.quats, gaussians.scales, gaussians.opacities
    return key("shape", 1, list(map(key_of_array, arrays)))
