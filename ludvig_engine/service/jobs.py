"""The queue of jobs: one runs at a time, in order, and a newer job may supersede older ones.

The work runs in one worker thread, which only stores what it reports. A second thread sends the
newest report at most every `PROGRESS_SECONDS`. So neither a slow reader nor a loop of a million
steps delays the work, and the last report of a stage is never lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from ..errors import Cancelled, EngineError, Fix
from ..progress import Job
from ..stages import Stage
from ..wire.protocol import PROGRESS_SECONDS, Progress

MAX_WAITING = 64

log = logging.getLogger(__name__)


class Jobs:
    """The queue and its two threads."""

    def __init__(self) -> None:
        self._waiting: deque[_QueuedJob] = deque()
        self._running: _QueuedJob | None = None
        self._changed = threading.Condition()
        self._reported = threading.Event()
        self._closed = False
        for run in self._work, self._tell:
            threading.Thread(target=run, name=f"jobs {run.__name__}", daemon=True).start()

    def add(
        self,
        work: Callable[[Job], Any],
        *,
        name: Hashable,
        answer: Callable[[Any], None],
        tell: Callable[[Progress], None],
        replaces: str = "",
    ) -> None:
        """Queue `work`, which gets the job it is.

        `answer` is called exactly once, with the result or an `EngineError`. `tell` is called with
        progress, never after `answer`. Neither may raise. Unfinished jobs with the same word in
        `replaces` are superseded. Raises `EngineError`: "busy" if too many jobs wait, "bad_request"
        if an unfinished one has the same name.
        """
        job = _QueuedJob(
            work, name=name, answer=answer, tell=tell, replaces=replaces, reported=self._reported
        )
        with self._changed:
            if any(other.name == name for other in self._unfinished()):
                raise EngineError("bad_request", "An unanswered request has the same id.")
            newer = EngineError("superseded", "A newer request took the place of this one.")
            removed = self._stop(lambda other: replaces != "" and other.replaces == replaces, newer)
            full = len(self._waiting) >= MAX_WAITING
            if not full:
                self._waiting.append(job)
                self._changed.notify()
        for other in removed:
            other.answer(other.stopped)
        if full:
            raise EngineError(
                "busy",
                f"{MAX_WAITING} requests are already waiting, which is the limit.",
                ["Wait for an answer."],
            )

    def cancel(self, which: Callable[[Any], bool] = lambda name: True) -> None:
        """Stop the unfinished jobs whose names `which` chooses; by default all."""
        with self._changed:
            removed = self._stop(lambda job: which(job.name), Cancelled())
        for job in removed:
            job.answer(job.stopped)

    def close(self) -> None:
        """Cancel everything and end the threads, without waiting for them."""
        self.cancel()
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._reported.set()

    def _unfinished(self) -> list[_QueuedJob]:
        return [*self._waiting, *([self._running] if self._running else [])]

    def _stop(self, which: Callable[[_QueuedJob], bool], why: EngineError) -> list[_QueuedJob]:
        """Mark jobs as stopped, and take those that have not begun out of the queue.

        Returns the latter, which the caller must answer.
        """
        for job in self._unfinished():
            if job.stopped is None and which(job):
                job.stopped = why
        removed = [job for job in self._waiting if job.stopped]
        self._waiting = deque(job for job in self._waiting if not job.stopped)
        return removed

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                self._running = job = self._waiting.popleft()
            outcome = _outcome(job)
            # After this nobody can stop the job any more, so its answer is decided.
            with self._changed:
                self._running = None
            job.answer(job.stopped or outcome)
            # They hold large arrays, and the next job may come hours later.
            del job, outcome

    def _tell(self) -> None:
        while not self._closed:
            self._reported.wait()
            self._reported.clear()
            # The lock is held while telling, so that the answer comes after the progress.
            with self._changed:
                if (job := self._running) and job.progress and not job.stopped:
                    job.tell(job.progress)
            del job
            time.sleep(PROGRESS_SECONDS)


class _QueuedJob(Job):
    """A job with its work and its callbacks."""

    def __init__(
        self,
        work: Callable[[Job], Any],
        *,
        name: Hashable,
        answer: Callable[[Any], None],
        tell: Callable[[Progress], None],
        replaces: str,
        reported: threading.Event,
    ) -> None:
        self.work = work
        self.name = name
        self.answer = answer
        self.tell = tell
        self.replaces = replaces
        self.stopped: EngineError | None = None  # the reason, once it is stopped
        self.progress: Progress | None = None  # the newest report
        self._reported = reported
        self._stage: Stage | None = None  # the current stage
        # When the current stage began, and how many steps were done then.
        self._started, self._first = 0.0, 0

    def cancelled(self) -> bool:
        return self.stopped is not None

    def report(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        stage = Stage.named(stage)
        if stage != self._stage:
            self._stage = stage
            self._started = now
            self._first = done
        steps = done - self._first
        left = (now - self._started) / steps * (total - done) if steps > 0 else None
        # NumPy's integers become Python's, since JSON has no type for them.
        self.progress = Progress(
            str(stage), int(done), int(total), left, stage_id=stage.id, stage_name=stage.name
        )
        self._reported.set()


def _outcome(job: _QueuedJob) -> Any:
    """The result of the work, or the `EngineError` for its failure."""
    try:
        return job.work(job)
    except EngineError as error:
        return error
    except MemoryError:
        log.exception("out of memory")
        return EngineError(
            "no_memory",
            "The engine ran out of memory.",
            ["Close other programs.", "Use fewer or smaller photos."],
        )
    # The next job must still run, whatever the error is.
    except (Exception, SystemExit) as error:
        log.exception("a request failed")
        what = " ".join(f"{type(error).__name__}: {error}".split())
        message = f"Something went wrong inside the engine ({what[:300]})."
        return EngineError(
            "internal", message, [Fix("Report it, with the engine's log.", "report")]
        )
