"""From files to a scene that prompts can be asked about: `load` and `prepare`."""

from __future__ import annotations

from os import PathLike

from .. import pipeline
from ..cache.step import Steps
from ..cache.store import Cache
from ..features import Extractor, load_extractor
from ..io.load import load_scene
from ..pictures.fitted import fitted
from ..pipeline import DEFAULT, Recipe
from ..planning.pictured import pictured
from ..progress import SILENT, Job
from ..scene import Scene
from ..segmentation.prepared import Prepared


def load(
    splats: str | PathLike[str],
    views: str | PathLike[str] | None = None,
    *,
    photos: str | PathLike[str] | None = None,
    max_size: int | None = 1600,
    need_photos: bool = False,
    cache: Cache | bool = True,
    job: Job = SILENT,
) -> Scene:
    """Load a splat file and, if `views` says where they are, its cameras and photos.

    Where there are no photos, the splats are rendered at the cameras instead; where there are no
    cameras either, views are planned from the splats: `scene.views` has them, `view_01` first, and
    `render(scene, "view_01")` shows what each sees.

    Args:
        splats: The splat file: PLY, compressed PLY, .splat, .spz or .sog.
        views: The cameras the splats were trained with: a COLMAP folder (`sparse/0` and `images`),
            a nerfstudio `transforms.json` or a `cameras.json`, or a folder that has one of them.
        photos: The folder of the photos, if it is not where the cameras say.
        max_size: Longest side in pixels of the views' cameras; larger photos are scaled down. None:
            no limit. Planned views have 1024 at most.
        need_photos: Whether it is an error if none of the photos is found, as it is if you name
            their folder.
        cache: Where planned views are kept, as for `prepare`.
        job: Told about progress, and asked whether to go on.

    Returns:
        The scene: N Gaussians in the file's own space, in the engine's order (`Scene.to_file` leads
        back to the file's), and its views sorted by name. `raster` is what it was trained with, as
        far as its photos tell. `notes` says what you should know, such as rows left out.

    Raises:
        EngineError: "not_found" if there is no such file, no camera or no photo; "bad_file" if a
            file is damaged; "bad_input" if a photo does not have its camera's shape.
    """
    needed = need_photos or photos is not None
    scene = load_scene(splats, views=views, photos=photos, max_size=max_size, need_photos=needed)
    steps = Steps(kept(cache), job)
    return pictured(fitted(scene, job=job), steps, max_size=max_size)


def prepare(
    scene: Scene,
    extractor: str | Extractor = "auto",
    *,
    recipe: Recipe = DEFAULT,
    cache: Cache | bool = True,
    job: Job = SILENT,
) -> Prepared:
    """Take features from every photo or render, lift them to the Gaussians and build the graph.

    The features of the Gaussians are LUDVIG's eq. 2, the graph is that of its section 3.3.

    This takes minutes the first time. Results are kept on disk, per photo and per scene, so that a
    cancelled run resumes. Afterwards a prompt reads no photo and rasterizes only its own view.

    Args:
        scene: A scene from `load`.
        extractor: What the features are: the name of an extractor ("auto", "colour", "files:maps/",
            "dinov2:base", ...; `ludvig segment --help` lists them), or an `Extractor` of your own.
            "auto" takes the best whose weights are on this machine and never downloads.
        recipe: Number of channels kept (40), of neighbors in the graph (16), and other constants.
        cache: True keeps results in the command line's folder (the environment's LUDVIG_CACHE, or
            the user's cache folder), False nowhere; a `Cache` names another folder.
        job: Told about progress, and asked whether to go on.

    Returns:
        The features (N, 40), the graph, and the scene's views by name, ready for `segment`.

    Raises:
        EngineError: "bad_input" if there is no such extractor or the scene has no pictures;
            `weights.MissingWeights` if the extractor's weights are not on this machine; "bad_file"
            if a photo is damaged.
    """
    return pipeline.prepare(scene, loaded(extractor), recipe=recipe, cache=kept(cache), job=job)


def loaded(extractor: str | Extractor) -> Extractor:
    """The extractor itself, on the best device there is if it was named."""
    return load_extractor(extractor, device="auto") if isinstance(extractor, str) else extractor


def kept(cache: Cache | bool) -> Cache | None:
    """Where results are kept; None: nowhere."""
    return (Cache() if cache else None) if isinstance(cache, bool) else cache
