"""A short `ludvig bench soak`: nothing in the engine grows in number."""

from __future__ import annotations

import sys

import pytest

from ludvig_engine.bench import soak


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_used_engine_holds_what_it_held():
    figures = soak.run(opens=10, clicks=10, minutes=0.1)
    assert figures["opens_done"] == 10 and figures["clicks_done"] == 10
    for part in "opens", "clicks", "random":
        assert figures[f"{part}_done"] > 0
        # A pool of threads, a model and a scene may be there that were not before.
        assert figures[f"{part}_threads_growth"] <= 4
        assert figures[f"{part}_descriptors_growth"] <= 1
        assert figures[f"{part}_memory_growth_MB"] < 500
    assert figures["random_answered"] > 0
