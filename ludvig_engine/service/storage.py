"""The methods memory/* and cache/*: report memory and disk use, and free them."""

from __future__ import annotations

import gc

from ..cache.store import Usage
from ..errors import plural
from ..machine.device import choose, import_torch, may_have_gpu, release
from ..machine.memory import free_memory as free_bytes
from ..machine.memory import give_back, total_memory
from ..progress import Job, cpu_count
from ..wire.methods import CacheInfo, CacheState, ClearCache, FreeMemory, Memory, MemoryInfo
from .state import State


def memory_info(state: State, request: MemoryInfo, job: Job) -> Memory:
    """Answer memory/info: the memory of the GPU if there is one, else of the computer."""
    return job.aside(_memory)


def free_memory(state: State, request: FreeMemory, job: Job) -> Memory:
    """Answer memory/free: drop everything that can be computed or read again."""
    freed = state.free(job=job)
    job.aside(gc.collect)
    release()
    job.aside(give_back)
    return job.aside(lambda: _memory(freed))


def cache_info(state: State, request: CacheInfo, job: Job) -> CacheState:
    """Answer cache/info: the number and size of cached files."""
    return _cache(state, state.cache.usage())


def clear_cache(state: State, request: ClearCache, job: Job) -> CacheState:
    """Answer cache/clear: delete all cached files."""
    freed = state.cache.clear()
    return _cache(state, state.cache.usage(), freed)


def _memory(freed: int = 0) -> Memory:
    device = choose() if may_have_gpu() else "cpu"
    if device == "cuda":
        cuda = import_torch().cuda
        free, total = cuda.mem_get_info()
        return Memory(cuda.get_device_name(), free, total, freed)
    if device == "mps":  # which shares the computer's memory
        return Memory("Apple GPU", free_bytes(), total_memory(), freed)
    return Memory(f"CPU, {plural(cpu_count(), 'core')}", free_bytes(), total_memory(), freed)


def _cache(state: State, usage: Usage, freed: int = 0) -> CacheState:
    return CacheState(str(state.cache.folder), usage.entries, usage.size, usage.limit, freed)
