"""Progress and cancelling, wrapped around the work rather than inside it.

Long loops say `for photo in job.track(photos, "Extracting features"):`. That line reports how far the job is and is
also the point where a cancelled job stops, so no step of such a loop may take longer than 250 ms by intent.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

from .errors import Cancelled

T = TypeVar("T")
R = TypeVar("R")


class Job:
    """A silent, never cancelled job; front ends override `report` and `cancelled`."""

    def report(self, stage: str, done: int, total: int) -> None:
        """Called with `done` from 0 to `total`."""

    def cancelled(self) -> bool:
        return False

    def check(self) -> None:
        """Raise `Cancelled` if the user has stopped this job."""
        if self.cancelled():
            raise Cancelled

    def track(self, items: Sequence[T], stage: str) -> Iterator[T]:
        """Yield `items`, reporting and checking before each."""
        for done, item in enumerate(items):
            self.check()
            self.report(stage, done, len(items))
            yield item
        self.check()
        self.report(stage, len(items), len(items))

    def map(self, function: Callable[[T], R], items: Sequence[T], stage: str = "", threads: int = 0) -> Iterator[R]:
        """`function` of every item, in order, on a few threads: for work that releases the GIL."""
        threads = threads or cpu_count()
        if threads == 1 or len(items) < 2:
            for item in self.track(items, stage) if stage else items:
                self.check()
                yield function(item)
            return
        source, pending = iter(items), list[Future[R]]()
        with ThreadPoolExecutor(threads) as pool:
            try:
                for done in range(len(items)):
                    pending += [pool.submit(function, item) for item in islice(source, 2 * threads - len(pending))]
                    if stage:
                        self.report(stage, done, len(items))
                    while not pending[0].done():
                        wait(pending[:1], timeout=0.1, return_when=FIRST_COMPLETED)
                        self.check()
                    yield pending.pop(0).result()
            finally:
                for future in pending:
                    future.cancel()
        if stage:
            self.report(stage, len(items), len(items))


SILENT = Job()  # nobody watches and nobody cancels


def cpu_count() -> int:
    """Threads to use: the cores this process may run on (`LUDVIG_THREADS` overrides)."""
    if asked := os.environ.get("LUDVIG_THREADS"):
        return max(1, int(asked))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunks(total: int, size: int) -> list[slice]:
    """Slices of at most `size` that cover `range(total)`."""
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]
