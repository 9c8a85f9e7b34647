"""From maps of the photos to features of the Gaussians, for research: `uplift`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..arrays import Array
from ..cache.store import Cache
from ..errors import EngineError
from ..features import Extractor, pca
from ..features.own_maps import checked_map
from ..io.photos import read_photo
from ..pipeline import Recipe, lifted_features
from ..progress import SILENT, Job
from ..scene import Scene, View
from ..scene.raster import Raster
from ..stages import UPLIFT
from ..uplifting import Sight, Uplifted
from ..uplifting import uplift as weighted_mean
from .preparing import kept, loaded

Maps = Mapping[str, Array] | Iterable[Array]


def uplift(
    scene: Scene,
    maps: Maps | str | Extractor,
    *,
    components: int = 0,
    refine: int = 0,
    raster: Raster | None = None,
    cache: Cache | bool = True,
    job: Job = SILENT,
) -> Uplifted:
    """Lift any maps of the photos to the Gaussians: each gets the mean of the pixels it colors.

    The mean is weighted by the blending weights (LUDVIG, eq. 2).

    Args:
        scene: A scene with views.
        maps: A map of D channels per view, each an array (D, h, w): as a sequence in the order of
            `scene.views`, or by photo name, which may leave views out. A map covers the whole image
            of the view's camera at any resolution h x w: the cell in row i and column j is centered
            at ((j + 0.5) W / w, (i + 0.5) H / h), in continuous pixels whose centers are at +0.5.
            That image is the photo, or the undistorted photo if the lens distorts
            (`io.photos.read_photo` gives it). Or an extractor or its name, as for `prepare`.
        components: Channels kept by PCA, which standardizes them first, as the paper does; 0 keeps
            all as they are.
        refine: Steps from LUDVIG's weighted mean towards the least-squares features, beyond the
            paper.
        raster: Constants of the rasterizer, such as its near plane; None: those of the scene.
        cache: Where an extractor's results are kept, as for `prepare`; arrays are not kept.
        job: Told about progress, and asked whether to go on.

    Returns:
        `features` (N, D) float32 in the engine's order, `weights` (N,) the sum of blending weights
        behind each, and `views` (N,) the effective number of views. What no pixel shows has weight
        0 and feature 0.

    Raises:
        EngineError: "bad_input" if the maps are not as many as the views, are no maps, differ in D
            or are not finite; "not_found" if no photo has that name.
    """
    if isinstance(maps, str | Extractor):
        recipe = Recipe(components=components, refine=refine, raster=raster)
        extractor = loaded(maps)
        return lifted_features(scene, extractor, recipe=recipe, cache=kept(cache), job=job)
    pairs = _paired(scene, maps)
    reduce = None
    if components:
        reduce = pca.fit_pca([one for _, one in pairs], components=components, job=job)
    sights = [
        Sight(view.camera, reduce(one) if reduce else one, _valid(view))
        for view, one in job.track(pairs, UPLIFT)
    ]
    raster = raster or scene.raster
    return weighted_mean(scene.gaussians, sights, refine=refine, raster=raster, job=job)


def _paired(scene: Scene, maps: Maps) -> Sequence[tuple[View, Array]]:
    """Each map with its view, as float32 and with the channels of the first."""
    if isinstance(maps, Mapping):
        found = [(scene.view(name), one) for name, one in maps.items()]
    else:
        every = list(maps)
        if len(every) != len(scene.views):
            raise EngineError(
                "bad_input",
                f"There are {len(every)} maps for {len(scene.views)} views.",
                ["Give one per view of `scene.views`, or a table of maps by photo name."],
            )
        found = list(zip(scene.views, every, strict=True))
    if not found:
        raise EngineError("bad_input", "There are no maps.", ["Give one per view."])
    pairs: list[tuple[View, Array]] = []
    for view, one in found:
        if not isinstance(one, np.ndarray):
            raise EngineError(
                "bad_input",
                f"The map of {view.name} is of the type {type(one).__name__}.",
                ["Give NumPy arrays."],
            )
        channels = len(pairs[0][1]) if pairs else 0
        pairs.append((view, checked_map(one, f"The map of {view.name}", channels=channels)))
    return pairs


def _valid(view: View) -> Array | None:
    """The pixels at which the photo shows something; None: all."""
    return read_photo(view).valid if view.pictured else None
