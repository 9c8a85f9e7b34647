"""Progress and cancelling, wrapped around the work rather than inside it.

A long loop is written `for photo in job.track(photos, EXTRACT):`. That line reports how far the job
is, and it is also where a cancelled job stops; each step of such a loop should therefore take less
than 250 ms. Stages are those of stages.py. A plain string works too, but then programs cannot tell
which stage it is.
"""

from __future__ import annotations

import logging
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from threading import Thread
from typing import Generic, TypeVar

from .errors import Cancelled, EngineError

T = TypeVar("T")
R = TypeVar("R")

log = logging.getLogger(__name__)

# How often a job that waits checks whether it has been cancelled.
LOOK_SECONDS = 0.05
MAX_THREADS = 1024  # twice as many as the largest servers have


class Job:
    """A silent job that is never cancelled. Front ends override `report` and `cancelled`."""

    def report(self, stage: str, done: int, total: int) -> None:
        """Called with `done` from 0 to `total`."""

    def note(self, text: str) -> None:
        """Called with what the user should know about how the answer was found."""
        log.warning("%s", text)

    def cancelled(self) -> bool:
        """Whether the user has stopped this job."""
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

    def map(
        self, function: Callable[[T], R], items: Sequence[T], stage: str = "", threads: int = 0
    ) -> Iterator[R]:
        """Yield `function(item)` for every item, in order, computed on a few threads.

        Use it for work that releases the GIL. `threads` = 0 means `cpu_count()`. Progress is
        reported if `stage` is given. Raises `Cancelled`, and whatever `function` raises.
        """
        threads = threads or cpu_count()
        if threads == 1 or len(items) < 2:
            for item in self.track(items, stage) if stage else items:
                self.check()
                yield function(item)
            return
        source = iter(items)
        pending = list[Future[R]]()
        pool = _borrowed(threads)
        try:
            for done in range(len(items)):
                pending += [
                    pool.submit(function, item)
                    for item in islice(source, 2 * threads - len(pending))
                ]
                if stage:
                    self.report(stage, done, len(items))
                yield self.wait(pending.pop(0))
        except BaseException:  # a `GeneratorExit` too
            # Do not wait for the items that are being computed: nobody wants their results.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        _idle[threads].append(pool)
        if stage:
            self.report(stage, len(items), len(items))

    def aside(self, function: Callable[[], R]) -> R:
        """`function()` in a thread of its own, for long work that cannot poll for cancellation.

        If the job is cancelled meanwhile, the thread is left to finish alone and its result is
        dropped.
        """
        return self.wait(run_aside(function))

    def wait(self, future: Future[R]) -> R:
        """The result of `future`. Raises `Cancelled` if the job is cancelled before it is there."""
        while True:
            self.check()
            try:
                return future.result(timeout=LOOK_SECONDS)
            except TimeoutError:
                # This is either our own timeout, or a TimeoutError that the function raised.
                if future.done():
                    return future.result()


class Step(Job):
    """One of several equal steps of a job: whatever it reports is a part of that step."""

    def __init__(self, job: Job, stage: str, done: int, total: int) -> None:
        self._job, self._stage = job, stage
        self._done, self._total = done, total

    def report(self, stage: str, done: int, total: int) -> None:
        self._job.report(self._stage, 100 * self._done + 100 * done // total, 100 * self._total)

    def note(self, text: str) -> None:
        self._job.note(text)

    def cancelled(self) -> bool:
        return self._job.cancelled()


class Shared(Job, Generic[R]):
    """Work whose result several jobs need.

    If the job that waits for it is cancelled, the work itself goes on, for the next job.
    """

    def __init__(self, work: Callable[[Job], R], *, job: Job) -> None:
        self._watcher = job
        self._future = run_aside(lambda: work(self))

    def report(self, stage: str, done: int, total: int) -> None:
        self._watcher.report(stage, done, total)

    def note(self, text: str) -> None:
        self._watcher.note(text)

    def result(self, *, job: Job) -> R:
        """Wait for the result. From now on, the work reports its progress to `job`."""
        self._watcher = job
        try:
            return job.wait(self._future)
        finally:
            self._watcher = SILENT

    @property
    def failed(self) -> bool:
        """Whether the work has ended with an error."""
        return self._future.done() and self._future.exception() is not None


def run_aside(function: Callable[[], R]) -> Future[R]:
    """Start `function()` in a daemon thread, which does not keep the process from exiting."""
    future: Future[R] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            future.set_exception(error)

    Thread(target=run, name="aside", daemon=True).start()
    return future


# Starting threads takes longer than a step of diffusion, so idle pools are kept for reuse, by their
# number of threads. Each `map` under way has a pool of its own, because nested maps would deadlock
# waiting for each other in a common one.
_idle: defaultdict[int, list[ThreadPoolExecutor]] = defaultdict(list)
if hasattr(os, "register_at_fork"):
    # A fork copies the pools but not their threads.
    os.register_at_fork(after_in_child=_idle.clear)


def _borrowed(threads: int) -> ThreadPoolExecutor:
    try:
        return _idle[threads].pop()
    except IndexError:
        return ThreadPoolExecutor(threads)


SILENT = Job()  # nobody watches, nobody cancels


def cpu_count() -> int:
    """How many threads to use: `LUDVIG_THREADS` if it is set, else the number of usable cores.

    Raises `EngineError` "bad_input" if it is set to something else.
    """
    if asked := os.environ.get("LUDVIG_THREADS", "").strip():
        if not re.fullmatch("[0-9]{1,4}", asked) or not 1 <= int(asked) <= MAX_THREADS:
            raise EngineError(
                "bad_input",
                f"The environment variable LUDVIG_THREADS is {asked[:40]!r}, but it must be a "
                f"whole number from 1 to {MAX_THREADS}.",
                ["Set it to a number of threads, or do not set it: then all cores are used."],
            )
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunks(total: int, size: int) -> list[slice]:
    """Slices of at most `size` that cover `range(total)`."""
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]
