"""How long each stage of a job takes, by what it reports anyway."""

from __future__ import annotations

import time

from ..progress import Job
from ..stages import START, Stage

OTHER = "other"  # stages without an id, as an extractor of others may report


class Stopwatch(Job):
    """Passes everything on to a job. A stage lasts from its first report to the next stage's."""

    def __init__(self, job: Job, stage: Stage | None = START) -> None:
        """`stage` is what is under way; None: what is done until the first report is not counted."""
        self._job = job
        self._id = stage.id if stage else ""
        self._since = time.perf_counter()
        self._seconds: dict[str, float] = {}

    def report(self, stage: str, done: int, total: int) -> None:
        self._begin(Stage.named(stage).id or OTHER)
        self._job.report(stage, done, total)

    def cancelled(self) -> bool:
        return self._job.cancelled()

    def begin(self, stage: Stage) -> None:
        """What follows belongs to `stage`; nobody is told."""
        self._begin(stage.id)

    def timings(self) -> dict[str, float]:
        """Seconds by the stages' ids, until now."""
        self._begin("")
        return {id: round(seconds, 6) for id, seconds in self._seconds.items() if id}

    def _begin(self, id: str) -> None:
        if id != self._id:
            now = time.perf_counter()
            self._seconds[self._id] = self._seconds.get(self._id, 0) + now - self._since
            self._id, self._since = id, now
