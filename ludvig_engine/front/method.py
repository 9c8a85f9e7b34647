"""The steps of the method to look at: `compare` features in 2-D and 3-D, and `spread` prompts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import pipeline
from ..arrays import Array, Float
from ..cache.store import Cache
from ..errors import EngineError, Fix
from ..features import Extractor
from ..pictures import feature_sheet, film
from ..pictures.palette import Palette
from ..progress import SILENT, Job
from ..scene import Scene
from ..segmentation.prepared import Prepared
from .preparing import kept, loaded
from .prompting import Click, Painting, paints

if TYPE_CHECKING:
    from ..paper.spreading import Spreading


def compare(
    scene: Scene,
    view: str,
    extractor: str | Extractor = "auto",
    *,
    cache: Cache | bool = True,
    job: Job = SILENT,
) -> tuple[Float[Array, "H W 3"], Float[Array, "H W 3"]]:
    """The 2-D features of a photo, and the uplifted ones rendered back into it, as colors.

    The three principal components of the uplifted features are red, green and blue in both, in one
    range, so that equal features have equal colors.

    Args:
        scene: A scene with views.
        view: The name of one of its photos.
        extractor: An extractor or its name, as for `prepare`.
        cache: Where the extractor's results are kept, as for `prepare`.
        job: Told about progress, and asked whether to go on.

    Returns:
        Two images (H, W, 3), float32 in 0..1, with the pixels of `scene.view(view).camera`. In the
        first each cell of the photo's feature map is a rectangle. Where the splats show nothing the
        second is gray, 0.5.

    Raises:
        EngineError: "not_found" if no view has that name or it has no photo.
    """
    chosen = scene.view(view)
    if not chosen.pictured:
        raise EngineError(
            "not_found",
            f"The photo {view} is missing.",
            [Fix("Choose the folder of the photos.", "choose_photos")],
        )
    used = loaded(extractor)
    uplifted, sight = pipeline.compared_features(scene, used, cache=kept(cache), job=job)
    pair = feature_sheet.features(
        *(used.name, sight(chosen).feature_map, uplifted, scene.gaussians, chosen.camera),
        palette=Palette.of(uplifted),
        raster=scene.raster,
        job=job,
    )
    flat = feature_sheet.covering(pair.flat, pair.deep.shape[:2])
    return flat.astype(np.float32), pair.deep.astype(np.float32)


def spread(
    prepared: Prepared,
    *,
    clicks: Iterable[Click] = (),
    scribbles: Iterable[Painting] = (),
    masks: Iterable[Painting] = (),
    times: Sequence[int] = film.TIMES,
    job: Job = SILENT,
) -> Spreading:
    """The states g_t of the paper's diffusion while prompts spread in a scene.

    g_{t+1} = A g_t with the rows of A divided by their sums (LUDVIG, section 3.3;
    `paper/spreading.py` has the equation). This is for looking at; `segment` finds objects by
    another diffusion.

    Args:
        prepared: A scene with features, of `prepare`.
        clicks: As for `segment`; what is on the object spreads as the foreground, and what is
            beside it as the background.
        scribbles: As for `segment`.
        masks: As for `segment`.
        times: The steps t to return, in any order.
        job: Told about progress, and asked whether to go on.

    Returns:
        `times`, and `foreground` and `background` (N, T) float32 in the engine's order, a column
        per time; one is None if no prompt is of its kind. State 0 is the uplifted paint, 0..1, and
        later ones stay within its range. `render(scene, view, spread.foreground[:, 3])` draws one.

    Raises:
        EngineError: as `segment`; also "bad_input" for a time that is negative.
    """
    # Imported here, because what learns takes a second to import.
    from ..paper import spreading

    painted = paints(prepared.views, clicks=clicks, scribbles=scribbles, masks=masks)
    if not painted:
        raise EngineError(
            "bad_input", "There is no prompt.", ["Give clicks, scribbles or masks, or several."]
        )
    return spreading.spread(prepared, painted, times=times, job=job)
