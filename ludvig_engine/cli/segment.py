"""`ludvig segment`: from prompts on photos to selected splats."""

from __future__ import annotations

from dataclasses import replace

from .. import __version__
from ..paper.names import parts
from . import prompts
from . import segment_options as options
from .common import (
    AsJson,
    Download,
    Extractor,
    MaxSize,
    Near,
    NoCache,
    Photos,
    Refine,
    Splats,
    Views,
    bars,
    cache,
    cached,
)
from .scenes import loaded


def command(
    splats: Splats,
    out: options.Out,
    views: Views = None,
    click: prompts.Clicks = None,
    scribble: prompts.Scribbles = None,
    mask: prompts.Masks = None,
    mask_value: prompts.MaskValue = None,
    box: prompts.Boxes = None,
    text: prompts.Texts = None,
    negative: options.Negatives = None,
    template: options.Templates = None,
    text_model: options.TextModel = "",
    sam: options.Sam = None,
    sam_views: options.SamViews = False,
    paper: options.Config = None,
    extractor: Extractor = "",
    diffusion: options.Diffusion = True,
    threshold: options.Threshold = None,
    reading: options.Reading = 0,
    guess: options.Guess = False,
    keep: options.Keep = None,
    remove: options.Remove = None,
    refine: Refine = 0,
    photos: Photos = None,
    max_size: MaxSize = 1600,
    near: Near = None,
    download: Download = False,
    no_cache: NoCache = False,
    json: AsJson = False,
) -> None:
    """Select the object that clicks, scribbles, masks, boxes or words in the photos point to."""
    if paper:
        parts(paper)  # refuses unknown names
    scene = loaded(
        splats, views, photos, max_size=max_size, near=near, no_cache=no_cache, json=json
    )
    # Imported here, so that a wrong file is refused without what draws, lifts and learns.
    from ..paper.configs import config
    from ..pipeline import Recipe
    from ..segmentation.segment import Options
    from ..words.find import Spread
    from . import written
    from .learned import Models
    from .segmenting import Asked, check, compute, with_published

    given = {"click": click, "scribble": scribble, "mask": mask, "box": box, "text": text}
    placed = prompts.read_all(scene, given, mask_value=mask_value)
    asked = Asked(
        texts=tuple(text or ()),
        negatives=negative,
        templates=template,
        text_model=text_model,
        segmenter=sam or ("sam2" if sam_views else ""),
        every_photo=sam_views,
        published=config(paper) if paper else None,
        extractor=extractor,
        recipe=Recipe(refine=refine),
        options=Options(diffusion=diffusion, threshold=threshold, reading=reading),
        spread=Spread(diffusion=diffusion, threshold=threshold),
    )
    check(paper, asked, placed)
    with bars(json, cached(no_cache)) as job:
        models = Models(download, job)
        found, more = compute(scene, with_published(asked), placed, models, cache(no_cache), job)
    if threshold is not None:
        found = replace(found, threshold=threshold, how="given")
    if guess and found.guess is not None:
        found = replace(found, threshold=found.guess, how="a guess: the words are not found")
    about = {
        "ludvig": __version__,
        "splats": str(splats),
        "extractor": models.name,
        "licence": models.licence,
        "config": paper,
        "threshold": found.threshold,
        "prompts": {
            **given,
            "mask_value": mask_value,
            "negative": negative,
            "template": template,
        },
        "parameters": found.parameters,
        "evidence": found.evidence,
        "readings": found.readings.steps if found.readings else (),
        "reading": found.readings.taken if found.readings else 0,
        "found": found.guess is None,
    }
    selected = written.write(out, scene, found, more, about)
    notes = *scene.notes, *found.notes, *written.unsure(found, guess)
    told = [*notes, *written.export(splats, out, keep, remove, selected)]
    files = [path for path in (out, keep, remove) if path is not None]
    written.report(found, about, selected, files, told, json)
