"""The table of which function answers which method.

This imports most of what the engine computes with, which takes a second.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..cache.store import Cache
from ..progress import Job
from ..wire.methods import (
    AutoSegments,
    CacheInfo,
    CheckScene,
    ClearCache,
    ComputeFeatures,
    FindFloaters,
    FreeMemory,
    GrowSegment,
    ListFeatures,
    MemoryInfo,
    OpenScene,
    PreviewFeatures,
    ReadSplats,
    RemoveObject,
    RunSegment,
    ShrinkSegment,
    SpreadPrompts,
)
from . import extraction, floaters, removal, scenes, segments, spreading, storage
from .session import Handler
from .state import State

HANDLERS: dict[str, Callable[[State, Any, Job], Any]] = {
    OpenScene.method: scenes.open_scene,
    ReadSplats.method: scenes.read_splats,
    CheckScene.method: scenes.check_scene,
    FindFloaters.method: floaters.find_floaters,
    ListFeatures.method: extraction.list_features,
    ComputeFeatures.method: extraction.compute_features,
    PreviewFeatures.method: extraction.preview_features,
    RunSegment.method: segments.run_segment,
    GrowSegment.method: segments.grow_segment,
    ShrinkSegment.method: segments.shrink_segment,
    SpreadPrompts.method: spreading.spread_prompts,
    RemoveObject.method: removal.remove_object,
    AutoSegments.method: segments.auto_segments,
    MemoryInfo.method: storage.memory_info,
    FreeMemory.method: storage.free_memory,
    CacheInfo.method: storage.cache_info,
    ClearCache.method: storage.clear_cache,
}


# What is imported where it is used, because wrong files are refused without it. An engine imports
# it once it has answered: soon afterwards, a scene with photos needs it.
LATER = ("pycolmap",)


def handlers(*, cache: Cache | None = None, memory: int = 0) -> dict[str, Handler]:
    """The handlers of all methods but hello, initialize and shutdown, which the server answers.

    `memory` limits, in bytes, what is kept between requests; 0 is half of the machine's memory.
    """
    state = State(cache or Cache(), memory)
    return {name: functools.partial(handler, state) for name, handler in HANDLERS.items()}
