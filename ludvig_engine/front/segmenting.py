"""From prompts to an object: `segment`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..cache.store import Cache
from ..errors import EngineError
from ..progress import SILENT, Job
from ..sam import Segmenter, load_segmenter
from ..scene import Scene
from ..scene.raster import Raster
from ..segmentation.prepared import Prepared
from ..segmentation.segment import Options, Segment
from ..words.find import Spread, text_scores, united
from ..words.lift import lift_text, load_text_extractor
from ..words.prompted import found_by
from ..words.text import NEGATIVES
from .preparing import kept
from .prompting import Box, Click, Painting, paints, pointed


def segment(
    prepared: Prepared,
    *,
    clicks: Iterable[Click] = (),
    scribbles: Iterable[Painting] = (),
    masks: Iterable[Painting] = (),
    boxes: Iterable[Box] = (),
    text: str | Iterable[str] = (),
    negatives: Sequence[str] = NEGATIVES,
    threshold: float | None = None,
    diffusion: bool = True,
    reading: int = 0,
    text_model: str = "auto",
    sam: str | Segmenter = "",
    cache: Cache | bool = True,
    raster: Raster | None = None,
    job: Job = SILENT,
) -> Segment:
    """Find the object that the prompts mean: any number, of any kinds, on one photo or several.

    Prompts name a photo and are in pixels of the photo file, however large its camera is: x to the
    right, y down, (0, 0) is the middle of the upper left pixel. EXIF turns count only if
    the cameras are for the turned photos, as a note of the scene says then.

    Args:
        prepared: A scene with features, of `prepare`.
        clicks: (photo, x, y) on the object, or (photo, x, y, "-") beside it; True and False do as
            well as "+" and "-".
        scribbles: (photo, strokes). Strokes are an array (rows, columns) of the photo's shape,
            above 0 on the object, below 0 beside it and 0 elsewhere; or an image file, green or
            white on the object and red beside it, on a transparent or plain sheet or the photo.
        masks: (photo, mask): the whole object in that photo. A mask is an array (rows, columns) of
            the photo's shape, or an image or .npy file of it: the object is what is not 0, not
            black or not transparent, and soft masks are cut at half of their brightest value. One
            with several ids is refused; give `mask == id`.
        boxes: (photo, x0, y0, x1, y1): two corners of a rectangle around the object.
        text: Words for the object, "the wooden chair", or several of which any may be meant. Other
            prompts correct what the words found (LUDVIG, section 4.3, and an answer for what is not
            there). The first text of a scene takes text-aligned features from every photo.
        negatives: Words for what is not meant; what fits one of them better than `text` is not
            selected.
        threshold: Scores above it are selected, 0..1; None finds it.
        diffusion: Whether scores spread along the graph (LUDVIG, section 3.3).
        reading: How the first click is read: 0 is the best guess, -1 the next smaller thing around
            it, a part, and 1 the next larger one, the whole. `found.readings` has them all; a
            number beyond them takes the last one, and a note says so.
        text_model: Which extractor understands words; "auto" takes the best whose weights are on
            this machine.
        sam: The SAM that turns clicks and boxes into masks first, such as "sam2" (2.1, small),
            "sam2:tiny" or "sam-pth" (1, its own files), or one of `sam.load_segmenter`; "": none.
            Its masks are the readings: 0 is the one that it rates best, -1 a part of it, 1 the
            whole. What clicks touch is in or out as they say. Each picture is encoded once. What
            words find gets its outlines, by a box in the photo that shows most of it.
        cache: Where text-aligned features are kept, as for `prepare`.
        raster: Constants of the rasterizer, such as its near plane; None: those of the scene.
        job: Told about progress, and asked whether to go on.

    Returns:
        `scores` (N,) in 0..1 and `selected` (N,) bool in the engine's order, the threshold, and
        `notes`: what to tell the user, for instance that a text was not found. `readings` has
        everything that the first click may mean, `readings.steps` and `readings.of(step)` (N,)
        bool; it is None where prompts leave no choice. `guess` is None, or a text was not found,
        nothing is selected, and scores above `guess` are the best guess at it.
        `Scene.to_file(found.selected)` is in the file's order.

    Raises:
        EngineError: "bad_input" if there is no prompt, a pixel is outside its photo, an array does
            not have its photo's shape, or no positive prompt touches a splat; "not_found" if no
            photo has that name; `weights.MissingWeights` if there is a text but no model for it.
    """
    texts = [text] if isinstance(text, str) else list(text)
    marks = []
    if sam:
        marks = pointed(prepared.views, clicks=clicks, boxes=boxes)
        clicks, boxes = (), ()
    painted = paints(prepared.views, clicks=clicks, scribbles=scribbles, masks=masks, boxes=boxes)
    _check(texts, [*marks, *painted], threshold)
    options = Options(diffusion=diffusion, threshold=threshold, reading=reading)
    shared: dict[str, Any] = {"options": options, "raster": raster, "job": job}
    found = None
    if texts:
        spread = Spread(diffusion=diffusion, threshold=threshold)
        found = _named(prepared, texts, negatives, text_model, spread, kept(cache), raster, job)
    segmenter = loaded(prepared, sam, job) if sam and (marks or texts) else None
    found = found_by(prepared, painted, marks=marks, segmenter=segmenter, named=found, **shared)
    return found if threshold is None else replace(found, threshold=threshold, how="given")


def _check(texts: Sequence[str], painted: Sequence[object], threshold: float | None) -> None:
    if not (texts or painted):
        raise EngineError(
            "bad_input",
            "There is no prompt.",
            ["Give clicks, scribbles, masks, boxes or text, or several of them."],
        )
    if threshold is not None and not 0 <= threshold <= 1:
        raise EngineError("bad_input", f"The threshold {threshold:g} is not within 0..1.")


def loaded(prepared: Prepared, sam: str | Segmenter, job: Job) -> Segmenter:
    """The SAM itself; one that was named is kept for the next prompt."""
    if isinstance(sam, Segmenter):
        return sam
    return prepared.keep(("segmenter", sam), lambda _: load_segmenter(sam, device="auto"), job)


def _named(
    prepared: Prepared,
    texts: Sequence[str],
    negatives: Sequence[str],
    model: str,
    spread: Spread,
    cache: Cache | None,
    raster: Raster | None,
    job: Job,
) -> Segment:
    """What any of the texts means.

    The text model and the scene's text-aligned features are kept for the next text.
    """
    encoder = prepared.keep(
        ("text model", model), lambda _: load_text_extractor(model, device="auto"), job
    )
    count = len(prepared.gaussians)
    raster = raster or prepared.raster
    scene = Scene(prepared.gaussians, np.arange(count), count, prepared.views, raster=raster)
    lifted = prepared.keep(
        ("words", encoder.key, raster),
        lambda job: lift_text(scene, encoder, raster=raster, cache=cache, job=job),
        job,
    )
    asked = text_scores(
        prepared, lifted, encoder, texts, negatives=negatives, spread=spread, job=job
    )
    found = united(asked)
    told = f"Words were understood by {encoder.name}: {', '.join(texts)}."
    return replace(found, notes=(told, *found.notes))
