"""Wraps pure functions, so that they know neither about the cache nor about canceled jobs.

    steps = Steps(cache, job)
    found = steps.kept("uplift", 1, params, steps.key_of(means), *maps.keys(), make=uplifted)

The function `uplifted` is called only if the cache does not hold its result yet.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..progress import SILENT, Job
from .store import Arrays, Cache, key, key_of_array


class Steps:
    """The steps of one job, and the cache that keeps their results, if there is one."""

    def __init__(self, cache: Cache | None, job: Job = SILENT) -> None:
        self.cache, self.job = cache, job

    def kept(
        self,
        name: str,
        version: int,
        params: object,
        *inputs: str,
        make: Callable[[], Arrays],
        about: str = "",
    ) -> Arrays:
        """The arrays that `make` returns, from the cache if they were made before.

        They are found again by the step's name, the version of its code, its parameters (any JSON)
        and the keys of its inputs. The disk is read and written in a helper thread, so that a
        canceled job does not wait for it.
        """
        cache = self.cache
        if cache is None:
            return make()
        entry = key(name, version, params, *inputs)
        found = self.job.aside(lambda: cache.get(entry))
        if found is None:
            made = found = make()
            self.job.aside(lambda: cache.put(entry, made, about=about))
        return found

    def known(self, name: str, version: int, params: object, *inputs: str) -> bool:
        """Whether the cache holds what `kept` would return."""
        return self.cache is not None and key(name, version, params, *inputs) in self.cache

    def key_of(self, *arrays: np.ndarray) -> str:
        """The key of an input of one or more arrays; computed only if there is a cache."""
        if self.cache is None:
            return ""
        found = [key_of_array(array) for array in arrays]
        return found[0] if len(found) == 1 else key("shape", 1, found)

    def key_of_file(self, path: Path) -> str:
        """The key of a file's content; the file is not read if nothing is kept."""
        return self.cache.key_of_file(path) if self.cache else ""

    def unwatched(self) -> Steps:
        """The same steps for work that goes on after the job is canceled, so that its result is
        kept.
        """
        return Steps(self.cache)
