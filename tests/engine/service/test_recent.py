"""Which results are kept, which are forgotten first, and how long stages take."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ludvig_engine.errors import Cancelled
from ludvig_engine.machine.memory import free_memory, total_memory
from ludvig_engine.progress import SILENT, Job
from ludvig_engine.service.recent import Recent, size_of
from ludvig_engine.service.stopwatch import Stopwatch
from ludvig_engine.stages import ANSWER, EXTRACT, PREPARE


def kilobytes(count):
    return np.zeros(1000 * count, np.uint8)


def test_the_longest_unused_goes_first():
    recent, forgotten = Recent(3000), []

    def get(key, size=1):
        return recent.get_or(
            key, lambda: kilobytes(size), forget=lambda value, job: forgotten.append(key)
        )

    for key in "abc":
        get(key)
    get("a")
    get("d")
    assert forgotten == ["b"] and recent.size == 3000 and "b" not in recent and "a" in recent
    get("e", 10)  # larger than the limit, and kept all the same
    assert forgotten == ["b", "c", "a", "d"] and recent.size == 10_000
    recent.clear()
    assert recent.size == 0 and forgotten[-1] == "e"


def test_a_value_is_made_once():
    recent, made = Recent(10), []
    for _ in range(3):
        assert recent.get_or("a", lambda: made.append(1) or "x") == "x"
    assert made == [1]
    with pytest.raises(ZeroDivisionError):
        recent.get_or("b", lambda: 1 / 0)
    assert "b" not in recent


@dataclass(frozen=True)
class Thing:
    one: np.ndarray
    more: tuple[object, ...] = ()
    kept: dict[str, object] = field(default_factory=dict)


def test_size_counts_every_array_once():
    a, b = kilobytes(1), kilobytes(2)
    thing = Thing(a, (a, Thing(b)), {"x": b})
    assert size_of(thing) == 3000
    thing.kept["later"] = csr_matrix(np.eye(10))
    assert size_of(thing) == 3000 + 10 * 8 + 10 * 4 + 11 * 4


class Tensor:
    """Stands for a tensor of torch."""

    def __init__(self, nbytes):
        self.nbytes = nbytes

    def untyped_storage(self):
        raise NotImplementedError


class Model:
    """Stands for a model of torch, with its weights."""

    def __init__(self):
        self.weights = {"layer": Tensor(10**9)}

    def named_parameters(self):
        raise NotImplementedError


def test_size_counts_tensors_but_no_models():
    tensor = Tensor(4000)
    assert size_of(Thing(kilobytes(1), ([tensor, tensor], Tensor(20)), {"x": Model()})) == 5020


def test_values_may_grow_while_they_are_kept():
    recent = Recent(5000)
    first = recent.get_or("a", lambda: Thing(kilobytes(1)))
    recent.get_or("b", lambda: Thing(kilobytes(1)))
    first.kept["more"] = kilobytes(4)
    recent.get_or("b", lambda: None)
    assert "a" not in recent and "b" in recent


class Recording(Job):
    def __init__(self):
        self.reports = []

    def report(self, stage, done, total):
        self.reports.append((stage, done, total))


class Clock:
    """Stands for the module `time`."""

    now = 0.0

    def perf_counter(self):
        return self.now


def test_stages_are_timed_and_passed_on(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(sys.modules[Stopwatch.__module__], "time", clock)
    job = Recording()
    watch = Stopwatch(job, PREPARE)
    clock.now += 2
    for _ in watch.track(range(3), EXTRACT.of("a")):
        clock.now += 1
    watch.begin(ANSWER)
    clock.now += 5
    for _ in watch.track(range(1), EXTRACT.of("b")):
        clock.now += 1
    watch.report("Looking", 0, 1)
    clock.now += 3
    assert watch.timings() == {"prepare": 2, "extract": 4, "answer": 5, "other": 3}
    told = ["Extracting features (a)"] * 4 + ["Extracting features (b)"] * 2 + ["Looking"]
    assert [stage for stage, *_ in job.reports] == told
    assert Stopwatch(SILENT, None).timings() == {}


def test_a_watched_job_can_be_cancelled():
    class Stopped(Job):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        Stopwatch(Stopped()).check()


def test_memory_is_plausible():
    assert 1e8 < free_memory() < total_memory() < 1e14
