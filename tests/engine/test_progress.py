"""A cancelled job stops at once, whatever its work is doing."""

from __future__ import annotations

import threading
import time

import pytest
from waiting import LIMIT

from ludvig_engine.errors import Cancelled, EngineError
from ludvig_engine.progress import SILENT, Job, Shared, chunks, cpu_count


class Stoppable(Job):
    """Cancelled some time after it was made."""

    def __init__(self, after: float) -> None:
        self.deadline = time.monotonic() + after
        self.reports: list[tuple[str, int, int]] = []

    def cancelled(self) -> bool:
        return time.monotonic() > self.deadline

    def report(self, stage: str, done: int, total: int) -> None:
        self.reports.append((stage, done, total))


@pytest.mark.parametrize("threads", [1, 3])
def test_map_is_in_order_and_reports(threads):
    job = Stoppable(1000)
    assert list(job.map(lambda n: n * n, range(9), "Squaring", threads=threads)) == [
        n * n for n in range(9)
    ]
    assert job.reports[0] == ("Squaring", 0, 9) and job.reports[-1] == ("Squaring", 9, 9)


@pytest.mark.parametrize("threads", [1, 3])
def test_map_passes_errors_on(threads):
    with pytest.raises(ZeroDivisionError):
        list(SILENT.map(lambda n: 1 / n, [3, 2, 1, 0], threads=threads))


def test_a_cancelled_map_does_not_wait_for_what_is_under_way():
    ended = threading.Event()
    job = Stoppable(0.05)
    finished = []

    def work(n: int) -> None:
        ended.wait(LIMIT)
        finished.append(n)

    with pytest.raises(Cancelled):
        list(job.map(work, range(10), threads=2))
    assert finished == []
    ended.set()


def test_map_does_not_begin_when_cancelled():
    with pytest.raises(Cancelled):
        list(Stoppable(-1).map(lambda n: n, range(10), threads=2))


def test_aside_returns_what_the_function_does():
    assert SILENT.aside(lambda: threading.current_thread().name) == "aside"
    with pytest.raises(KeyError):
        SILENT.aside(lambda: {}["x"])


def test_what_runs_aside_is_left_alone():
    ended = threading.Event()
    finished = threading.Event()
    job = Stoppable(0.05)

    def work() -> None:
        ended.wait(LIMIT)
        finished.set()

    with pytest.raises(Cancelled):
        job.aside(work)
    assert not finished.is_set()
    ended.set()
    assert finished.wait(LIMIT)


def test_chunks_cover():
    assert [range(10)[part] for part in chunks(10, 4)] == [range(4), range(4, 8), range(8, 10)]
    assert chunks(0, 4) == []


def test_what_jobs_share_outlives_the_cancelled_one():
    """It is done once, and reports to whoever waits."""
    go, begun = threading.Event(), []

    def work(job: Job) -> str:
        begun.append(1)
        while not go.wait(0.01):
            job.check()
            job.report("Working", len(begun), 2)
        return "done"

    first, second = Stoppable(0.1), Stoppable(1000)
    shared = Shared(work, job=first)
    with pytest.raises(Cancelled):
        shared.result(job=first)
    told = len(first.reports)
    threading.Timer(0.1, go.set).start()
    assert shared.result(job=second) == "done" and begun == [1] and not shared.failed
    assert second.reports and told <= len(first.reports) <= told + 1  # one may have been on its way
    assert shared.result(job=SILENT) == "done"


def test_what_jobs_share_fails_for_all():
    shared = Shared(lambda job: 1 / 0, job=SILENT)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            shared.result(job=SILENT)
    assert shared.failed


@pytest.mark.parametrize(
    "asked", ["abc", "-3", "0", "1e9", "2.5", "9" * 5000, "1_000", "\u0664", "0x4"]
)
def test_a_number_of_threads_that_is_none_is_refused_in_a_sentence(asked, monkeypatch):
    monkeypatch.setenv("LUDVIG_THREADS", asked)
    with pytest.raises(EngineError, match=r"LUDVIG_THREADS is .* whole number from 1") as caught:
        cpu_count()
    assert caught.value.kind == "bad_input" and len(caught.value.message) < 200


@pytest.mark.parametrize(("asked", "found"), [("1", 1), (" 7 ", 7), ("0012", 12), ("1024", 1024)])
def test_a_number_of_threads_that_is_one(asked, found, monkeypatch):
    monkeypatch.setenv("LUDVIG_THREADS", asked)
    assert cpu_count() == found


@pytest.mark.parametrize("asked", ["", "  "])
def test_no_number_of_threads_means_all_cores(asked, monkeypatch):
    monkeypatch.delenv("LUDVIG_THREADS", raising=False)
    cores = cpu_count()
    monkeypatch.setenv("LUDVIG_THREADS", asked)
    assert cpu_count() == cores >= 1
