"""An installation ends by asking the engine everything that a first click needs."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

from ludvig_engine.progress import Job
from ludvig_engine.segmentation.coarse import FEW
from ludvig_engine.service import first_run


def test_it_asks_for_all_that_computes(monkeypatch, capsys):
    asked = []
    make = first_run.handlers

    def counted(**more):
        return {name: functools.partial(noted, name, do) for name, do in make(**more).items()}

    def noted(name, answer, request, job: Job):
        asked.append(name)
        return answer(request, job)

    monkeypatch.setattr(first_run, "handlers", counted)
    first_run.main()
    assert {
        "scene/open",
        "features/compute",
        "segment/run",
        "segment/grow",
        "segments/auto",
        "scene/remove",
    } == set(asked)
    assert "Reading prompts" in capsys.readouterr().out


def test_its_scene_is_large_enough_to_be_grouped():
    assert len(first_run._cloud().means) > FEW


def test_what_is_compiled_lies_where_the_variable_says(tmp_path):
    """Not beside the code; a second process finds it there, and compiles nothing."""
    script = (
        "import numpy as np; from ludvig_engine.graph.superpoints import cheapest;"
        "ends = np.zeros(1, np.int32); cheapest(ends, ends, np.ones(1, np.float32), 1);"
        "print(sum(cheapest.stats.cache_misses.values()))"
    )
    for misses in (b"1", b"0"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            check=True,
        )
        assert done.stdout.strip() == misses
    assert list(tmp_path.rglob("superpoints.cheapest*.nbi"))
