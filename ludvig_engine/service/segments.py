"""The methods segment/* and segments/auto."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from ..arrays import Array, Int
from ..errors import EngineError
from ..features.table import title
from ..progress import Job
from ..sam.dividing import divided
from ..segmentation.grow import grow, shrink
from ..segmentation.segment import Options
from ..stages import ANSWER, PREPARE, READ_PROMPTS
from ..wire.methods import (
    AutoSegments,
    GrowSegment,
    Resized,
    RunSegment,
    Segment,
    Segments,
    ShrinkSegment,
)
from ..wire.prompt_kinds import KINDS
from ..words.prompted import found_by
from . import canvas, words
from .pointing import Given, marks
from .pointing import divided as by_segmenter
from .prompt_limits import check_prompts
from .state import State
from .stopwatch import Stopwatch

MAX_HOPS = 1000


def run_segment(state: State, request: RunSegment, job: Job) -> Segment:
    """Answer segment/run: the segment of prompts and texts, in file order.

    Raises `EngineError` "bad_input" for a wrong threshold, or prompts that show no Gaussian.
    """
    if request.threshold is not None and not 0 <= request.threshold <= 1:
        raise EngineError(
            "bad_input",
            f"The threshold {request.threshold:g} is not within 0..1.",
            ["Choose a number from 0 to 1."],
        )
    watch = Stopwatch(job, READ_PROMPTS)
    scene = state.scene(request.scene, job=job)
    check_prompts(request.prompts)
    pointed, others = Given(), Given(request.prompts, request.visible)
    if request.sam:
        pointed, others = by_segmenter(others)
    drawn = state.drawn(request.scene)
    read = partial(canvas.read_prompts, scene, *others, drawn)
    # Aside, because long strokes with a wide brush take a while.
    paints, placed = job.aside(read) if others.prompts else ([], None)
    watch.begin(PREPARE)
    texts = [prompt for prompt in request.prompts if KINDS[prompt.kind].words]
    by_sam = request.sam and (pointed.prompts or texts)
    segmenter = state.segmenter(request.sam, job=watch) if by_sam else None
    # Words are looked up in features of their own, of all pictures.
    if request.early and not texts:
        prepared, unread = state.prepared_early(request.scene, request.extractor, job=watch)
    else:
        prepared, unread = state.prepared(request.scene, request.extractor, job=watch), 0
    watch.begin(READ_PROMPTS)
    options = Options(
        diffusion=request.diffusion, threshold=request.threshold, reading=request.reading
    )
    named = None
    if texts:
        named = words.find_texts(state, request.scene, prepared, texts, options=options, job=watch)
    found = found_by(
        prepared,
        paints,
        marks=marks(scene, prepared, pointed, drawn),
        segmenter=segmenter,
        named=named,
        placed=placed,
        options=options,
        job=watch,
    )
    watch.begin(ANSWER)
    numbers = {name: float(x) for name, x in found.evidence.items() if math.isfinite(x)}
    ways = found.readings
    levels = np.full(scene.file_count, 255, np.uint8)  # splats that nothing can select
    if ways:
        levels[scene.rows] = ways.levels
    return Segment(
        scores=scene.to_file(np.nan_to_num(found.scores.astype(np.float32))),
        selected=scene.to_file(found.selected),
        threshold=float(found.threshold),
        extractor=prepared.extractor,
        evidence=numbers,
        timings=watch.timings(),
        notes=(*found.notes, *watch.notes()),
        readings=ways.steps if ways else (),
        reading=ways.taken if ways else 0,
        levels=levels if ways else None,
        found=found.guess is None,
        guess=found.guess,
        title=title(state.meant(request.extractor)),
        unread=unread,
        read=sum(view.pictured for view in scene.views) - unread,
    )


def grow_segment(state: State, request: GrowSegment, job: Job) -> Resized:
    """Answer segment/grow. Raises `EngineError` "bad_input" for a wrong number of hops."""
    return _resized(state, request, partial(grow, job=job), job)


def shrink_segment(state: State, request: ShrinkSegment, job: Job) -> Resized:
    """Answer segment/shrink. Raises `EngineError` "bad_input" for a wrong number of hops."""
    return _resized(state, request, partial(shrink, job=job), job)


def _resized(state: State, request: GrowSegment | ShrinkSegment, change: Any, job: Job) -> Resized:
    if not 0 <= request.hops <= MAX_HOPS:
        raise EngineError(
            "bad_input",
            f"A segment cannot grow or shrink by {request.hops} steps.",
            [f"Choose 0 to {MAX_HOPS} steps."],
        )
    scene = state.scene(request.scene, job=job)
    selected = scene.from_file(request.selected)
    graph = state.graph(request.scene, request.extractor, job=job)
    return Resized(scene.to_file(change(graph, selected, hops=request.hops)))


def auto_segments(state: State, request: AutoSegments, job: Job) -> Segments:
    """Answer segments/auto: the hierarchy of all segments and one cut of it, in file order."""
    if not 0 <= request.detail <= 1:
        raise EngineError(
            "bad_input",
            f"The detail {request.detail:g} is not within 0..1.",
            ["Choose a number from 0 to 1."],
        )
    watch = Stopwatch(job, PREPARE)
    scene = state.scene(request.scene, job=job)
    segmenter = state.segmenter(request.sam, job=watch) if request.sam else None
    prepared = state.prepared(request.scene, request.extractor, job=watch)
    found = divided(prepared, segmenter, job=watch)
    labels, count = found.cut(request.detail)

    def whole(values: Int[Array, " N"]) -> Int[Array, " F"]:
        out = np.full(scene.file_count, -1, np.int32)
        out[scene.rows] = values
        return out

    return Segments(
        whole(labels),
        count,
        watch.timings(),
        whole(found.leaves),
        found.merges,
        found.levels,
        found.features,
        title(state.meant(request.extractor)),
    )
