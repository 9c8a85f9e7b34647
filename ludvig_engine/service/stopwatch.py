"""How long each stage of a job takes, by what it reports anyway."""

from __future__ import annotations

import time

from ..progress import Job


class Stopwatch(Job):
    """Passes everything on to a job. A stage lasts from its first report to the next stage's."""

    def __init__(self, job: Job, stage: str = "Starting") -> None:
        self._job = job
        self._stage = stage
        self._since = time.perf_counter()
        self._seconds: dict[str, float] = {}

    def report(self, stage: str, done: int, total: int) -> None:
        self.begin(stage)
        self._job.report(stage, done, total)

    def cancelled(self) -> bool:
        return self._job.cancelled()

    def begin(self, stage: str) -> None:
        """What follows belongs to `stage`; nobody is told."""
        if stage != self._stage:
            now = time.perf_counter()
            self._seconds[self._stage] = self._seconds.get(self._stage, 0) + now - self._since
            self._stage, self._since = stage, now

    def timings(self) -> dict[str, float]:
        """Seconds by stage, until now."""
        self.begin("")
        return {stage: round(seconds, 6) for stage, seconds in self._seconds.items() if stage}
