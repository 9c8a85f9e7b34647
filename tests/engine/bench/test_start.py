"""A small `ludvig bench start`: every step is taken, and the sum is that of its steps."""

from __future__ import annotations

import pytest

from ludvig_engine.bench import start
from ludvig_engine.planning import early


def test_the_steps_until_the_first_selection_and_until_an_early_one(monkeypatch):
    monkeypatch.setattr(early, "SOON", 0)
    monkeypatch.setattr(early, "FEWEST", 2)
    figures = start.run(2000, 8, 120, 90)
    steps = [figures[f"{step}_cpu_s"] for step in ("open", "features", "first_click")]
    assert min(steps) > 0 and figures["second_click_cpu_s"] > 0
    assert figures["first_selection_cpu_s"] == pytest.approx(sum(steps))
    peaks = [figures[f"{step}_peak_bytes"] for step in start.STEPS]
    assert figures["peak_bytes"] == max(peaks) and min(peaks) > 50e6
    steps = [figures[f"{step}_cpu_s"] for step in ("open_again", "early_click")]
    assert figures["early_selection_cpu_s"] == pytest.approx(sum(steps))
    assert figures["early_photos"] == 2 and 0 < figures["early_iou"] <= 1
