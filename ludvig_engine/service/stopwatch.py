"""Measure how long each stage of a job takes, from the stages that it reports.

What the job notes is collected too, for the answer.
"""

from __future__ import annotations

import time

from ..progress import Job
from ..stages import START, Stage

# For stages without an id, which extractors of other packages may report.
OTHER = "other"


class Stopwatch(Job):
    """Passes everything on to a job. A stage lasts from its first report to the next stage's."""

    def __init__(self, job: Job, stage: Stage | None = START) -> None:
        """Start in `stage`. With None, time before the first report is not counted."""
        self._job = job
        self._id = stage.id if stage else ""
        self._since = time.perf_counter()
        self._seconds: dict[str, float] = {}
        self._notes: dict[str, None] = {}

    def report(self, stage: str, done: int, total: int) -> None:
        self._begin(Stage.named(stage).id or OTHER)
        self._job.report(stage, done, total)

    def note(self, text: str) -> None:
        self._notes[text] = None
        self._job.note(text)

    def cancelled(self) -> bool:
        return self._job.cancelled()

    def begin(self, stage: Stage) -> None:
        """Begin `stage` without reporting it to the job."""
        self._begin(stage.id)

    def timings(self) -> dict[str, float]:
        """The seconds until now, by the ids of the stages."""
        self._begin("")
        return {id: round(seconds, 6) for id, seconds in self._seconds.items() if id}

    def notes(self) -> tuple[str, ...]:
        """What the job noted, each note once."""
        return tuple(self._notes)

    def _begin(self, id: str) -> None:
        if id != self._id:
            now = time.perf_counter()
            self._seconds[self._id] = self._seconds.get(self._id, 0) + now - self._since
            self._id, self._since = id, now
