"""Exponents of `ludvig bench growth`, and one size in a fresh process."""

from __future__ import annotations

import pytest

from ludvig_engine.bench import growth, start


def test_exponents_are_those_of_a_power_law(monkeypatch):
    def planted(module, gaussians, views, width, height):
        assert (module, width, height) == (growth.__name__, 100, 50)
        return {f"{step}_cpu_s": 3e-6 * gaussians**1.2 * views**0.7 for step in start.STEPS}

    monkeypatch.setattr(growth, "measured", planted)
    figures = growth.run(8000, 6, 100, 50)
    for step in start.STEPS:
        assert figures[f"{step}_exponent_in_gaussians"] == pytest.approx(1.2)
        assert figures[f"{step}_exponent_in_views"] == pytest.approx(0.7)
    assert figures["open_cpu_s_2000_gaussians_12_views"] == pytest.approx(
        3e-6 * 2000**1.2 * 12**0.7
    )


def test_a_size_is_measured_in_a_fresh_process():
    figures = growth.measured(growth.__name__, 1500, 3, 120, 90)
    assert (figures["gaussians"], figures["photos"]) == (1500, 3)
    assert all(figures[f"{step}_cpu_s"] > 0 for step in start.STEPS)
    assert 50e6 < figures["features_peak_bytes"] <= figures["peak_bytes"]
