"""`ludvig bench cancel` measures every request, and sees a job that polls too rarely."""

from __future__ import annotations

import sys
import threading

import pytest

from ludvig_engine.bench import synthetic
from ludvig_engine.bench.cancel import Looks, run
from ludvig_engine.stages import LEARN, MERGE


def test_every_request_is_measured(monkeypatch):
    monkeypatch.setattr(sys.modules[Looks.__module__], "MOMENTS", 3)
    figures = run(synthetic.gaussians(3000), synthetic.cameras(3, 120, 80))
    requests = {
        "open",
        "features",
        "first_click",
        "click",
        "mask",
        "in_space",
        "grow",
        "divide",
        "preview",
        "forget",
    }
    for name in requests | {"come_back"}:
        assert 0 < figures[f"{name}_longest_s"] <= figures[f"{name}_s"]
    assert figures["longest_s"] == max(
        v for name, v in figures.items() if name.endswith("_longest_s")
    )
    assert figures["cancelled"] >= 1
    assert 0 < figures["cancel_median_s"] <= figures["cancel_worst_s"]
    assert 1 <= figures["drag_answered"] <= 20


class Clock:
    """Stands for the module `time`."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(sys.modules[Looks.__module__], "time", made)
    return made


def test_the_longest_time_between_two_looks_is_found(clock):
    looks = Looks()
    for seconds, stage in ((0, LEARN), (5, LEARN), (1, LEARN), (20, MERGE), (0, MERGE)):
        looks.report(stage, 0, 1)
        clock.now += seconds
        looks.check()
    assert looks.longest == {"learn": 5, "merge": 20}


def test_looks_of_other_threads_are_none(clock):
    """A poll in another thread does not count: it can end that thread, but not the work."""
    looks = Looks()
    clock.now += 1
    other = threading.Thread(target=looks.check)
    other.start()
    other.join()
    clock.now += 1
    looks.check()
    assert looks.longest == {"start": 2}
