"""The figures of `ludvig bench cancel` are of every request, and see a job that does not look up."""

from __future__ import annotations

import threading
import time

from ludvig_engine.bench import synthetic
from ludvig_engine.bench.cancel import Looks, run
from ludvig_engine.stages import LEARN, MERGE


def test_every_request_is_measured():
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
    assert figures["cancelled"] > 1 and figures["cancel_median_s"] < 0.25
    assert 1 <= figures["drag_answered"] <= 20


def test_the_longest_time_between_two_looks_is_found():
    looks = Looks()
    for seconds, stage in ((0.0, LEARN), (0.05, LEARN), (0.2, MERGE), (0.0, MERGE)):
        looks.report(stage, 0, 1)
        time.sleep(seconds)
        looks.check()
    assert 0.05 <= looks.longest["learn"] < 0.2 <= looks.longest["merge"]


def test_looks_of_other_threads_are_none():
    """A cancelled one ends, but not the work."""
    looks = Looks()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.01):
            looks.check()

    threading.Thread(target=look).start()
    time.sleep(0.2)
    ended.set()
    looks.check()
    assert max(looks.longest.values()) >= 0.2
